"""What can go wrong between here and Spark."""

from __future__ import annotations

from typing import Any


class SparkConnectError(Exception):
    """A call that Spark, the way to it, or the client itself refused."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "SPARKC_E_PLAN",
        hint: str = "",
        error_class: str | None = None,
        sqlstate: str | None = None,
        parameters: dict[str, str] | None = None,
        query_context: list[dict[str, Any]] | None = None,
        stack: str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.error_class = error_class
        self.sqlstate = sqlstate
        self.parameters = parameters or {}
        self.query_context = query_context or []
        self.stack = stack
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    def getCondition(self) -> str | None:
        return self.error_class

    getErrorClass = getCondition

    def getSqlState(self) -> str | None:
        return self.sqlstate

    def getMessageParameters(self) -> dict[str, str]:
        return self.parameters


class Transport(SparkConnectError):
    """The network, the server's door, or time: nothing was said about the query."""


class Remote(SparkConnectError):
    """Spark refused, or ended the operation; class, SQLSTATE and place are its own."""


class InvalidPlan(SparkConnectError, ValueError):
    """The call makes no sense, or goes over a ceiling; nothing was sent."""


class Unsupported(SparkConnectError, NotImplementedError):
    """The client or the server does not offer it."""


class Missing(Unsupported, AttributeError):
    """A name of PySpark's that is not here; its hint says what is."""


def missing(owner: str, name: str, instead: str) -> Missing:
    return Missing(f"{owner}.{name} is not here", code="SPARKC_E_UNSUPPORTED", hint=instead)


KINDS: dict[str, type[SparkConnectError]] = {
    "transport": Transport,
    "remote": Remote,
    "invalid plan": InvalidPlan,
    "unsupported": Unsupported,
}


def make(
    code: str,
    kind: str,
    message: str,
    hint: str,
    error_class: str,
    sqlstate: str,
    stack: str | None,
    parameters: dict[str, str],
    query_context: list[dict[str, Any]],
    retryable: int,
) -> SparkConnectError:
    """The exception for what the library recorded; the extension calls it."""
    return KINDS.get(kind, Remote)(
        message,
        code=code,
        hint=hint,
        error_class=error_class or None,
        sqlstate=sqlstate or None,
        parameters=parameters,
        query_context=query_context,
        stack=stack,
        retryable=bool(retryable),
    )
