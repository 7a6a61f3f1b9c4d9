"""The base class of processors for transformWithState. It only names what is to be written: on the
server, where processors run, it is pyspark's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any


class StatefulProcessor(ABC):
    @abstractmethod
    def init(self, handle: Any) -> None:
        """Before the first rows: handle.getValueState(name, schema), getListState, getMapState."""

    @abstractmethod
    def handleInputRows(self, key: Any, rows: Iterator[Any], timerValues: Any) -> Iterator[Any]:
        """The rows of one key that came; what it gives goes on."""

    def handleExpiredTimer(
        self, key: Any, timerValues: Any, expiredTimerInfo: Any
    ) -> Iterator[Any]:
        return iter(())

    def handleInitialState(self, key: Any, initialState: Any, timerValues: Any) -> None:
        return None

    def close(self) -> None:
        return None
