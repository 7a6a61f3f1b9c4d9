"""Asks chronon-ai all cases and keeps its answers: python tests/parity/compile/record.py

Run it after a change of the corpus, and look at the difference before committing it.
"""

from __future__ import annotations

import json

from answers import RECORDED, SURFACE, live, live_surface
from corpus import corpus


def main() -> None:
    """Writes tests/golden/chronon-compile.jsonl and chronon-surface.json."""
    cases = corpus()
    found = live(cases)
    with open(RECORDED, "w", encoding="utf-8") as file:
        for case in cases:
            entry = {"case": case.digest(), **found[case.id]}
            file.write(json.dumps(entry, sort_keys=True) + "\n")
    with open(SURFACE, "w", encoding="utf-8") as file:
        json.dump(live_surface(), file, indent=1, sort_keys=True)
        file.write("\n")
    print(f"{len(cases)} answers in {RECORDED}")


if __name__ == "__main__":
    main()
