"""Models applied to the output of a Join."""

from __future__ import annotations

from gnomon.chronon.api import ttypes as api
from gnomon.chronon.join import DataType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gnomon.chronon.join import FieldsType


def InferenceSpec(model_backend: str, model_backend_params: dict[str, str]) -> api.InferenceSpec:
    """Where a model runs: the backend's name and its parameters."""
    return api.InferenceSpec(model_backend, model_backend_params)


def Model(
    name: str,
    inference_spec: api.InferenceSpec,
    input_schema: FieldsType,
    output_schema: FieldsType,
) -> api.Model:
    """A model; the schemas are (name, DataType) pairs of what it reads and writes."""
    return api.Model(
        metaData=api.MetaData(name=name),
        inferenceSpec=inference_spec,
        inputSchema=DataType.STRUCT(f"model_{name}_inputs", *input_schema),
        outputSchema=DataType.STRUCT(f"model_{name}_outputs", *output_schema),
    )


def ModelTransform(
    model: api.Model,
    input_mappings: dict[str, str] | None = None,
    output_mappings: dict[str, str] | None = None,
    prefix: str | None = None,
) -> api.ModelTransform:
    """A model with its columns renamed; `prefix` stands before what it adds."""
    return api.ModelTransform(model, input_mappings, output_mappings, prefix)


def ModelTransforms(
    transforms: list[api.ModelTransform], passthrough_fields: list[str] | None = None
) -> api.ModelTransforms:
    """The models of a Join, and the columns to keep beside their results."""
    return api.ModelTransforms(transforms, passthrough_fields)
