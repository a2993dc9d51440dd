"""Dead letters and failed requests: what a release costs people."""

from __future__ import annotations

from dataclasses import dataclass

from localcluster.opencore.series import ask

_DEAD_LETTERS = 'sum(last_over_time(kafka_topic_partition_current_offset{namespace="opencore",topic="user.events-dlt"}[1h]))'
# The people's own view: every request that they made, also of an earlier load, by what came of it.
_REQUESTS = 'sum by (status) (max_over_time(http_client_requests_seconds_count{namespace="opencore",pod=~"load-.*"}[6h]))'


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the scene was started."""

    dead_letters: int
    requests: int
    failed: int

    def since(self, earlier: Counts) -> Counts:
        """Return what came after the earlier ones."""
        return Counts(
            dead_letters=self.dead_letters - earlier.dead_letters,
            requests=self.requests - earlier.requests,
            failed=self.failed - earlier.failed,
        )

    def __str__(self) -> str:
        return f"dead letters {self.dead_letters}, failed requests {self.failed} of {self.requests}"


def count(prometheus_url: str, *, at: float | None = None) -> Counts:
    """Count from Prometheus, up to an instant or now. A request counts as failed unless it was answered with 2xx."""
    letters = ask(prometheus_url, _DEAD_LETTERS, at=at)
    requests = ask(prometheus_url, _REQUESTS, at=at)
    return Counts(
        dead_letters=round(letters[0].value) if letters else 0,
        requests=round(sum(series.value for series in requests)),
        failed=round(sum(series.value for series in requests if not series.labels.get("status", "").startswith("2"))),
    )
