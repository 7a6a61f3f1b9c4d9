"""meson-python's build backend, with the wheel's tag as it is meant.

meson-python tags a wheel of the stable binary interface with the Python that builds it, cp311-abi3,
as it cannot know to which version's interface the extension keeps. Ours is that of Python 3.9
(`limited_api` in python/meson.build; a test looks at the symbols), so every Python from there on
may install what any of them built.
"""

from __future__ import annotations

import mesonpy
from mesonpy import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

OLDEST = "cp39"

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

assert callable(mesonpy._tags.get_interpreter_tag), "meson-python tags wheels in another way now"
mesonpy._tags.get_interpreter_tag = lambda: OLDEST
