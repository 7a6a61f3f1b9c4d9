"""Python functions on their way to the server, whose Python runs them with its own pyspark.

What of ours a function uses (types, rows, base classes) has a twin in pyspark: it is sent as that
twin's name, so the server needs no gnomon, and this machine no pyspark.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import sys
import types as python_types
from typing import Any

from gnomon.spark._errors import InvalidPlan, Unsupported
from gnomon.spark.types import DataType, StructField

PYTHON = "{}.{}".format(*sys.version_info[:2])  # the server's must be the same
TWINS = {
    "cloudpickle": "pyspark.cloudpickle",
    "cloudpickle.cloudpickle": "pyspark.cloudpickle.cloudpickle",
    "gnomon.spark": "pyspark.sql",
    "gnomon.spark.functions": "pyspark.sql.functions",
    "gnomon.spark.types": "pyspark.sql.types",
    "gnomon.spark.udtf": "pyspark.sql.udtf",
    "gnomon.spark.datasource": "pyspark.sql.datasource",
    "gnomon.spark.stateful": "pyspark.sql.streaming.stateful_processor",
}
RENAMED = {"make_row": "_create_row"}


class There:
    """What the server's Python finds under a dotted name: There("pyspark.sql.types", "Row")."""

    def __init__(self, module: str, name: str = "") -> None:
        self.module, self.name = module, name

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.name:
            return importlib.import_module, (self.module,)
        owner, _, name = self.name.rpartition(".")
        return getattr, (There(self.module, owner), name)

    def __call__(self, *arguments: Any) -> Called:
        return Called(self, arguments)


class Called:
    """What the server's Python gets by a call."""

    def __init__(self, function: There, arguments: tuple[Any, ...]) -> None:
        self.function, self.arguments = function, arguments

    def member(self, name: str) -> Called:
        return Called(There("builtins", "getattr"), (self, name))

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.arguments


FIELD = There("pyspark.sql.types", "StructField")
TYPE_OF_JSON = There("pyspark.sql.types", "_parse_datatype_json_string")


def _twin(item: Any) -> There | None:
    """What stands for a class or a function of ours, or of cloudpickle's, on the server."""
    module = TWINS.get(getattr(item, "__module__", None) or "")
    if module is None or "<locals>" in item.__qualname__:
        return None
    return There(module, RENAMED.get(item.__qualname__, item.__qualname__))


@functools.lru_cache(maxsize=1)
def _pickler() -> Any:
    try:
        import cloudpickle  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        raise Unsupported(
            "functions in Python are sent by cloudpickle, which is not installed",
            code="SPARKC_E_UNSUPPORTED",
            hint="pip install cloudpickle; or register the function on the server, and call it "
            "by its name: call_function",
        ) from error

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc,unused-ignore]
        def reducer_override(self, item: Any) -> Any:
            if isinstance(item, StructField):
                return FIELD, (item.name, item.dataType, item.nullable, item.metadata)
            if isinstance(item, DataType):
                return TYPE_OF_JSON, (item.json(),)
            if isinstance(item, python_types.ModuleType) and item.__name__ in TWINS:
                return There(TWINS[item.__name__]).__reduce__()
            if isinstance(item, (type, python_types.FunctionType)):
                twin = _twin(item)
                if twin is not None:
                    return twin.__reduce__()
            return super().reducer_override(item)

    return Pickler


def dumps(item: Any) -> bytes:
    """The bytes of a function, or of what holds one."""
    import io

    out, pickler = io.BytesIO(), _pickler()
    try:
        pickler(out).dump(item)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidPlan(
            f"this function cannot be sent: {error}",
            hint="it may use no session, data frame, column, lock or open file",
        ) from error
    return out.getvalue()
