"""What the server tells of a query that ran: figures of its plan's nodes, and observed ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class MetricValue:
    name: str
    value: int
    metric_type: str

    def __str__(self) -> str:
        return f"{self.name} {self.value} ({self.metric_type})"

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "value": self.value, "type": self.metric_type}


@dataclass(frozen=True)
class PlanMetrics:
    """A node of the plan; of which other it is a part is not told."""

    name: str
    plan_id: int
    metrics: list[MetricValue] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        values = [metric.to_dict() for metric in self.metrics]
        return {"name": self.name, "plan_id": self.plan_id, "metrics": values}


class CollectedMetrics(list[PlanMetrics]):
    def toText(self) -> str:
        """A line for each node."""
        return "\n".join(f"{node.name}: {', '.join(map(str, node.metrics))}" for node in self)


class ExecutionInfo:
    """df.executionInfo, once rows of `df` were fetched."""

    def __init__(self) -> None:
        self.metrics = CollectedMetrics()
        self._observed: dict[str, dict[str, str]] = {}

    @property
    def flows(self) -> list[tuple[str, dict[str, str]]]:
        """What observe() counted, as the server spells it."""
        return list(self._observed.items())

    def _metric(self, node: str, plan_id: int, metric: MetricValue) -> None:
        for known in self.metrics:
            if (known.name, known.plan_id) == (node, plan_id):
                known.metrics.append(metric)
                return
        self.metrics.append(PlanMetrics(node, plan_id, [metric]))
