"""Releases in batches under an operator that is left alone, recorded from the API server's watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.cluster.history import Event, History
from bench.cluster.plane import Plane
from bench.cluster.traffic import names_of, prometheus_with_traffic
from bench.stories.story import Apply, Revision, Service, Story
from bench.stories.telling import run_first_revisions, tell

BAKE_SECONDS: Final = 4

GATES: Final[tuple[dict[str, Any], ...]] = (
    {"name": "letters", "signal": "DeadLetterDepth", "contract": "events", "max": "20", "intervalSeconds": 2},
    *(
        {
            "name": f"{service}-{name}", "signal": signal, "workload": service, "max": "0.05", "windowSeconds": 10, "minimumRequests": 20,
            "intervalSeconds": 2,
        }
        for service in ("reader", "writer")
        for name, signal in (("4xx", "ClientErrorRatio"), ("5xx", "ServerErrorRatio"))
    ),
    {"name": "load", "promql": 'sum(http_server_requests_seconds_count{pod=~"$all"})', "max": "999999999", "intervalSeconds": 2},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """What happened in one namespace after its first revisions ran."""

    story: Story
    pods: list[Event]
    deployments: list[Event]
    safe_rollouts: list[Event]


def story(*, gated: bool) -> Story:
    """Return a reader and a writer that roll in three batches each, with six gates or with none."""
    batches = (25, 50)
    services = (
        Service("writer", Revision("writer:1", {"events": {"writes": [1]}}), batches=batches),
        Service("reader", Revision("reader:1", {"events": {"reads": [1]}}), batches=batches),
    )
    changes = (
        Apply(0, "reader", Revision("reader:2", {"events": {"reads": [1, 2]}})),
        Apply(0, "writer", Revision("writer:2", {"events": {"writes": [2]}})),
    )
    topic = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400, "deadLetterTopic": "events.dlt"}}
    # What gates cost is measured; the analysis would rightly hold: offsets of the pretended dead-letter topic go back, as no topic's do.
    gating = {"gating": "Enabled", "bakeSeconds": BAKE_SECONDS, "gates": list(GATES), "analysis": {"mode": "Disabled"}}
    spec: Mapping[str, Any] = gating if gated else {}
    return Story("gated" if gated else "without gates", services, (topic,), changes, spec=spec)


def record(plane: Plane, stories: Mapping[str, Story]) -> list[Recording]:
    """Play the stories side by side, one per namespace, and return what was heard. Raises TimeoutError where one does not end."""
    plane.create_namespaces(list(stories))
    paths = ("/api/v1/pods", "/apis/apps/v1/deployments", "/apis/saferollout.io/v1alpha1/saferollouts")
    histories = [History(plane.cluster.api, path).start() for path in paths]
    pods = histories[0]
    try:
        with (
            prometheus_with_traffic(plane.folder, lambda: names_of(list(pods.events))) as prometheus,
            plane.running_operator(config=f"prometheus: {{url: '{prometheus.url}'}}\n"),
        ):
            run_first_revisions(plane, stories)
            late = tell(plane, stories)
            if late:
                raise TimeoutError("; ".join(late))
    finally:
        for history in histories:
            history.stop()
        plane.delete_namespaces(list(stories))
    return [Recording(told, *(history.of(namespace) for history in histories)) for namespace, told in stories.items()]
