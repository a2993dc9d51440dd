"""What the scene asks its Prometheus: growth of counters and peaks of gauges between two instants, raw and per pod."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

Labels = Mapping[str, str]
_IGNORED = frozenset({"__name__", "job", "instance", "namespace", "container"})
_NAMESPACE = "opencore"


@dataclass(frozen=True, slots=True)
class Series:
    """One series and a number."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Between:
    """A span of time in a Prometheus; seconds since the epoch."""

    url: str
    start: float
    end: float

    def growth(self, metric: str, matchers: str = "") -> list[Series]:
        """Return how much each counter grew; one that was not there at the start counts from 0, and one that is gone up to its last value."""
        last = ask(self.url, f"max_over_time({_selector(metric, matchers)}[{self._range}])", at=self.end)
        before = {_key(series.labels): series.value for series in ask(self.url, _selector(metric, matchers), at=self.start)}
        return [Series(series.labels, series.value - before.get(_key(series.labels), 0.0)) for series in last]

    def peak(self, metric: str, matchers: str = "") -> list[Series]:
        """Return the highest value of each gauge."""
        return ask(self.url, f"max_over_time({_selector(metric, matchers)}[{self._range}])", at=self.end)

    def lowest(self, metric: str, matchers: str = "") -> list[Series]:
        """Return the lowest value of each gauge."""
        return ask(self.url, f"min_over_time({_selector(metric, matchers)}[{self._range}])", at=self.end)

    @property
    def _range(self) -> str:
        return f"{max(1, round(self.end - self.start))}s"


def ask(url: str, promql: str, *, at: float | None = None) -> list[Series]:
    """Return every series of an instant query, at an instant or now."""
    query = urllib.parse.urlencode({"query": promql, "time": at if at is not None else time.time()})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as response:
        found = json.load(response)["data"]["result"]
    return [
        Series({name: text for name, text in series["metric"].items() if name not in _IGNORED}, float(series["value"][1])) for series in found
    ]


def _selector(metric: str, matchers: str) -> str:
    return f'{metric}{{namespace="{_NAMESPACE}"{"," if matchers else ""}{matchers}}}'


def _key(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
