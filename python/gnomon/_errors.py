"""The one exception of the package."""

from __future__ import annotations


class GnomonError(Exception):
    """What went wrong, in the library's words.

    code: "NOTFOUND", "INVALID", "IO", …: the codes of `<gnomon/base.h>` without their prefix.
    message: what failed first, in lower case, without a full stop.
    where: a path in your own words, such as `team.file.var: aggregations[2]`; may be "".
    hint: what to try; may be "".
    retriable: whether the same call can succeed later.
    diagnostic: "GO006", what `gnomon.explain` explains; "" where there is no page.
    """

    def __init__(
        self,
        code: str,
        message: str,
        where: str = "",
        hint: str = "",
        retriable: bool = False,
        diagnostic: str = "",
    ) -> None:
        super().__init__(code, message, where, hint, retriable, diagnostic)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint
        self.retriable = retriable
        self.diagnostic = diagnostic

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text
