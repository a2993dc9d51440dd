"""Every state that an operator can write, shown by the real controller through the chart's health.lua."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from saferollout.api.status import State
from tests.argocd.story import Story

NOW = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Case:
    """What the operator says, and what Argo CD shall show. `stalled` is the reason, empty where it isn't."""

    state: State
    health: str
    waiting_for: str = ""
    stalled: str = ""
    generation_behind: int = 0


CASES = (
    Case(State.IDLE, "Healthy"),
    Case(State.COMPLETED, "Healthy"),
    Case(State.SETTLING, "Progressing"),
    Case(State.PROGRESSING, "Progressing", waiting_for="new pods"),
    Case(State.WAITING, "Progressing"),
    Case(State.WAITING, "Suspended", waiting_for="a proof"),
    Case(State.AWAITING_APPROVAL, "Suspended"),
    Case(State.PAUSED, "Suspended"),
    Case(State.ROLLING_BACK, "Degraded"),
    Case(State.ROLLED_BACK, "Degraded", stalled="RolledBack"),
    Case(State.FAILED, "Degraded", stalled="ProgressDeadlineExceeded"),
    Case(State.REFUSED, "Degraded", stalled="Refused"),
    Case(State.WAITING, "Suspended", waiting_for="a gate", stalled="GateWithoutVerdict"),
    Case(State.PROGRESSING, "Suspended", waiting_for="a gate", stalled="GateWithoutVerdict"),
    Case(State.WAITING, "Degraded", waiting_for="the floor", stalled="BelowTheFloor"),
    Case(State.IDLE, "Degraded", stalled="WorkloadForbidden"),
    Case(State.COMPLETED, "Progressing", generation_behind=1),
)


def test_each_state_of_the_operator_has_the_health_that_the_docs_say(story: Story) -> None:
    assert {case.state for case in CASES} == set(State), "a new state needs a health"
    story.repository.commit("A SafeRollout without an operator", story.safe_rollout())
    story.application.create(repository=story.repository.url, namespace=story.shop.namespace)
    story.wait("nobody has looked at it", lambda: shown(story) == ("Progressing", "the operator has not looked at this spec yet"))
    for number, case in enumerate(CASES):
        said = f"sentence {number} of {case.state}"
        assert story.shop.kubectl("patch", "saferollout", "shop", "--subresource=status", "--type=merge", "-p", status(story, case, said)).code == 0
        expected = (case.health, "the operator has not looked at this spec yet" if case.generation_behind else said)
        story.wait(f"{case}", lambda expected=expected: shown(story) == expected, seconds=20)


def shown(story: Story) -> tuple[str, str]:
    seen = story.application.objects().get("SafeRollout/shop")
    return (seen.health, seen.message) if seen else ("", "")


def status(story: Story, case: Case, said: str) -> str:
    generation = story.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts", "shop")["metadata"]["generation"]
    refused = case.state is State.REFUSED
    told = [
        condition("Ready", False, case.state, "the refusal without its repair" if refused else said),
        condition("Stalled", bool(case.stalled), case.stalled or case.state, said),
        condition("PlanAccepted", not refused, "Refused" if refused else "Accepted", said if refused else ""),
    ]
    summary = {"state": case.state, "waitingFor": case.waiting_for, "message": said, "step": "", "holdMode": "Policy"}
    return json.dumps({"status": {"observedGeneration": generation - case.generation_behind, "summary": summary, "conditions": told}})


def condition(kind: str, holds: bool, reason: str, message: str) -> dict[str, Any]:
    return {"type": kind, "status": str(holds), "reason": reason, "message": message, "observedGeneration": 1, "lastTransitionTime": NOW}
