"""Keeps the environment variables of a compiled file when it is compiled again."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENVIRONMENT = "modeToEnvMap"


def kept_environment(text: str, old_text: str) -> str:
    """The new text with every modeToEnvMap of the old one, at the same places where they exist."""
    try:
        old = json.loads(old_text)
    except ValueError:
        return text
    new = json.loads(text)
    _keep(new, old)
    return json.dumps(new, indent=2)


def _keep(new: Any, old: Any) -> None:
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            if key == _ENVIRONMENT:
                new[key] = value
            elif key in new:
                _keep(new[key], value)
    elif isinstance(old, list) and isinstance(new, list):
        for new_item, old_item in zip(new, old):
            _keep(new_item, old_item)
