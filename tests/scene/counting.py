"""What people and Prometheus count, as conditions to wait for."""

from collections.abc import Callable

from localcluster.opencore.counts import Counts, count
from localcluster.opencore.series import ask
from localcluster.opencore.stage import Stage


def counted(stage: Stage, before: Counts, enough: Callable[[Counts], bool]) -> Callable[[], bool]:
    """Return whether what came since is enough."""
    return lambda: enough(count(stage.prometheus_url).since(before))


def pods_with(stage: Stage, promql: str) -> set[str]:
    """Return the workloads of the pods that have such a series with a value above 0."""
    return {series.labels["pod"].rsplit("-", 2)[0] for series in ask(stage.prometheus_url, promql) if series.value > 0}


def refused(stage: Stage) -> float:
    """Return how many requests were answered 4xx so far, by anybody."""
    found = ask(stage.prometheus_url, 'sum(max_over_time(http_server_requests_seconds_count{namespace="opencore",status=~"4.."}[6h]))')
    return found[0].value if found else 0.0
