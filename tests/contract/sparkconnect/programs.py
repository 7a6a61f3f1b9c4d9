"""What programs.txt is run in, on either side: names, and what an action would have sent.

Without it: the one side runs a program in a world that the other side does not have.
"""

from __future__ import annotations

import datetime
import decimal
import pathlib
import random
from collections.abc import Callable
from typing import Any

PROGRAMS = pathlib.Path(__file__).with_name("programs.txt")


class Sent(Exception):
    """A program asked the server: these are the bytes of what it would have sent."""

    def __init__(self, data: bytes) -> None:
        super().__init__(len(data))
        self.data = data


def programs() -> list[str]:
    lines = PROGRAMS.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def run(program: str, names: dict[str, Any], encode: Callable[[Any], bytes]) -> bytes:
    """The bytes of a program's plan, or of what its action sends. Random numbers are 42."""
    chosen, random.randint = random.randint, lambda low, high: 42
    try:
        world = {"datetime": datetime, "decimal": decimal, **names}
        return encode(eval(program, world))
    except Sent as sent:
        return sent.data
    finally:
        random.randint = chosen
