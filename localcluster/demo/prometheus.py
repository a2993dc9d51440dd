"""What the demo asks the real Prometheus, to show that the numbers really rose."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request

_DEAD_LETTERS = (
    'sum(kafka_topic_partition_current_offset{topic="user.events.dlt"}) - sum(kafka_topic_partition_oldest_offset{topic="user.events.dlt"})'
)


def ask(url: str, promql: str) -> float | None:
    """Return the answer of a query that has one number; None where there is none."""
    query = urllib.parse.urlencode({"query": promql})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as response:
        result = json.load(response)["data"]["result"]
    return float(result[0]["value"][1]) if result else None


def dead_letters(url: str) -> float:
    """Return the depth of the dead-letter topic."""
    return ask(url, _DEAD_LETTERS) or 0.0


def answered(url: str, *, pod: str, status: str = ".*") -> float:
    """Return how many requests a pod has answered, also one that is gone."""
    selector = f'http_server_requests_seconds_count{{namespace="opencore",pod=~"{pod}",status=~"{status}"}}'
    return ask(url, f"sum(max_over_time({selector}[10m]))") or 0.0
