"""gnomon: Chronon definitions, compiled, computed and served on the machine you have.

`Session` is a repository of definitions with its warehouse and its store; `fetch` asks for
features. Both need the extension that a wheel brings. `gnomon.chronon`, Chronon's definition API,
and `python -m gnomon.compile`, which turns definitions into the JSON files that Chronon and gnomon
read, need nothing but Python.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gnomon._errors import GnomonError
    from gnomon._session import Fetcher, Session, explain, fetch, schema
    from gnomon._types import ArrowStream, BackfillReport, Problem, Progress, Rows, UploadReport

__all__ = [
    "ArrowStream",
    "BackfillReport",
    "Fetcher",
    "GnomonError",
    "Problem",
    "Progress",
    "Rows",
    "Session",
    "UploadReport",
    "explain",
    "fetch",
    "schema",
]

_HOMES = {
    "gnomon._errors": ("GnomonError",),
    "gnomon._session": ("Fetcher", "Session", "explain", "fetch", "schema"),
}


def __getattr__(name: str) -> object:
    # Imported when first asked for: a compile is mostly Python's own start, and needs none of it.
    if name not in __all__:
        raise AttributeError(f"module 'gnomon' has no attribute '{name}'")
    from importlib import import_module

    home = next((home for home, names in _HOMES.items() if name in names), "gnomon._types")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value
