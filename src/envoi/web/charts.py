"""What a chart shows, as plain values; static/web/built/charts.js draws it and a table says it in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Series:
    """One row of values, as long as the chart's labels. `tone` picks a colour of envoi.css ("good", "bad", "calm"…)."""

    name: str
    values: Sequence[float | None]
    tone: str = ""


@dataclass(frozen=True)
class Chart:
    """A line, bar, funnel or heat map. For a heat map each series is one line of the map."""

    kind: Literal["line", "bar", "funnel", "heatmap"]
    labels: Sequence[str]
    series: Sequence[Series]
    unit: Literal["", "%"] = ""
    stacked: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """What the drawing code reads (through the `json_script` filter)."""
        return {
            "kind": self.kind,
            "labels": [str(label) for label in self.labels],
            "series": [{"name": str(s.name), "values": list(s.values), "tone": s.tone} for s in self.series],
            "unit": self.unit,
            "stacked": self.stacked,
        }

    @property
    def rows(self) -> list[tuple[str, list[float | None]]]:
        """The same values line by line, for the table behind the chart."""
        return [(label, [s.values[i] for s in self.series]) for i, label in enumerate(self.labels)]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for s in self.series for value in s.values)
