"""The shop of the golden releases: four services, one topic, one API; and one release of them all."""

from collections.abc import Callable
from typing import Any

from saferollout.api.spec import SafeRolloutSpec
from tests.golden.stage import Memory, Stage

Story = Callable[[Stage], None]
TOPIC = {"name": "user-events", "topic": {"name": "user.events", "retentionSeconds": 3600, "deadLetterTopic": "user.events.dlt"}}
PRICES = {"name": "prices", "cache": {"ttlSeconds": 60}}
API = {"name": "users-api", "api": {"server": "user-service", "clients": ["gateway"]}}
LETTERS = {"name": "dead-letters", "signal": "DeadLetterDepth", "contract": "user-events", "max": "5", "intervalSeconds": 5}
REFUSALS = {"name": "gateway-4xx", "signal": "ClientErrorRatio", "workload": "gateway", "max": "0.02", "intervalSeconds": 5}

OLD = {
    "notification": "user-events: {reads: [1]}",
    "billing": "user-events: {reads: [1]}",
    "user-service": "{user-events: {writes: [1]}, users-api/response: {writes: [1]}}",
    "gateway": "users-api/response: {reads: [1]}",
}
NEW = {
    "notification": "user-events: {reads: [1, 2]}",
    "billing": "user-events: {reads: [1, 2]}",
    "user-service": "{user-events: {writes: [2]}, users-api/response: {writes: [2]}}",
    "gateway": "users-api/response: {reads: [1, 2]}",
}
REPLICAS = {"notification": 2, "billing": 4, "user-service": 10, "gateway": 3}


def played_with(**spec: Any) -> Callable[[Story], Story]:
    """Have a story played with other fields in the SafeRollout's spec."""

    def remember(story: Story) -> Story:
        vars(story)["spec"] = spec
        return story

    return remember


def shop(memory: Memory, **changes: Any) -> Stage:
    """Return the four services as they run, after the operator has taken them over."""
    spec = {
        "workloads": [
            {"name": "notification"}, {"name": "billing", "batches": ["50%"]}, {"name": "user-service", "batches": ["10%", "50%"]}, {"name": "gateway"},
        ],
        "contracts": [TOPIC, API], "gates": [LETTERS, REFUSALS], "bakeSeconds": 10, "settleSeconds": 0, "progressDeadlineSeconds": 30,
        **changes,
    }  # fmt: skip
    stage = Stage(spec=SafeRolloutSpec.model_validate(spec), memory=memory)
    for name, contracts in OLD.items():
        stage.running(name, f"{name[0]}1", contracts, replicas=REPLICAS[name])
    stage.play()
    stage.writes.clear()
    return stage


def release_all(stage: Stage, *names: str) -> None:
    """Have Git apply the new template of these workloads, of all of them where none is named, in the order given."""
    for name in names or NEW:
        stage.apply(name, f"{name[0]}2", NEW[name])


def rolling(stage: Stage, name: str, *, batch: int = 0) -> bool:
    """Tell whether a workload is at a batch of its roll and has new pods."""
    rolls = stage.status.release.rolls if stage.status.release is not None else []
    return any(roll.workload == name and roll.batch == batch and roll.hash in stage.pods(name) for roll in rolls)


def baking(stage: Stage, name: str, *, batch: int = 0) -> bool:
    """Tell whether a batch of a workload is ready and bakes."""
    rolls = stage.status.release.rolls if stage.status.release is not None else []
    return any(roll.workload == name and roll.batch == batch and roll.ready_time is not None for roll in rolls)
