"""What pods stand on and are seen by: their nodes, and Prometheus' scrapes of them.

A pod that Kubernetes says is ready and that Prometheus gets no samples from is no evidence of anything: neither that it works nor that it fails.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from saferollout.core.analysis.incarnations import new_at
from saferollout.core.analysis.lifelines import Lifeline, confirmed
from saferollout.core.analysis.material import IsPod, Material
from saferollout.core.analysis.young_pods import WARM_UP
from saferollout.core.catalogue.series import Series, SignalName
from saferollout.core.counting import Look
from saferollout.core.diagnosis.evidence import Dependency
from saferollout.core.measurements import Outcome

_MANY: Final = 0.5
"""What share of a workload's ready old pods must be out of Prometheus' sight before it is trouble."""


def nodes(material: Material) -> Iterator[Lifeline]:
    """Yield the life of the nodes on which pods of the workloads run; together, since pods of all of them serve the same requests."""
    series = next(_of_anybody(material, SignalName.NODE_READY), None)
    if series is None:
        return
    bad = [(look.at, frozenset(_not_ready(look))) for look in material.looks(series)]
    if not bad:
        return
    states = confirmed(bad)
    worst = next((names for (_, up), (_, names) in zip(reversed(states), reversed(bad), strict=True) if not up), frozenset[str]())
    yield Lifeline(Dependency.NODE, states=states, name=min(worst, default=""))


def scrapes(material: Material) -> Iterator[Lifeline]:
    """Yield, for each workload of the release, whether Prometheus gets samples from most of its ready pods that are not new.

    That it gets none from new ones may be their own doing: nothing is shown of them then, and the batch is held for that (exposure.py).
    """
    for name in sorted({target.workload for target in material.targets}):
        ready, up = (material.series_for(signal, workload=name) for signal in (SignalName.READINESS, SignalName.SCRAPED))
        if ready is None or up is None:
            continue
        answered = _answered(material, up)
        sight = _Sight(is_pod=material.pods_of(name), is_new=new_at(material, name))
        bad = [(look.at, frozenset({name} if sight.is_lost(look, answered[look.at]) else ())) for look in material.looks(ready) if look.at in answered]
        if not bad or not sight.scraped:
            continue
        yield Lifeline(Dependency.SCRAPE, states=confirmed(bad), name=f"pods of {name}")


@dataclass(slots=True)
class _Sight:
    """Goes from look to look and remembers which pods Prometheus has got samples from, and since when each is ready."""

    is_pod: IsPod
    is_new: Callable[[str, datetime], bool]
    scraped: set[str] = field(default_factory=set)
    ready_since: dict[str, datetime] = field(default_factory=dict)

    def is_lost(self, ready: Look, up: Mapping[str, float]) -> bool:
        """Tell whether most of the old pods that should be scraped by now are not; one that has just got ready takes no part yet."""
        self.scraped.update(pod for pod, value in up.items() if value > 0 and self.is_pod(pod))
        pods = {pod for pod, processes in ready.subjects.items() if self.is_pod(pod) and _lowest(processes) > 0}
        for pod in pods:
            self.ready_since.setdefault(pod, ready.at)
        expected = [pod for pod in pods if pod in self.scraped or ready.at - self.ready_since[pod] >= WARM_UP]
        return bool(self.scraped) and _are_missing([pod for pod in expected if not self.is_new(pod, ready.at)], up)


def _are_missing(pods: Sequence[str], up: Mapping[str, float]) -> bool:
    return bool(pods) and sum(not up.get(pod) for pod in pods) >= _MANY * len(pods)


def _answered(material: Material, series: Series) -> dict[datetime, dict[str, float]]:
    """Return who was scraped at each look; where nobody has such a series any more, nobody was."""
    found = {look.at: {pod: _lowest(processes) for pod, processes in look.subjects.items()} for look in material.looks(series)}
    return {one.at: {} for one in material.answers(series) if one.outcome is Outcome.NO_DATA} | found


def _of_anybody(material: Material, signal: SignalName) -> Iterator[Series]:
    return (line.found.series for line in material.lines if line.found.signal is signal and line.found.series is not None)


def _not_ready(look: Look) -> Iterator[str]:
    for processes in look.subjects.values():
        for keys in processes.values():
            yield from (labels[-1][1] for labels, value in keys.items() if value <= 0)


def _lowest(processes: Mapping[str, Mapping[tuple[tuple[str, str], ...], float]]) -> float:
    return min((value for keys in processes.values() for value in keys.values()), default=0.0)
