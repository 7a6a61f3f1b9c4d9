"""gnomon's compiler answers as chronon-ai's does, over the corpus of tests/parity/compile."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

import pytest
from define_kit import ROOT

sys.path.insert(0, str(ROOT / "tests" / "parity" / "compile"))

import answers
import options
import ours
import report
from corpus import Case, corpus

CASES = {case.id: case for case in corpus()}
SEED = int(os.environ.get("GN_SEED", "20251121"))


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, Any]]:
    return answers.recorded()


@pytest.fixture(scope="module")
def here() -> dict[str, dict[str, Any]]:
    return {id: ours.answer(case) for id, case in CASES.items()}


def explain(case: Case, mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    return f"{case.id}: {case.difference}\n" + "\n".join(report.differing(case, mine, theirs))


def test_every_answer_was_recorded_for_the_case_as_it_is_now(
    recorded: dict[str, dict[str, Any]],
) -> None:
    assert {id: case.digest() for id, case in CASES.items()} == {
        id: answer["case"] for id, answer in recorded.items()
    }, "run tests/parity/compile/record.py"


@pytest.mark.parametrize("id", CASES)
def test_what_chronon_compiles_compiles_to_its_bytes_and_what_it_refuses_is_refused(
    id: str, here: dict[str, dict[str, Any]], recorded: dict[str, dict[str, Any]]
) -> None:
    case, mine, theirs = CASES[id], here[id], recorded[id]
    assert answers.agree(case, mine, theirs) == (not case.difference), explain(case, mine, theirs)


def test_a_tenth_of_the_cases_asked_of_chronon_now(here: dict[str, dict[str, Any]]) -> None:
    if answers.interpreter() is None:
        pytest.skip("chronon-ai is not installed here; recorded answers are checked alone")
    print(f"seed {SEED}")
    drawn = random.Random(SEED).sample(sorted(CASES), len(CASES) // 10)
    theirs = answers.live(CASES[id] for id in drawn)
    assert len(theirs) == len(drawn) >= 50
    for id in drawn:
        case = CASES[id]
        agreed = answers.agree(case, here[id], theirs[id])
        assert agreed == (not case.difference), explain(case, here[id], theirs[id])


def test_the_corpus_uses_every_option_there_is(recorded: dict[str, dict[str, Any]]) -> None:
    there_are = options.there_are()
    used = options.used(CASES.values(), recorded)
    print(f"options covered {len(used)} / {len(there_are)}")
    assert sorted(there_are - used) == []
    assert len(there_are) > 200


def test_builders_structs_and_enumerations_are_chronons() -> None:
    import json

    theirs = json.loads(answers.SURFACE.read_text(encoding="utf-8"))
    mine = json.loads(json.dumps(options.surface()))
    assert mine["structs"] == theirs["structs"]
    assert mine["enums"] == theirs["enums"]
    for name, parameters in mine["builders"].items():
        if name[0].isupper() or name in theirs["builders"]:
            assert parameters == theirs["builders"][name], name
    assert sorted(set(theirs["builders"]) - set(mine["builders"])) == []
