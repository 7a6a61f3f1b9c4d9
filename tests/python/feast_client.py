"""Feast's own client, reading from the server whose URL is given: prints what it got as JSON.

Run with the interpreter that has Feast: feast_client.py URL FOLDER
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

import feast
from feast.types import Array, Float64
from feast.value_type import ValueType

USERS = ["user_1", "user_2", "nobody"]


def main(url: str, folder: str) -> None:
    """Registers a view of the GroupBy and asks for it in the three ways that Feast offers."""
    (Path(folder) / "feature_store.yaml").write_text(
        f"project: shop\nregistry: {folder}/registry.db\nprovider: local\n"
        f"online_store:\n  type: remote\n  path: {url}\nentity_key_serialization_version: 3\n"
    )
    store = feast.FeatureStore(repo_path=folder)
    user = feast.Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
    view = feast.FeatureView(
        name="my_team_purchases_v1",
        entities=[user],
        ttl=timedelta(days=0),
        schema=[
            feast.Field(name="price_sum_7d", dtype=Float64),
            feast.Field(name="price_last3", dtype=Array(Float64)),
        ],
        source=feast.FileSource(path=f"{folder}/none.parquet", timestamp_field="ts"),
    )
    store.apply([user, view])
    answer = store.get_online_features(
        features=[f"my_team_purchases_v1:{name}" for name in ("price_sum_7d", "price_last3")],
        entity_rows=[{"user_id": name} for name in USERS],
    ).to_dict()
    print(json.dumps(answer))


main(*sys.argv[1:])
