"""The history of pods must be exact: the stories' promises are checked against it."""

import io
import json
from typing import Any

from localcluster.demo.pod_history import Moment, Pod, PodHistory, longest_stretch


def raw_pod(name: str, *, version: str, ready: bool = True, **metadata: str) -> dict[str, Any]:
    return {
        "metadata": {"uid": f"uid-{name}", "name": name, "labels": {"app": "user-service"}, **metadata},
        "spec": {"containers": [{"image": f"localhost/user-service:{version}"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def history_of(*events: tuple[str, dict[str, Any]]) -> PodHistory:
    history = PodHistory([], on_change=lambda moment: None)
    stream = "".join(json.dumps({"type": kind, "object": raw}, indent=4) + "\n" for kind, raw in events)
    history._follow(io.StringIO(stream))
    return history


def pods(count: int) -> tuple[Pod, ...]:
    return tuple(Pod(str(n), str(n), "user-service", "2.0.0", ready=True, terminating=False) for n in range(count))


def test_every_change_is_a_moment_and_what_changes_nothing_is_none() -> None:
    first = raw_pod("a", version="1.0.0")
    history = history_of(("ADDED", first), ("MODIFIED", first), ("ADDED", raw_pod("b", version="2.0.0")))
    assert [dict(moment.versions("user-service")) for moment in history.moments] == [{"1.0.0": 1}, {"1.0.0": 1, "2.0.0": 1}]


def test_a_terminating_pod_counts_until_it_is_deleted_but_is_not_ready_for_others() -> None:
    ending = raw_pod("a", version="1.0.0", deletionTimestamp="2026-01-01T00:00:00Z")
    history = history_of(("ADDED", raw_pod("a", version="1.0.0")), ("MODIFIED", ending), ("DELETED", ending))
    assert [moment.versions("user-service")["1.0.0"] for moment in history.moments] == [1, 1, 0]
    assert [moment.ready("user-service") for moment in history.moments] == [1, 0, 0]


def test_a_finished_pod_is_gone() -> None:
    finished = raw_pod("a", version="1.0.0")
    finished["status"]["phase"] = "Succeeded"
    history = history_of(("ADDED", raw_pod("a", version="1.0.0")), ("MODIFIED", finished))
    assert history.now.pods == ()


def test_since_begins_with_what_held_then() -> None:
    history = history_of()
    history.moments = [Moment(at=1, pods=pods(1)), Moment(at=5, pods=pods(2)), Moment(at=9, pods=pods(3))]
    assert [moment.at for moment in history.since(6)] == [5, 9]


def test_the_longest_stretch_is_measured_across_moments_that_hold_alike() -> None:
    moments = [Moment(at=at, pods=pods(count)) for at, count in [(0, 1), (2, 2), (3, 1), (4, 1), (8, 2), (9, 1)]]
    assert longest_stretch(moments, until=11, holds=lambda moment: len(moment.pods) == 1) == 5
    assert longest_stretch(moments, until=30, holds=lambda moment: len(moment.pods) == 1) == 21
    assert longest_stretch(moments, until=30, holds=lambda moment: len(moment.pods) == 7) == 0
