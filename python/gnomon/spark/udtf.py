"""Functions in Python that give a table: classes with `eval`, which the server's Python runs."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.spark import _pickle
from gnomon.spark._errors import InvalidPlan
from gnomon.spark.types import DataType, StructType
from gnomon.spark.udf import _arrow_is_set, arguments_of, type_of

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame
    from gnomon.spark.session import Session

TABLE, ARROW_TABLE, ARROW_BATCHES = 300, 301, 302  # the protocol's numbers


# ---- what `analyze` is asked, and says; on the server they are pyspark's ----


@dataclass(frozen=True)
class AnalyzeArgument:
    dataType: DataType
    value: Any
    isTable: bool
    isConstantExpression: bool


@dataclass(frozen=True)
class PartitioningColumn:
    name: str


@dataclass(frozen=True)
class OrderingColumn:
    name: str
    ascending: bool = True
    overrideNullsFirst: bool | None = None


@dataclass(frozen=True)
class SelectedColumn:
    name: str
    alias: str = ""


@dataclass
class AnalyzeResult:
    schema: StructType
    withSinglePartition: bool = False
    partitionBy: Sequence[PartitioningColumn] = field(default_factory=tuple)
    orderBy: Sequence[OrderingColumn] = field(default_factory=tuple)
    select: Sequence[SelectedColumn] = field(default_factory=tuple)


class SkipRestOfInputTableException(Exception):
    """Raised by `eval` that needs no more rows."""


# ---- one function ----


def _check(cls: Any, returned: Any) -> None:
    if not isinstance(cls, type) or not hasattr(cls, "eval"):
        raise InvalidPlan("a function that gives a table is a class with eval()")
    analyzes = isinstance(inspect.getattr_static(cls, "analyze", None), staticmethod)
    if (returned is None) != analyzes:
        raise InvalidPlan(
            f"{cls.__name__} has to say what it gives, once",
            hint="by returnType=, or by a static method analyze()",
        )


class UserDefinedTableFunction:
    """What udtf() gives: called with values, columns and tables, it is a data frame."""

    def __init__(
        self,
        func: type,
        returnType: StructType | str | None,
        name: str | None = None,
        evalType: int | None = TABLE,
        deterministic: bool = False,
    ) -> None:
        _check(func, returnType)
        self.func, self.returnType, self.deterministic = func, returnType, deterministic
        self._name, self._kind = name or func.__name__, evalType

    @property
    def evalType(self) -> int:
        if self._kind is None:
            self._kind = ARROW_TABLE if _arrow_is_set("pythonUDTF") else TABLE
        return self._kind

    def asDeterministic(self) -> UserDefinedTableFunction:
        self.deterministic = True
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> DataFrame:
        from gnomon.spark.session import Session

        session = Session.active()
        fields = self._fields(session, self._name)
        fields["arguments"] = arguments_of(args, kwargs)
        return session._relation("common_inline_user_defined_table_function", **fields)

    def _fields(self, session: Session, name: str) -> dict[str, Any]:
        given = None if self.returnType is None else type_of(self.returnType, session)._proto()
        function = {
            "return_type": given,
            "eval_type": self.evalType,
            "command": _pickle.dumps(self.func),
            "python_ver": _pickle.PYTHON,
        }
        return {
            "function_name": name,
            "deterministic": self.deterministic,
            "python_udtf": function,
        }


def _made(cls: Any, returned: Any, kind: int | None) -> Any:
    def make(given: type) -> UserDefinedTableFunction:
        return UserDefinedTableFunction(given, returned, evalType=kind)

    return make if cls is None else make(cls)


def udtf(
    cls: Any = None, *, returnType: StructType | str | None = None, useArrow: bool | None = None
) -> Any:
    """A class whose eval() gives rows."""
    return _made(cls, returnType, None if useArrow is None else ARROW_TABLE if useArrow else TABLE)


def arrow_udtf(cls: Any = None, *, returnType: StructType | str | None = None) -> Any:
    """A class whose eval() takes and gives Arrow's batches."""
    return _made(cls, returnType, ARROW_BATCHES)


class UDTFRegistration:
    """session.udtf: functions that give tables, by their names in SQL."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def register(self, name: str, f: UserDefinedTableFunction) -> UserDefinedTableFunction:
        if not isinstance(f, UserDefinedTableFunction):
            raise InvalidPlan("what udtf() gives is wanted")
        self._session._command("register_table_function", **f._fields(self._session, name))
        return f
