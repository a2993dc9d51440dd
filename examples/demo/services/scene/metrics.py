"""Request metrics in the Prometheus text format, named and labelled as Micrometer names them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_OUTCOMES = {1: "INFORMATIONAL", 2: "SUCCESS", 3: "REDIRECTION", 4: "CLIENT_ERROR", 5: "SERVER_ERROR"}


class Sample(NamedTuple):
    """One line of the exposition."""

    name: str
    labels: Mapping[str, str]
    value: float


def exposition(samples: Iterable[Sample], *, types: Mapping[str, str]) -> str:
    """Write samples in the text format, with the type of each family."""
    head = [f"# TYPE {family} {kind}" for family, kind in types.items()]
    return "\n".join([*head, *(_line(sample) for sample in samples), ""])


def _line(sample: Sample) -> str:
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
    return f"{sample.name}{{{labels}}} {sample.value!r}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class _Timer:
    """Count, sum and histogram of one series; seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0.0
        self.buckets = [0] * len(_BUCKETS)

    def record(self, seconds: float) -> None:
        self.count += 1
        self.sum += seconds
        for index, bound in enumerate(_BUCKETS):
            if seconds <= bound:
                self.buckets[index] += 1


class RequestMetrics:
    """http_server_requests_seconds: as in Micrometer, a series exists only after its first request."""

    FAMILY = "http_server_requests_seconds"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timers: dict[tuple[str, str, int], _Timer] = {}

    def record(self, *, method: str, uri: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        with self._lock:
            self._timers.setdefault((method, uri, status), _Timer()).record(seconds)

    def exposition(self) -> str:
        """Write everything recorded so far."""
        with self._lock:
            samples = [sample for key, timer in self._timers.items() for sample in self._samples(key, timer)]
        return exposition(samples, types={self.FAMILY: "histogram"})

    def _samples(self, key: tuple[str, str, int], timer: _Timer) -> list[Sample]:
        method, uri, status = key
        labels = {"method": method, "uri": uri, "status": str(status), "outcome": _OUTCOMES[status // 100]}
        bounds = zip(map(str, _BUCKETS), timer.buckets, strict=True)
        return [
            *(Sample(f"{self.FAMILY}_bucket", {**labels, "le": bound}, count) for bound, count in bounds),
            Sample(f"{self.FAMILY}_bucket", {**labels, "le": "+Inf"}, timer.count),
            Sample(f"{self.FAMILY}_count", labels, timer.count),
            Sample(f"{self.FAMILY}_sum", labels, timer.sum),
        ]
