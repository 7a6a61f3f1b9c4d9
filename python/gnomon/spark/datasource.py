"""Base classes of sources in Python. They only name what is to be written: on the server, where the
sources run, they are pyspark's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnomon.spark import _pickle
from gnomon.spark.types import StructType

if TYPE_CHECKING:
    from gnomon.spark.session import Session


class DataSource(ABC):  # noqa: B024
    def __init__(self, options: dict[str, str]) -> None:
        self.options = options

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    def schema(self) -> StructType | str:
        raise NotImplementedError

    def reader(self, schema: StructType) -> DataSourceReader:
        raise NotImplementedError

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceWriter:
        raise NotImplementedError

    def streamWriter(self, schema: StructType, overwrite: bool) -> DataSourceStreamWriter:
        raise NotImplementedError

    def simpleStreamReader(self, schema: StructType) -> SimpleDataSourceStreamReader:
        raise NotImplementedError

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:
        raise NotImplementedError


class InputPartition:
    def __init__(self, value: Any) -> None:
        self.value = value


@dataclass
class WriterCommitMessage:
    pass


class DataSourceReader(ABC):
    def partitions(self) -> Sequence[InputPartition]:
        raise NotImplementedError

    @abstractmethod
    def read(self, partition: InputPartition) -> Iterator[Any]: ...


class DataSourceStreamReader(ABC):
    def initialOffset(self) -> dict[str, Any]:
        raise NotImplementedError

    def latestOffset(self) -> dict[str, Any]:
        raise NotImplementedError

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> Sequence[InputPartition]:
        raise NotImplementedError

    @abstractmethod
    def read(self, partition: InputPartition) -> Iterator[Any]: ...


class SimpleDataSourceStreamReader(ABC):
    @abstractmethod
    def initialOffset(self) -> dict[str, Any]: ...

    @abstractmethod
    def read(self, start: dict[str, Any]) -> tuple[Iterator[Any], dict[str, Any]]: ...

    @abstractmethod
    def readBetweenOffsets(self, start: dict[str, Any], end: dict[str, Any]) -> Iterator[Any]: ...


class DataSourceWriter(ABC):
    @abstractmethod
    def write(self, iterator: Iterator[Any]) -> WriterCommitMessage: ...


class DataSourceArrowWriter(DataSourceWriter):
    """Its write() takes Arrow's batches."""


class DataSourceStreamWriter(ABC):
    @abstractmethod
    def write(self, iterator: Iterator[Any]) -> WriterCommitMessage: ...


class DataSourceStreamArrowWriter(DataSourceStreamWriter):
    """Its write() takes Arrow's batches."""


class DataSourceRegistration:
    """session.dataSource: sources for spark.read.format(name)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def register(self, dataSource: type[DataSource]) -> None:
        source = {"command": _pickle.dumps(dataSource), "python_ver": _pickle.PYTHON}
        self._session._command(
            "register_data_source", name=dataSource.name(), python_data_source=source
        )
