"""A small repository for tests of the extension: purchases as CSV, two GroupBys over them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

DAY_MS = 86_400_000
DS = "2023-12-01"
END_MS = 1_701_475_200_000  # the midnight after DS
SNAPSHOT, TEMPORAL = "shop/buys.daily", "shop/buys.live"
USERS = [f"user_{n}" for n in range(40)]
DEFINITIONS = '''\
"""What a user bought."""
from ai.chronon.api.ttypes import Accuracy, EventSource, Source
from ai.chronon.group_by import Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

source = Source(events=EventSource(
    table="purchases",
    query=Query(selects=select("user_id", "price", "item"), time_column="ts")))
windows = [Window(length=days, timeUnit=TimeUnit.DAYS) for days in (1, 7)]
aggregations = [
    Aggregation(input_column="price", operation=Operation.SUM, windows=windows),
    Aggregation(input_column="price", operation=Operation.COUNT),
    Aggregation(input_column="item", operation=Operation.LAST),
    Aggregation(input_column="price", operation=Operation.LAST_K(3)),
]
daily = GroupBy(sources=[source], keys=["user_id"], aggregations=aggregations, online=True)
live = GroupBy(sources=[source], keys=["user_id"], aggregations=aggregations, online=True,
               accuracy=Accuracy.TEMPORAL)
'''

Purchase = dict[str, Any]


def purchases() -> list[Purchase]:
    """The same 4,000 purchases on every machine, in the order of their times."""
    generator = random.Random(20231201)
    rows = [
        {
            "user_id": generator.choice(USERS),
            "price": generator.randrange(1, 800) / 4,  # sums are exact
            "item": generator.choice(["book", "gäme", "food"]),
            "ts": END_MS - 1 - generator.randrange(20 * DAY_MS),
        }
        for _ in range(4000)
    ]
    return sorted(rows, key=lambda row: row["ts"])


def expected(rows: list[Purchase], user: str, at_ms: int = END_MS) -> dict[str, Any]:
    """The features of a user at a time. The windows of these tests hold whole days."""
    mine = [row for row in rows if row["user_id"] == user and row["ts"] < at_ms]
    out: dict[str, Any] = {}
    for days in (1, 7):
        prices = [row["price"] for row in mine if row["ts"] >= at_ms - days * DAY_MS]
        out[f"price_sum_{days}d"] = sum(prices) if prices else None
    out["price_count"] = len(mine) or None
    out["item_last"] = mine[-1]["item"] if mine else None
    out["price_last3"] = [row["price"] for row in mine[::-1][:3]] or None
    return out


def write_repository(folder: Path) -> Path:
    """A repository with its table, not yet compiled."""
    (folder / "group_bys" / "shop").mkdir(parents=True)
    (folder / "group_bys" / "shop" / "buys.py").write_text(DEFINITIONS)
    (folder / "teams.json").write_text('{"default": {}, "shop": {"namespace": "shop"}}')
    (folder / "gnomon.toml").write_text('[tables."purchases"]\npath = "purchases.csv"\n')
    lines = [f"{r['user_id']},{r['price']},{r['item']},{r['ts']}" for r in purchases()]
    (folder / "warehouse").mkdir()
    table = "\n".join(["user_id,price,item,ts", *lines]) + "\n"
    (folder / "warehouse" / "purchases.csv").write_text(table)
    return folder
