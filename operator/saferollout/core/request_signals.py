"""Signals of HTTP servers, from Micrometer's `http_server_requests_seconds_*`.

`increase()` does not count what a new series starts with, so the first errors of a new pod would vanish. Here a counter is read raw and
differenced, and a series that was not there at the start of the window counts from 0 (systems-and-signals.md, D0).
"""

from dataclasses import dataclass
from typing import Final

from saferollout.core.arms import Labels, alternation
from saferollout.core.measurements import Query
from saferollout.core.promql import age_of_selectors
from saferollout.core.promql_text import matcher

_COUNT: Final = "http_server_requests_seconds_count"
_BUCKET: Final = "http_server_requests_seconds_bucket"
_SWITCH: Final = "management.metrics.distribution.percentiles-histogram.http.server.requests=true"

# How far back the last value before the window is looked for. A range, unlike an instant, sees through a failed scrape or a short
# outage of Prometheus; without it an old pod would count all it ever served.
_LOOKBACK: Final = "1h"


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests to some pods (name patterns) in a window that ends at the instant of the question."""

    pods: tuple[str, ...]
    window_seconds: int
    namespace: str
    labels: Labels

    def selector(self, metric: str, *, status: str | None = None) -> str:
        """Select a metric of these pods, with answers of one class such as `5..`."""
        matchers = [matcher(self.labels.namespace, "=", self.namespace), matcher(self.labels.pod, "=~", alternation(self.pods))]
        if status is not None:
            matchers.append(matcher("status", "=~", status))
        return f"{metric}{{{','.join(matchers)}}}"

    def targets(self) -> str:
        """Count these pods' scrape targets that answer: Micrometer's counters exist only after the first request."""
        return f"count({self.selector('up')} == 1)"

    def grown(self, selector: str) -> str:
        """Return how much each counter grew in the window; after a restart of the process: what it has counted since."""
        before = f"(last_over_time({selector}[{_LOOKBACK}] offset {self.window_seconds}s) or {selector} * 0)"
        return f"({selector} - {before} >= 0 or {selector} * 1)"


def error_ratio(requests: Requests, *, status: str, minimum_requests: int) -> Query:
    """Return the share of answers of a class of status; no such answer among some requests is 0."""
    every = requests.selector(_COUNT)
    errors = f"sum({requests.grown(requests.selector(_COUNT, status=status))})"
    total = f"sum({requests.grown(every)})"
    return Query(
        value=f"{errors} / ({total} > 0)",
        present=f"{total} or {requests.targets()}" if minimum_requests == 0 else f"{total} > 0",
        exposure=total,
        minimum_exposure=minimum_requests,
        age=age_of_selectors((every,)),
    )


def latency(requests: Requests, *, quantile: str, minimum_requests: int) -> Query:
    """Return a quantile of the latency in seconds."""
    every = requests.selector(_COUNT)
    buckets = requests.selector(_BUCKET)
    total = f"sum({requests.grown(every)})"
    value = f"histogram_quantile({quantile}, sum by (le) ({requests.grown(buckets)}))"
    # Without requests the quantile is NaN. Before the first step that must not hold: nothing can be slow there.
    waived = minimum_requests == 0
    return Query(
        value=f"{value} >= 0 and on () ({total} > 0)" if waived else value,
        present=f"({total} == 0) or ({requests.targets()} unless {total})" if waived else None,
        exposure=total,
        minimum_exposure=minimum_requests,
        age=age_of_selectors((buckets,)),
        absent=f"{_BUCKET} is not there, have the pods publish it ({_SWITCH})",
    )

