"""Functions in Python that Spark calls for rows, batches or groups: there, by its own Python."""

from __future__ import annotations

import collections.abc
import functools
import inspect
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gnomon.spark import _pickle, _spark, types
from gnomon.spark._errors import InvalidPlan
from gnomon.spark.column import Column, expression, to_column

if TYPE_CHECKING:
    from gnomon.spark.session import Session

# What the server's worker is to do with a function; the numbers are the protocol's.
BATCHED, ARROW_BATCHED = 100, 101
SCALAR_PANDAS, GROUPED_MAP_PANDAS, GROUPED_AGG_PANDAS = 200, 201, 202
SCALAR_ITER_PANDAS, MAP_PANDAS, COGROUPED_MAP_PANDAS = 204, 205, 206
MAP_ARROW, GROUPED_MAP_PANDAS_STATE, GROUPED_MAP_ARROW = 207, 208, 209
COGROUPED_MAP_ARROW, TRANSFORM_STATE_PANDAS, TRANSFORM_STATE_PANDAS_INIT = 210, 211, 212
TRANSFORM_STATE, TRANSFORM_STATE_INIT = 213, 214
GROUPED_MAP_ARROW_ITER, GROUPED_MAP_PANDAS_ITER = 215, 216
SCALAR_ARROW, SCALAR_ITER_ARROW, GROUPED_AGG_ARROW = 250, 251, 252

FAMILIES = {  # the classes of arguments: one a row, an iterator of them, one a group
    frozenset({"pandas.Series", "pandas.DataFrame"}): (
        SCALAR_PANDAS, SCALAR_ITER_PANDAS, GROUPED_AGG_PANDAS,
    ),
    frozenset({"pyarrow.Array"}): (SCALAR_ARROW, SCALAR_ITER_ARROW, GROUPED_AGG_ARROW),
}  # fmt: skip


# ---- what the hints of a function say ----


def _classes(hint: Any) -> frozenset[str]:
    """The classes a hint names, by package: Tuple[pd.Series, ...] is {"pandas.Series"}."""
    if typing.get_origin(hint) is None:
        package = str(getattr(hint, "__module__", "")).partition(".")[0]
        return frozenset([f"{package}.{getattr(hint, '__name__', hint)}"])
    parts = [part for part in typing.get_args(hint) if part is not Ellipsis]
    return frozenset().union(*map(_classes, parts))


def _is_iterator(hint: Any) -> bool:
    return typing.get_origin(hint) is collections.abc.Iterator


def _hints(f: Any) -> tuple[list[Any], Any] | None:
    """The hints of the parameters, and of what is given; None where one is missing."""
    try:
        found = typing.get_type_hints(f)
        names = list(inspect.signature(f).parameters)
    except (NameError, TypeError, ValueError):
        return None
    if not names or not all(name in found for name in [*names, "return"]):
        return None
    return [found[name] for name in names], found["return"]


def kind_of(f: Any) -> int | None:
    """The kind of a function of columns, by its hints: of pandas, of Arrow, or unknown."""
    hints = _hints(f)
    if hints is None:
        return None
    parameters, result = hints
    given = frozenset().union(*map(_classes, parameters))
    for classes, (scalar, iterating, aggregate) in FAMILIES.items():
        if not given <= classes:
            continue
        if len(parameters) == 1 and _is_iterator(parameters[0]):
            return iterating if _is_iterator(result) else None
        if any(map(_is_iterator, parameters)) or _is_iterator(result):
            return None
        return scalar if _classes(result) <= classes else aggregate
    return None


def iterates(f: Any) -> bool:
    """A function of groups takes an iterator of parts, by its hints."""
    hints = _hints(f)
    return hints is not None and _is_iterator(hints[0][-1]) and _is_iterator(hints[1])


# ---- types ----


def type_of(given: types.DataType | str, session: Session | None = None) -> types.DataType:
    """A type as it is, or of DDL: the plain ones here, others by asking the server."""
    from gnomon.spark.session import Session

    if isinstance(given, types.DataType):
        return given
    try:
        return types.from_name(given.strip())
    except ValueError:
        asked = (session or Session.active())._analyze("ddl_parse", ddl_string=given)
        return types.from_proto(asked["parsed"])


# ---- one function ----


def python_udf(f: Any, kind: int, returned: types.DataType) -> dict[str, Any]:
    """The fields of a PythonUDF message."""
    return {
        "output_type": returned._proto(),
        "eval_type": kind,
        "command": _pickle.dumps((f, returned)),
        "python_ver": _pickle.PYTHON,
    }


def inline(
    f: Any, kind: int, returned: types.DataType, arguments: list[Column] | None = None
) -> dict[str, Any]:
    """The fields of a function that stands within a relation."""
    return {
        "function_name": name_of(f),
        "deterministic": True,
        "arguments": arguments or [],
        "python_udf": python_udf(f, kind, returned),
    }


def name_of(f: Any) -> str:
    return str(getattr(f, "__name__", type(f).__name__))


class UserDefinedFunction:
    """What udf() gives: called with columns, it is a column."""

    def __init__(
        self,
        func: Callable[..., Any],
        returnType: types.DataType | str = "string",
        name: str | None = None,
        evalType: int | None = BATCHED,
        deterministic: bool = True,
    ) -> None:
        if not callable(func):
            raise TypeError(f"a function is wanted, not {func!r}")
        if not isinstance(returnType, (types.DataType, str)):
            raise TypeError("returnType is a DataType, or DDL")
        functools.update_wrapper(self, func)
        self.func, self.deterministic = func, deterministic
        self._name, self._returned, self._kind = name or name_of(func), returnType, evalType

    @property
    def returnType(self) -> types.DataType:
        self._returned = type_of(self._returned)
        return self._returned

    @property
    def evalType(self) -> int:
        if self._kind is None:  # the session says how functions without a kind are run
            self._kind = ARROW_BATCHED if _arrow_is_set("pythonUDF") else BATCHED
        return self._kind

    def asNondeterministic(self) -> UserDefinedFunction:
        return UserDefinedFunction(self.func, self._returned, self._name, self._kind, False)

    def __call__(self, *args: Any, **kwargs: Any) -> Column:
        fields = {
            "function_name": self._name,
            "deterministic": self.deterministic,
            "arguments": arguments_of(args, kwargs),
            "python_udf": self._message(),
        }
        native = _spark.expression("common_inline_user_defined_function", fields)
        return Column(native, self._name, [*args, *kwargs.values()])

    def _message(self) -> dict[str, Any]:
        return python_udf(self.func, self.evalType, self.returnType)


def arguments_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Columns, by name too; a data frame as a table is one already."""
    from gnomon.spark.dataframe import TableArg

    def column(value: Any) -> Any:
        return value if isinstance(value, TableArg) else to_column(value)

    named = [
        expression("named_argument_expression", key=key, value=column(value))
        for key, value in kwargs.items()
    ]
    return [*map(column, args), *named]


def _arrow_is_set(what: str) -> bool:
    from gnomon.spark.session import Session

    session = Session.getActiveSession()
    key = f"spark.sql.execution.{what}.arrow.enabled"
    return session is not None and session._native.config_find(key) == "true"


def _made(f: Any, returned: Any, kind: Callable[[Any], int | None]) -> Any:
    """udf(f), udf(f, type), @udf, @udf(type) and @udf(returnType=type) are all possible."""
    if callable(f):
        return UserDefinedFunction(f, returned, evalType=kind(f))
    chosen = f if f is not None else returned
    return lambda given: UserDefinedFunction(given, chosen, evalType=kind(given))


def udf(
    f: Any = None,
    returnType: types.DataType | str = types.StringType(),  # noqa: B008
    *,
    useArrow: bool | None = None,
) -> Any:
    """A function of rows in Python. On the server its Python must be of this one's version."""

    def kind(given: Any) -> int | None:
        if useArrow is None:
            return kind_of(given)
        return ARROW_BATCHED if useArrow else BATCHED

    return _made(f, returnType, kind)


def _vectorized(f: Any, returned: Any, chosen: int | None, usual: int) -> Any:
    if isinstance(returned, int):  # @pandas_udf("long", 200)
        returned, chosen = None, returned
    if returned is None and (f is None or callable(f)):
        raise InvalidPlan("what the function returns is not said", hint="returnType=")
    return _made(f, returned, lambda given: chosen or kind_of(given) or usual)


def pandas_udf(f: Any = None, returnType: Any = None, functionType: int | None = None) -> Any:
    """A function of pandas' series; its hints say of which, and what for."""
    return _vectorized(f, returnType, functionType, SCALAR_PANDAS)


def arrow_udf(f: Any = None, returnType: Any = None, functionType: int | None = None) -> Any:
    """A function of Arrow's arrays; its hints say of which, and what for."""
    return _vectorized(f, returnType, functionType, SCALAR_ARROW)


# ---- by a name, in SQL ----


class UDFRegistration:
    """session.udf: functions of the session, by their names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def register(self, name: str, f: Any, returnType: Any = None) -> UserDefinedFunction:
        if isinstance(f, UserDefinedFunction):
            if returnType is not None:
                raise InvalidPlan("a function made by udf() has its type already")
            made = f
        else:
            made = UserDefinedFunction(f, returnType or types.StringType(), name)
        self._told(name, deterministic=made.deterministic, python_udf=made._message())
        return made

    def registerJavaFunction(
        self, name: str, javaClassName: str, returnType: types.DataType | str | None = None
    ) -> None:
        kind = type_of(returnType, self._session)._proto() if returnType is not None else None
        self._told(name, java_udf={"class_name": javaClassName, "output_type": kind})

    def registerJavaUDAF(self, name: str, javaClassName: str) -> None:
        self._told(name, java_udf={"class_name": javaClassName, "aggregate": True})

    def _told(self, name: str, **fields: Any) -> None:
        self._session._command("register_function", function_name=name, **fields)
