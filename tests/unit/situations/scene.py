"""The shop of the golden releases on an ordinary day, and what people read from its status."""

from typing import Any

from saferollout.api.status import State, WorkloadStatus
from tests.golden.shop import shop
from tests.golden.stage import Memory, Stage


def ordinary_day(**spec: Any) -> Stage:
    """Return notification and billing (readers), user-service (their writer, and a server) and gateway (its client)."""
    return shop(Memory.KEPT, **spec)


def state(stage: Stage) -> State:
    assert stage.status.summary is not None
    return stage.status.summary.state


def waits(stage: Stage) -> str:
    """Return what status says that the release waits for, and the sentence beside it."""
    assert stage.status.summary is not None
    return f"{stage.status.summary.message} {stage.status.summary.waiting_for}"


def condition(stage: Stage, kind: str) -> tuple[str, str]:
    """Return a condition's status and message."""
    return next((str(known.status), known.message) for known in stage.status.conditions if known.type == kind)


def workload(stage: Stage, name: str) -> WorkloadStatus:
    return next(known for known in stage.status.workloads if known.name == name)


def steps(stage: Stage) -> dict[str, str]:
    """Return the steps of the release with why they stand where they do, in order."""
    release = stage.status.release
    return {step.id: step.because for step in release.steps} if release is not None else {}


def order(stage: Stage) -> list[str]:
    """Return the workloads in the order in which their rolls started."""
    return [line.split(" ", 1)[1] for line in stage.log if line.startswith("RollStarted ")]


def untouched(stage: Stage, *names: str) -> bool:
    """Tell whether nothing was written to these workloads."""
    return not any(getattr(write, "workload", "") in names for write in stage.writes)
