"""What `explain` has read of a workload, and the one word for what keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from saferollout.api.status import PlanStep
from saferollout.cli.picture import Picture
from saferollout.core.views import WorkloadView


class Verdict(StrEnum):
    """What keeps a workload, in one word."""

    FREE = "Free"
    UNMANAGED = "Unmanaged"
    PAUSED_BY_OWNER = "PausedByOwner"
    SAFEROLLOUT_MISSING = "SafeRolloutMissing"
    NOT_LISTED = "NotListed"
    ABSENT = "Absent"
    LEFT_PAUSED = "LeftPaused"
    PINNED = "Pinned"
    PACED = "Paced"
    FAILED = "Failed"
    HELD = "Held"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read.

    `object` is the name of the workload's object, empty where there is none, `picture` None where its SafeRollout is missing; `policies`: whether the cluster has the
    policy of the bypass, None where that may not be read.
    """

    workload: str
    object: str
    namespace: str
    view: WorkloadView | None
    label: str
    saferollouts: tuple[str, ...]
    picture: Picture | None
    listed: bool
    annotations: Mapping[str, str] = field(default_factory=dict)
    policies: bool | None = None
    kind: str = "Deployment"


def own_step(steps: list[PlanStep], workload: str) -> PlanStep | None:
    """Return the step of the plan that rolls the workload."""
    return next((step for step in steps if step.kind == "Roll" and step.workload == workload), None)
