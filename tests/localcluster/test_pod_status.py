"""A fake pod's status reads like the real kubelet's."""

from typing import Any

from localcluster.pod_script import Stage
from localcluster.pod_status import render_status, restart_count


def pod(status: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "spec": {"containers": [{"name": "main", "image": "shop:1"}]}, "status": status or {}}


def render(before: dict[str, Any], *, ready: bool, now: str, restarts: int = 0) -> dict[str, Any]:
    stage = Stage(delay=0, phase="Running", ready=ready, state={"running": {}}, restarts=restarts)
    return render_status(before, stage, pod_address="198.18.64.1", node_address="198.18.0.10", now=now)


def transition(status: dict[str, Any], kind: str) -> str:
    times: dict[str, str] = {condition["type"]: condition["lastTransitionTime"] for condition in status["conditions"]}
    return times[kind]


def test_a_condition_that_stays_keeps_its_transition_time_and_one_that_flips_does_not() -> None:
    first = render(pod(), ready=True, now="2026-01-01T00:00:00Z")
    second = render(pod(first), ready=False, now="2026-01-01T00:00:05Z")
    assert transition(second, "Ready") == "2026-01-01T00:00:05Z"
    assert transition(second, "Initialized") == "2026-01-01T00:00:00Z"
    assert second["startTime"] == "2026-01-01T00:00:00Z"


def test_a_pod_that_is_not_ready_names_its_containers() -> None:
    status = render(pod(), ready=False, now="2026-01-01T00:00:00Z")
    [ready] = [condition for condition in status["conditions"] if condition["type"] == "Ready"]
    assert ready["reason"] == "ContainersNotReady"
    assert "[main]" in ready["message"]


def test_conditions_of_others_are_left_alone() -> None:
    theirs = {"type": "example.org/gate", "status": "True", "lastTransitionTime": "2025-01-01T00:00:00Z"}
    assert theirs in render(pod({"conditions": [theirs]}), ready=True, now="2026-01-01T00:00:00Z")["conditions"]


def test_the_restart_count_is_read_back_from_the_status() -> None:
    assert restart_count(pod()) == 0
    assert restart_count(pod(render(pod(), ready=True, now="2026-01-01T00:00:00Z", restarts=3))) == 3
