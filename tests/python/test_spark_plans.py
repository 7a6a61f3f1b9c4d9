"""gnomon.spark's plans are PySpark's, byte for byte; what PySpark makes was recorded before."""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "sparkconnect"
sys.path.insert(0, str(ROOT / "tests" / "contract" / "sparkconnect"))

spark_module = pytest.importorskip("gnomon.spark", reason="built without the Spark client")

from gnomon.spark import Session, StorageLevel, Window, _spark, functions  # noqa: E402
from gnomon.spark import session as session_module  # noqa: E402
from gnomon.spark import types as spark_types  # noqa: E402
from gnomon.spark.column import expression  # noqa: E402
from programs import Sent, run  # noqa: E402

# Programs whose bytes differ on purpose, and why.
DECIMAL = "PySpark calls every decimal literal decimal(10,0); ours say the digits they have"
DEVIATIONS = {
    'df.select(F.lit(decimal.Decimal("1.25")))': DECIMAL,
    'df.filter(F.col("a") > decimal.Decimal("0.001"))': DECIMAL,
}


class Frame:
    """A frame that tells what it would send where it is executed."""

    def __init__(self, native: Any) -> None:
        self._native = native

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def execute(self, **options: Any) -> Any:
        raise Sent(self._native.encode())


class Library:
    """The extension without its network."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_spark, name)

    def relation(self, session: Any, type: str, fields: dict[str, Any]) -> Frame:
        return Frame(_spark.relation(session, type, fields))

    def command(self, session: Any, type: str, fields: dict[str, Any]) -> str:
        raise Sent(_spark._encode_command(session, type, fields))


@pytest.fixture(scope="module")
def offline() -> Iterator[Session]:
    patch = pytest.MonkeyPatch()
    patch.setattr(session_module, "_spark", Library())
    yield Session("sc://localhost:1/;user_id=none", keep_session=True)
    patch.undo()


def world(spark: Session) -> dict[str, Any]:
    functions._reset_variables()
    raw = types.SimpleNamespace(
        relation=spark._relation, expression=expression, command=spark._command
    )
    return {
        "spark": spark,
        "F": functions,
        "T": spark_types,
        "Window": Window,
        "StorageLevel": StorageLevel,
        "df": spark.table("df"),
        "other": spark.table("other"),
        "raw": raw,
    }


def recorded() -> list[tuple[str, str]]:
    lines = (GOLDEN / "programs.txt").read_text().splitlines()
    return [(line[65:], line[:64]) for line in lines]


def plan_of(spark: Session, program: str) -> bytes:
    return run(program, world(spark), lambda made: bytes(made._native.encode()))


def test_plans_are_pysparks_byte_for_byte(offline: Session) -> None:
    wrong = []
    for program, expected in recorded():
        try:
            found = hashlib.sha256(plan_of(offline, program)).hexdigest()
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if (found != expected) != (program in DEVIATIONS):
            wrong.append(f"{program}\n    {found}")
    assert not wrong, f"{len(wrong)} of {len(recorded())} programs:\n" + "\n".join(wrong)


def test_the_programs_reach_nearly_all_of_the_protocol() -> None:
    lines = (GOLDEN / "coverage.txt").read_text().splitlines()
    print("\n".join(line for line in lines if line[0] != " "))
    reached = {line.split()[0]: line.split()[1] for line in lines if line[0] != " "}
    least = {"Relation": 57, "Expression": 21, "Command": 19, "fields": 500}
    for name, count in least.items():
        assert int(reached[name].split("/")[0]) >= count, f"{name}: {reached[name]}"
