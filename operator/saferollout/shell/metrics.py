"""The operator's own Prometheus metrics. Series of a SafeRollout vanish with it: they are made at scrape time from what is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from saferollout.api.status import GateStatus, Status
from saferollout.core.decision import Decision, Snapshot
from saferollout.shell import series

_DONE: Final = "Done"
_ANSWERED: Final = "answered"
_UNANSWERED: Final = "unanswered"


@dataclass(slots=True)
class _Facts:
    """What is known of one SafeRollout; `looks` counts those of the analysis by result, `looked_at` is the last that was counted."""

    namespace: str
    name: str
    status: Status
    gates: tuple[GateStatus, ...]
    held: dict[str, bool]
    rollbacks: int = 0
    looks: dict[str, int] = field(default_factory=dict)
    looked_at: datetime | None = None

    @property
    def labels(self) -> list[str]:
        return [self.namespace, self.name]


@dataclass(slots=True, eq=False)
class _Releases(Collector):
    """Turns facts into series whenever somebody asks."""

    facts: dict[str, _Facts] = field(default_factory=dict)

    def collect(self) -> Iterator[Metric]:
        """Make every series that speaks of a SafeRollout."""
        yield from (self._info(), *self._steps(), self._held(), self._values(), self._verdicts(), self._findings(), self._looks(), self._rollbacks())

    def _info(self) -> Metric:
        family = _gauge(series.INFO)
        for facts in self.facts.values():
            release, summary = facts.status.release, facts.status.summary
            family.add_metric([*facts.labels, release.id if release else "", summary.state.value if summary else ""], 1)
        return family

    def _steps(self) -> Iterator[Metric]:
        done = _gauge(series.STEP)
        known = _gauge(series.STEPS)
        for facts in self.facts.values():
            steps = facts.status.release.steps if facts.status.release else []
            done.add_metric(facts.labels, sum(step.state == _DONE for step in steps))
            known.add_metric(facts.labels, len(steps))
        yield from (done, known)

    def _held(self) -> Metric:
        family = _gauge(series.WORKLOAD_HELD)
        for facts in self.facts.values():
            for workload, held in sorted(facts.held.items()):
                family.add_metric([*facts.labels, workload], held)
        return family

    def _values(self) -> Metric:
        family = _gauge(series.GATE_VALUE)
        for facts in self.facts.values():
            for gate in facts.gates:
                value = _number(gate)
                if value is not None:
                    family.add_metric([*facts.labels, gate.name], value)
        return family

    def _verdicts(self) -> Metric:
        family = _gauge(series.GATE_VERDICT)
        for facts in self.facts.values():
            for gate in facts.gates:
                family.add_metric([*facts.labels, gate.name, gate.verdict], 1)
        return family

    def _findings(self) -> Metric:
        family = _gauge(series.FINDING)
        for facts in self.facts.values():
            release = facts.status.release
            if release is not None and release.end_time is None and release.finding is not None:
                family.add_metric([*facts.labels, release.finding.cause, release.finding.certainty], 1)
        return family

    def _looks(self) -> Metric:
        family = CounterMetricFamily(series.ANALYSIS_LOOKS.name, series.ANALYSIS_LOOKS.help, labels=series.ANALYSIS_LOOKS.labels)
        for facts in self.facts.values():
            for result, count in facts.looks.items():
                family.add_metric([*facts.labels, result], count)
        return family

    def _rollbacks(self) -> Metric:
        family = CounterMetricFamily(series.ROLLBACKS.name, series.ROLLBACKS.help, labels=series.ROLLBACKS.labels)
        for facts in self.facts.values():
            family.add_metric(facts.labels, facts.rollbacks)
        return family


class Metrics:
    """Implements engine.ports.Telemetry, and hears of requests and of leadership."""

    def __init__(self) -> None:
        # Two series for each counter tell nothing that a rate needs.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library is typed only in part
        self._registry = CollectorRegistry()
        self._releases = _Releases()
        self._registry.register(self._releases)
        self._looks = Counter(series.LOOKS.name, series.LOOKS.help, series.LOOKS.labels, registry=self._registry)
        self._seconds = Histogram(series.LOOK_SECONDS.name, series.LOOK_SECONDS.help, series.LOOK_SECONDS.labels, registry=self._registry)
        self._requests = Counter(series.REQUESTS.name, series.REQUESTS.help, series.REQUESTS.labels, registry=self._registry)
        self._leader = Gauge(series.LEADER.name, series.LEADER.help, series.LEADER.labels, registry=self._registry)
        self._depth = Gauge(series.QUEUE_DEPTH.name, series.QUEUE_DEPTH.help, series.QUEUE_DEPTH.labels, registry=self._registry)

    def watch_queue(self, depth: Callable[[], int]) -> None:
        """Show the depth of the queue as it is when asked."""
        self._depth.set_function(depth)

    def lead(self, leading: bool) -> None:
        """Show whether this process leads."""
        self._leader.set(leading)

    def requested(self, verb: str, code: str) -> None:
        """Count a request to the API server."""
        self._requests.labels(verb=verb, code=code).inc()

    def decided(self, key: str, snapshot: Snapshot, decision: Decision) -> None:
        """Show what a decision made of a SafeRollout."""
        held = {name: view.held for name, view in snapshot.world.workloads.items()}
        known = self._releases.facts.get(key)
        rollbacks = (known.rollbacks if known else 0) + _turned_back(snapshot.status, decision.status)
        facts = _Facts(namespace=snapshot.namespace, name=snapshot.name, status=decision.status, gates=decision.gates, held=held, rollbacks=rollbacks)
        facts.looks, facts.looked_at = _looks_with(decision, known)
        self._releases.facts[key] = facts

    def reconciled(self, result: str, *, seconds: float) -> None:
        """Count a look and its seconds."""
        self._looks.labels(result=result).inc()
        self._seconds.observe(seconds)

    def forget(self, key: str) -> None:
        """Let the series of a SafeRollout vanish."""
        self._releases.facts.pop(key, None)

    def exposition(self) -> bytes:
        """Write everything in Prometheus' text format."""
        return generate_latest(self._registry)


def _gauge(one: series.Series) -> GaugeMetricFamily:
    return GaugeMetricFamily(one.name, one.help, labels=one.labels)


def _turned_back(before: Status, after: Status) -> bool:
    was = before.release.rollback if before.release else None
    now = after.release.rollback if after.release else None
    return now is not None and (was is None or was.start_time != now.start_time)


def _looks_with(decision: Decision, known: _Facts | None) -> tuple[dict[str, int], datetime | None]:
    """Count the last look of the analysis once, however many decisions are made between two of them; both results are there from the first on."""
    looks = dict(known.looks) if known is not None else {}
    last = known.looked_at if known is not None else None
    look = decision.look
    if look is None or look.at == last:
        return looks, last
    looks = looks or {_ANSWERED: 0, _UNANSWERED: 0}
    looks[_ANSWERED if look.answered else _UNANSWERED] += 1
    return looks, look.at


def _number(gate: GateStatus) -> float | None:
    try:
        return float(gate.value)
    except ValueError:
        return None
