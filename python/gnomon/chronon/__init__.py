"""Chronon's Python API for definitions: the same modules, names, arguments and results.

Inside `gnomon compile` the modules answer to `ai.chronon.*`, so definition files run unchanged.
In your own interpreter call `gnomon.chronon.install()` once to get the same names; an installed
chronon-ai keeps precedence, and `to_json` accepts its objects too.
"""

from __future__ import annotations

from gnomon.chronon.repo.serializer import thrift_simple_json as to_json


def install() -> None:
    """Makes `import ai.chronon.…` find this package wherever chronon-ai is not installed."""
    from gnomon._compile.finder import offer

    offer()


__all__ = ["install", "to_json"]
