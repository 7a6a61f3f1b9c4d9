"""Compares gnomon's compiler with chronon-ai's over the corpus and prints what was found.

    python tests/parity/compile/report.py [--live] [CASE…]

Without --live, recorded answers are used. CASE restricts to cases whose id begins so, and shows
differing files as diffs.
"""

from __future__ import annotations

import sys
from difflib import unified_diff
from typing import Any

import options
import ours
from answers import agree, live, recorded
from corpus import Case, corpus


def differing(case: Case, mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """What differs, in lines."""
    if mine["refused"] != theirs["refused"]:
        words = {True: "refuses", False: "accepts"}
        said = mine["said"].splitlines()[-12:]
        return [f"chronon-ai {words[theirs['refused']]}, gnomon {words[mine['refused']]}", *said]
    lines: list[str] = []
    for path in sorted({*mine["files"], *theirs["files"]}):
        old, new = theirs["files"].get(path, ""), mine["files"].get(path, "")
        lines += unified_diff(
            old.splitlines(),
            new.splitlines(),
            f"chronon-ai/{path}",
            f"gnomon/{path}",
            "",
            "",
            2,
            "",
        )
    return lines


def main(arguments: list[str]) -> int:
    """The program; gives the number of cases that do not answer as they should, up to 1."""
    wanted = [word for word in arguments if word != "--live"]
    cases = [c for c in corpus() if not wanted or any(c.id.startswith(word) for word in wanted)]
    answers = live(cases) if "--live" in arguments else recorded()
    equal = refused = files = wrong = 0
    for case in cases:
        mine, theirs = ours.answer(case), answers[case.id]
        if agree(case, mine, theirs) == (not case.difference):
            equal += not case.difference
            refused += theirs["refused"] and mine["refused"]
            files += 0 if case.difference or mine["refused"] else len(mine["files"])
            if not case.difference or not wanted:
                continue
        else:
            wrong += 1
        print(f"--- {case.id}: {case.difference or 'should be equal'}")
        print("\n".join(differing(case, mine, theirs)))
    print(f"cases: {len(cases)}, as they should be: {len(cases) - wrong}, wrong: {wrong}")
    print(f"answered alike: {equal} ({files} files byte for byte; {refused} refused by both)")
    print(f"answered otherwise, as meant: {sum(bool(case.difference) for case in cases)}")
    for case in cases:
        if case.difference:
            print(f"    {case.id}: {case.difference}")
    if not wanted:
        print_options(cases, answers)
    return min(wrong, 1)


def print_options(cases: list[Case], answers: dict[str, dict[str, Any]]) -> None:
    """How many options the corpus uses."""
    there_are, used = options.there_are(), options.used(cases, answers)
    print(f"options covered {len(used)} / {len(there_are)}")
    for option in sorted(there_are - used):
        print(f"    not covered: {option}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
