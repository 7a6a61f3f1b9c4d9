"""Looking into sources."""

from __future__ import annotations

from gnomon.chronon._problem import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import KeysView
    from typing import Any

KINDS = {"EventSource": "events", "EntitySource": "entities", "JoinSource": "joinSource"}


def normalized(source: Any) -> Any:
    """A `Source` around an event, entity or join source; a `Source` as it is. Checked."""
    from gnomon.chronon.api.ttypes import Source

    member = KINDS.get(type(source).__name__)
    if member is not None:
        source = Source(**{member: source})
    elif type(source).__name__ != "Source":
        raise fail(
            "GD020",
            f"{type(source).__name__} is not a source",
            "use Source(events=EventSource(table=…, query=Query(…))), "
            "Source(entities=…) or Source(joinSource=…)",
        )
    members = [name for name in KINDS.values() if getattr(source, name) is not None]
    if len(members) != 1:
        raise fail(
            "GD020",
            "a Source has exactly one of events, entities and joinSource, "
            + (f"not {' and '.join(members)}" if members else "and this one has none"),
            subject=source,
        )
    if getattr(source, members[0]).query is None:
        inner = getattr(source, members[0])
        raise fail(
            "GD020",
            f"this {type(inner).__name__} has no query",
            "add query=Query(selects=select(…), time_column=…)",
            inner,
        )
    return source


def get_underlying_source(source: Any) -> Any:
    """The event, entity or join source inside a Source."""
    if source.entities:
        return source.entities
    return source.events if source.events else source.joinSource


def get_query(source: Any) -> Any:
    """The query of a Source."""
    return get_underlying_source(source).query


def get_columns(source: Any) -> KeysView[str]:
    """The output columns of a Source's query, which must name them."""
    query = get_query(source)
    if query.selects is None:
        raise fail(
            "GD035",
            "this query does not say which columns it selects",
            'add selects=select("a_column", another="an_expression")',
            query,
        )
    columns: KeysView[str] = query.selects.keys()
    return columns


def is_streaming(source: Any) -> bool:
    """Whether a Source also arrives as a stream."""
    return bool(
        (source.entities and source.entities.mutationTopic is not None)
        or (source.events and source.events.topic is not None)
    )
