"""How a data frame looks in a notebook: a schema, first rows, a plan; each also as text."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame

PREVIEW_BYTES = 1_000_000  # of HTML
CELL_CHARS = 200

STYLE = """<style scoped>
.gnomon-spark table { border-collapse: collapse; font-size: 12px; }
.gnomon-spark th, .gnomon-spark td { border: 1px solid var(--jp-border-color2, #bbb);
 padding: 2px 6px; text-align: left; white-space: pre; }
.gnomon-spark .null { opacity: 0.5; }
.gnomon-spark summary { cursor: pointer; font-weight: 600; }
</style>"""


def _safe(make: Callable[[], str]) -> tuple[str, bool]:
    """The text, or why there is none: a notebook's cell never fails by being shown."""
    try:
        return make(), True
    except Exception as error:
        return f"{type(error).__name__}: {error}", False


def _schema_html(df: DataFrame) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(f.name)}</td><td>{html.escape(f.dataType.simpleString())}</td>"
        f"<td>{'yes' if f.nullable else 'no'}</td></tr>"
        for f in df.schema
    )
    return f"<table><tr><th>column</th><th>type</th><th>nulls</th></tr>{rows}</table>"


def _schema_text(df: DataFrame) -> str:
    return df._native.tree()


def _text(value: object) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= CELL_CHARS else text[: CELL_CHARS - 1] + "…"


def _cell(value: object) -> str:
    start = '<td class="null">' if value is None else "<td>"
    return f"{start}{html.escape(_text(value))}</td>"


def _line(text: str) -> str:
    """A text on one line: what would leave it, or speak to a terminal, is escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _rows_html(names: list[str], rows: list[tuple[object, ...]], cut: bool) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    lines, size = [], 0
    for row in rows:
        line = f"<tr>{''.join(map(_cell, row))}</tr>"
        size += len(line)
        if size > PREVIEW_BYTES:
            cut = True
            break
        lines.append(line)
    note = f"<p>the first {len(lines)} rows; there are more</p>" if cut else ""
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>{note}"


def _rows_text(names: list[str], rows: list[tuple[object, ...]], cut: bool) -> str:
    cells = [[_line(_text(value)) for value in line] for line in (names, *rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join([*lines, f"the first {len(rows)} rows; there are more"] if cut else lines)


class Preview:
    """The first rows of a data frame, fetched once, for a notebook or a terminal."""

    def __init__(self, df: DataFrame, n: int = 20) -> None:
        self.names, fetched = df.limit(n + 1)._native.execute().rows()
        self.rows, self.cut = fetched[:n], len(fetched) > n

    def __repr__(self) -> str:
        return _rows_text(list(self.names), self.rows, self.cut)

    def _repr_html_(self) -> str:
        table = _rows_html(list(self.names), self.rows, self.cut)
        return f'{STYLE}<div class="gnomon-spark">{table}</div>'


class Text:
    """A text that a notebook shows as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


def preview(df: DataFrame, n: int = 20) -> Preview:
    """The first n rows."""
    return Preview(df, n)


def explain(df: DataFrame, mode: str = "extended") -> Text:
    """How Spark would run it."""
    return Text(df._explain_string(mode=mode))


def sample(df: DataFrame, n: int = 1000) -> Preview:
    """About n rows from anywhere; all of them where there are fewer."""
    count = df.count()
    if count <= n:
        return Preview(df, n)
    return Preview(df.sample(min(1.0, 1.2 * n / count)), n)


def _pre(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"


def bundle(df: DataFrame) -> dict[str, str]:
    """What IPython asks for: the tabs as HTML, and the same as text."""
    schema, has_schema = _safe(lambda: _schema_text(df))
    fetched: list[Preview] = []

    def rows() -> str:
        fetched.append(Preview(df, df._session.preview_rows))
        return repr(fetched[0])

    wanted = df._session.preview_rows > 0
    shown, has_rows = _safe(rows) if wanted else ("preview_rows is 0: nothing was run", False)
    plan, _ = _safe(lambda: df._explain_string(mode="extended"))
    raw, _ = _safe(lambda: f"plan {df._native.plan_id()}, {len(df._native.encode())} bytes\n"
                           f"{df._native.encode().hex()}")  # fmt: skip
    tabs = (
        ("Schema", _safe(lambda: _schema_html(df))[0] if has_schema else _pre(schema), schema),
        ("Preview", fetched[0]._repr_html_() if has_rows else _pre(shown), shown),
        ("Explain", _pre(plan), plan),
        ("Raw", _pre(raw), raw),
    )
    parts = "".join(
        f"<details{' open' if name == 'Preview' else ''}><summary>{name}</summary>{page}</details>"
        for name, page, _ in tabs
    )
    text = "\n\n".join(f"{name}\n{twin.rstrip()}" for name, _, twin in tabs[:2])
    return {
        "text/html": f'{STYLE}<div class="gnomon-spark">{parts}</div>',
        "text/plain": text,
    }
