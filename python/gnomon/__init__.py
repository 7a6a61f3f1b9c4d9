"""gnomon: Chronon definitions, compiled, computed and served on the machine you have.

This package needs nothing but Python. `gnomon.chronon` is Chronon's definition API, and
`python -m gnomon.compile` turns definitions into the JSON files that Chronon and gnomon read.
"""

__version__ = "0.1.0"
