"""A notebook over gnomon.spark, run by a real kernel: what a cell shows, as HTML and as text.

Both twins are read back into cells, so a value that only one of them has, or has otherwise, is
found. Needs a real Spark, as test_spark_live.py does.
"""

from __future__ import annotations

import html.parser
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gnomon.spark", reason="built without the Spark client")
nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

ROOT = Path(__file__).resolve().parents[2]
TAGS = "<script>alert('x')</script> & \"so\""

# Of each type: its name in Spark, an expression, and what a reader of either twin sees.
VALUES = [
    ("boolean", "true", "True"),
    ("tinyint", "CAST(-128 AS TINYINT)", "-128"),
    ("smallint", "CAST(300 AS SMALLINT)", "300"),
    ("int", "3", "3"),
    ("bigint", "9223372036854775807L", "9223372036854775807"),
    ("float", "CAST(1.5 AS FLOAT)", "1.5"),
    ("double", "0.1D", "0.1"),
    ("double", "DOUBLE('NaN')", "nan"),
    ("decimal(20,3)", "CAST(-12.340 AS DECIMAL(20,3))", "-12.340"),
    ("decimal(38,0)", f"CAST({'9' * 38} AS DECIMAL(38,0))", "9" * 38),
    ("string", "'zażółć 字'", "zażółć 字"),
    ("string", "''", ""),
    ("string", "'null'", "null"),
    ("string", ":tags", TAGS),
    ("binary", "X'00FF'", "b'\\x00\\xff'"),
    ("date", "DATE'1582-10-01'", "1582-10-01"),
    ("timestamp", "TIMESTAMP'2024-02-29 12:34:56.789012 UTC'", "2024-02-29 12:34:56.789012"),
    ("timestamp_ntz", "TIMESTAMP_NTZ'2024-02-29 12:34:56'", "2024-02-29 12:34:56"),
    ("interval day to second", "INTERVAL '1 02:03:04.5' DAY TO SECOND", "1 day, 2:03:04.500000"),
    ("array<int>", "ARRAY(1, NULL, 3)", "[1, None, 3]"),
    ("map<string,int>", "MAP('k', 1, 'l', NULL)", "{'k': 1, 'l': None}"),
    ("struct<x:int,y:array<date>>", "NAMED_STRUCT('x', 1, 'y', ARRAY(DATE'2020-01-01'))",
     "Row(x=1, y=[datetime.date(2020, 1, 1)])"),
    ("array<string>", "ARRAY('<b>')", "['<b>']"),
    ("int", "CAST(NULL AS INT)", "null"),
    ("void", "NULL", "null"),
]  # fmt: skip
COLUMNS = ", ".join(f"{expression} AS c{n}" for n, (_, expression, _) in enumerate(VALUES))

CELLS = {
    "open": """
import os
from gnomon.spark import Session, explain, preview, sample
spark = Session(os.environ["GNOMON_TEST_SPARK"])
df = spark.sql(os.environ["GNOMON_TEST_SQL"], {"tags": os.environ["GNOMON_TEST_TAGS"]})
""",
    "frame": "df",
    "preview": "preview(df)",
    "display": "from IPython.display import display; display(df)",
    "cut": "preview(spark.range(30), 3)",
    "long": """spark.sql("SELECT 'two\\nlines' a, '\\tx' b, repeat('y', 300) c, 'last' d")""",
    "sample": "sample(spark.range(5), 10)",
    "explain": "explain(spark.range(5).filter('id < 3'))",
    "no table": "spark.table('`there_is_<none>`')",
    "no rows": "spark.sql(\"SELECT raise_error('no <i>luck</i>') AS boom\")",
    "not run": "Session(os.environ['GNOMON_TEST_SPARK'], preview_rows=0).range(3)",
    "error": "spark.table('there_is_none').collect()",
}


class Page(html.parser.HTMLParser):
    """What a reader sees of a page: tables as lists of cells, texts by the tab they are under."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.tables: list[list[list[str]]] = []
        self.texts: dict[str, str] = {}
        self.classes: list[str | None] = []
        self._within: list[str] = []
        self._tab = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._within.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.classes += [dict(attrs).get("class")] if tag == "td" else []
        elif tag == "summary":
            self._tab = ""

    def handle_endtag(self, tag: str) -> None:
        assert self._within.pop() == tag, f"</{tag}> ends nothing"

    def handle_data(self, data: str) -> None:
        tag = self._within[-1] if self._within else ""
        if tag in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif tag == "summary":
            self._tab += data
        elif tag != "style":
            self.texts[self._tab] = self.texts.get(self._tab, "") + data


def write_kernel(folder: Path) -> None:
    """A kernel of this very Python: whatever else this machine has installed is left alone."""
    spec = folder / "kernels" / "gnomon"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "gnomon", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel))


@pytest.fixture(scope="module")
def outputs(
    spark_server: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, list[Any]]]:
    """The outputs of each cell, of one run of the notebook."""
    folder = tmp_path_factory.mktemp("notebook")
    write_kernel(folder / "jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "JUPYTER_PATH": str(folder / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), os.environ.get("PYTHONPATH", "")]),
            "TZ": "UTC",
            "GNOMON_TEST_SPARK": spark_server[0],
            "GNOMON_TEST_SQL": f"SELECT {COLUMNS}",
            "GNOMON_TEST_TAGS": TAGS,
        }.items():
            patch.setenv(name, value)
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="gnomon", allow_errors=True
        )
        client.execute(cwd=str(folder))
        nbformat.validate(notebook)
        yield {name: cell.outputs for name, cell in zip(CELLS, notebook.cells)}


def shown(outputs: dict[str, list[Any]], cell: str) -> tuple[Page, str]:
    """The twins of what a cell shows."""
    (output,) = outputs[cell]
    assert output.output_type in ("execute_result", "display_data"), output
    assert set(output.data) == {"text/html", "text/plain"}
    return Page(output.data["text/html"]), output.data["text/plain"]


def table_of(text: str) -> list[list[str]]:
    """The cells of a table in text: its dashes say where the columns are."""
    lines = text.splitlines()
    rule = next(n for n, line in enumerate(lines) if line and set(line) <= {"-", " "})
    ends, at = [], 0
    for dashes in lines[rule].split("  "):
        ends.append((at, at + len(dashes)))
        at += len(dashes) + 2
    rows = [lines[rule - 1], *lines[rule + 1 :]]
    return [[row[begin:end].rstrip() for begin, end in ends] for row in rows]


NAMES = [f"c{n}" for n in range(len(VALUES))]
SEEN = [seen for _, _, seen in VALUES]


@pytest.mark.parametrize("cell", ["frame", "display", "preview"])
def test_every_type_reads_the_same_in_both_twins(outputs: dict[str, list[Any]], cell: str) -> None:
    page, text = shown(outputs, cell)
    assert page.tables[-1] == [NAMES, SEEN]
    assert table_of(text) == [NAMES, SEEN]


def test_a_null_differs_from_the_text_null_where_it_can(outputs: dict[str, list[Any]]) -> None:
    page, _ = shown(outputs, "preview")
    marked = {n for n, kind in enumerate(page.classes) if kind == "null"}
    assert marked == {
        n for n, (_, sql, seen) in enumerate(VALUES) if "NULL" in sql and seen == "null"
    }


def test_a_value_never_becomes_markup(outputs: dict[str, list[Any]]) -> None:
    ours = {"style", "div", "details", "summary", "table", "tr", "th", "td", "pre", "p"}
    for cell in ("frame", "preview", "cut", "sample", "explain", "no table", "no rows", "not run"):
        page, _ = shown(outputs, cell)
        assert page.tags <= ours, cell


def test_the_schema_is_a_tab_and_a_tree(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "frame")
    head, *rows = page.tables[0]
    assert head == ["column", "type", "nulls"]
    assert [row[:2] for row in rows] == [[n, kind] for n, (kind, _, _) in zip(NAMES, VALUES)]
    assert rows[0][2] == "no" and rows[-1][2] == "yes"
    schema = text[: text.index("\n\nPreview\n")]
    assert schema.startswith("Schema\nroot\n")
    assert " |-- c8: decimal(20,3) (nullable = false)" in schema.splitlines()
    assert " |-- c24: void (nullable = true)" in schema.splitlines()


def test_the_other_tabs_are_the_plan_and_its_bytes(outputs: dict[str, list[Any]]) -> None:
    page, _ = shown(outputs, "frame")
    assert "== Physical Plan ==" in page.texts["Explain"]
    head, encoded = page.texts["Raw"].splitlines()
    assert f"{len(bytes.fromhex(encoded))} bytes" in head
    assert b"NAMED_STRUCT" in bytes.fromhex(encoded)


def test_a_preview_says_that_there_is_more(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "cut")
    assert page.tables == [[["id"], ["0"], ["1"], ["2"]]]
    assert page.texts[""].strip() == "the first 3 rows; there are more"
    assert text.splitlines() == ["id", "--", "0", "1", "2", "the first 3 rows; there are more"]


def test_long_texts_are_cut_and_lines_stay_lines(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "long")
    cut = "y" * 199 + "…"
    assert page.tables[-1][1] == ["two\nlines", "\tx", cut, "last"]
    assert table_of(text)[1:] == [["two\\nlines", "\\tx", cut, "last"]]


def test_a_sample_of_little_is_all_of_it(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "sample")
    assert page.tables == [[["id"], *([str(n)] for n in range(5))]]
    assert table_of(text) == page.tables[0]


def test_an_explanation_is_the_same_text_twice(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "explain")
    assert page.texts[""].rstrip() == text.rstrip()
    assert "== Analyzed Logical Plan ==" in text and "Filter (id" in text


def test_a_tab_that_fails_is_a_text_and_the_others_are_shown(
    outputs: dict[str, list[Any]],
) -> None:
    page, text = shown(outputs, "no table")
    assert page.tables == [] and "script" not in page.tags
    for tab in ("Schema", "Preview", "Explain"):
        assert page.texts[tab].startswith("Remote: [TABLE_OR_VIEW_NOT_FOUND]"), page.texts[tab]
    assert b"there_is_<none>" in bytes.fromhex(page.texts["Raw"].splitlines()[1])
    schema, rows = text.split("\n\nPreview\n")
    assert schema.startswith("Schema\nRemote: [TABLE_OR_VIEW_NOT_FOUND]")
    assert rows.startswith("Remote: [TABLE_OR_VIEW_NOT_FOUND]")


def test_rows_that_cannot_be_had_leave_the_schema(outputs: dict[str, list[Any]]) -> None:
    page, text = shown(outputs, "no rows")
    assert page.tables == [[["column", "type", "nulls"], ["boom", "void", "yes"]]]
    assert "no <i>luck</i>" in page.texts["Preview"]
    assert "== Physical Plan ==" in page.texts["Explain"]
    assert "boom: void" in text and "no <i>luck</i>" in text


def test_a_session_may_refuse_to_run_what_is_only_looked_at(
    outputs: dict[str, list[Any]],
) -> None:
    page, text = shown(outputs, "not run")
    assert page.texts["Preview"] == "preview_rows is 0: nothing was run"
    assert page.tables == [[["column", "type", "nulls"], ["id", "bigint", "no"]]]
    assert text.endswith("Preview\npreview_rows is 0: nothing was run")


def test_an_error_of_a_cell_is_an_error_of_the_notebook(outputs: dict[str, list[Any]]) -> None:
    (output,) = outputs["error"]
    assert (output.output_type, output.ename) == ("error", "Remote")
    assert output.evalue.startswith("[TABLE_OR_VIEW_NOT_FOUND]")
