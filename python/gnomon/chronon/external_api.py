"""For tools outside the compile."""

from __future__ import annotations

from gnomon.chronon import _columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def get_join_output_columns(join: Any) -> list[str]:
    """The columns of a Join after derivations, without the left side's."""
    return _columns.join_columns(join)["output_columns"]
