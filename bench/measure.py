"""CPU-seconds, wall seconds and peak memory of a command, all of its threads and children.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence

import repository

PAIRS = 5


@dataclasses.dataclass
class Cost:
    cpu_s: float
    wall_s: float
    peak_mib: float


def run(command: Sequence[str], log: str) -> Cost:
    """Runs it once; its output goes to the file `log`."""
    said = pathlib.Path(f"{log}.cost")
    with open(log, "w") as out:
        launched = [str(repository.BUILD / "bench" / "cost"), str(said), *command]
        done = subprocess.run(launched, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        tail = pathlib.Path(log).read_text()[-2000:]
        sys.exit(f"bench: this failed: {' '.join(command)}\n{tail}")
    return Cost(**json.loads(said.read_text()))


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        *(statistics.median(getattr(c, f.name) for c in costs) for f in dataclasses.fields(Cost))
    )


def in_turn(runs: dict[str, Callable[[], Cost]], pairs: int = PAIRS) -> dict[str, Cost]:
    """A B C A B C …: what else the machine does falls on all alike. The first round warms up."""
    costs: dict[str, list[Cost]] = {name: [] for name in runs}
    for turn in range(pairs + 1):
        if sys.stdout.isatty():
            print(f"    turn {turn} of {pairs}", end="\r", flush=True)
        for name, once in runs.items():
            cost = once()
            if turn > 0:
                costs[name].append(cost)
    return {name: median(all_costs) for name, all_costs in costs.items()}


def machine() -> dict[str, object]:
    model = "unknown"
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }
