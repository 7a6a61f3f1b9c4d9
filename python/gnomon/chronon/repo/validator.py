"""Names of output columns, under the names that chronon-ai gives these functions."""

from __future__ import annotations

from gnomon.chronon import _columns
from gnomon.chronon._columns import derived as build_derived_columns
from gnomon.chronon._columns import external_part_name as get_external_part_full_name
from gnomon.chronon._columns import group_by_columns as get_pre_derived_group_by_columns
from gnomon.chronon._columns import group_by_features as get_pre_derived_group_by_features
from gnomon.chronon._columns import group_by_output_columns as get_group_by_output_columns
from gnomon.chronon._columns import join_external_columns as get_pre_derived_external_features
from gnomon.chronon._columns import join_internal_columns as get_pre_derived_join_internal_features
from gnomon.chronon._columns import join_key_columns as get_join_key_columns
from gnomon.chronon._columns import selected as get_pre_derived_source_keys
from gnomon.chronon.utils import FeatureDisplayKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def get_join_output_columns(join: Any) -> dict[FeatureDisplayKeys, list[str]]:
    """The columns of a Join by where they come from; OUTPUT_COLUMNS are those after derivations."""
    return {FeatureDisplayKeys(key): names for key, names in _columns.join_columns(join).items()}


__all__ = [
    "FeatureDisplayKeys",
    "build_derived_columns",
    "get_external_part_full_name",
    "get_group_by_output_columns",
    "get_join_key_columns",
    "get_join_output_columns",
    "get_pre_derived_external_features",
    "get_pre_derived_group_by_columns",
    "get_pre_derived_group_by_features",
    "get_pre_derived_join_internal_features",
    "get_pre_derived_source_keys",
]
