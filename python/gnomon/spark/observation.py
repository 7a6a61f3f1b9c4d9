"""Figures of the rows that pass by, told once they have."""

from __future__ import annotations

import decimal
import threading
from typing import TYPE_CHECKING, Any

from gnomon.spark import types

if TYPE_CHECKING:
    from gnomon.spark.column import Column
    from gnomon.spark.dataframe import DataFrame


def _value(text: str, kind: types.DataType) -> Any:
    """The server tells figures as texts; their types are those of the aggregates."""
    if text == "null":
        return None
    if isinstance(kind, types.IntegralType):
        return int(text)
    if isinstance(kind, types.DecimalType):
        return decimal.Decimal(text)
    if isinstance(kind, types.FractionalType):
        return float(text)
    return text == "true" if isinstance(kind, types.BooleanType) else text


class Observation:
    """df.observe(Observation("rows"), F.count("*").alias("n")); its `get` waits for the rows."""

    def __init__(self, name: str | None = None) -> None:
        if name == "":
            raise ValueError("a name is not empty")
        self._name = name or f"observation-{id(self):x}"
        self._plan: DataFrame | None = None
        self._told: dict[str, str] = {}
        self._ready = threading.Event()

    def _bind(self, df: DataFrame, exprs: tuple[Column, ...]) -> None:
        if self._plan is not None:
            raise ValueError("an observation is for one data frame")
        self._plan = df.agg(*exprs)
        df._session._observations[self._name] = self

    def _tell(self, key: str, text: str) -> None:
        self._told[key] = text
        if self._plan is not None:
            self._ready.set()

    @property
    def get(self) -> dict[str, Any]:
        if self._plan is None:
            raise ValueError("nothing is observed: df.observe(observation, ...)")
        self._ready.wait()
        kinds = {field.name: field.dataType for field in self._plan.schema}
        return {key: _value(text, kinds[key]) for key, text in self._told.items() if key in kinds}
