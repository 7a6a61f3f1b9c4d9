"""An external part that backfills through a GroupBy, seen as a join part."""

from __future__ import annotations

from gnomon.chronon.api import ttypes as api

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ExternalJoinPart(api.JoinPart):
    """A join part whose columns are named after the external source, not the GroupBy."""

    def __init__(self, join_part: Any, full_prefix: str) -> None:
        super().__init__()
        self.__dict__.update(join_part.__dict__)
        self.external_join_full_prefix = full_prefix

    @classmethod
    def from_external_part(cls, external_part: Any) -> ExternalJoinPart:
        """The join part of an external part with an offline GroupBy."""
        from gnomon.chronon._tables import sanitize

        source = external_part.source
        part = api.JoinPart(
            source.offlineGroupBy, external_part.keyMapping or None, external_part.prefix or None
        )
        pieces = ["ext", external_part.prefix, sanitize(source.metadata.name)]
        return cls(part, "_".join(piece for piece in pieces if piece is not None))
