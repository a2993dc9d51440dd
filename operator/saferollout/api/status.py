"""The status of a SafeRollout: what can't be derived again (written ahead), and what a person wants to read.

Times are RFC 3339 in UTC with seconds. Messages are deterministic: sorted, without relative time, so that an unchanged
situation writes nothing. `hash` fields name a revision (see core/views.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from saferollout.api.base import Model

Hash = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(max_length=253)]
Sentence = Annotated[str, Field(max_length=1024)]
Word = Annotated[str, Field(max_length=64)]
VersionText = Annotated[str, Field(max_length=64)]


class ConditionStatus(StrEnum):
    """Kubernetes' three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """A standard Kubernetes condition."""

    type: Word = Field(description="Ready, Reconciling, Stalled or PlanAccepted.")
    status: ConditionStatus
    reason: Word = Field(description="CamelCase reason; the reference page lists them all.")
    message: Sentence = Field(default="", description="One sentence for people.")
    observed_generation: int = Field(default=0, ge=0, description="The generation this condition speaks of.")
    last_transition_time: datetime = Field(description="When `status` last changed.")


class State(StrEnum):
    """Where a release is. `summary.state` shows it; conditions say the same to machines."""

    IDLE = "Idle"
    SETTLING = "Settling"
    PROGRESSING = "Progressing"
    WAITING = "Waiting"
    AWAITING_APPROVAL = "AwaitingApproval"
    PAUSED = "Paused"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    FAILED = "Failed"
    REFUSED = "Refused"
    COMPLETED = "Completed"


class Summary(Model):
    """One screen's worth of truth."""

    state: State
    step: Word = Field(default="", description="Steps done of steps known, for example 3/7.")
    waiting_for: Sentence = Field(default="", description="What the release waits for now; empty where it waits for nothing.")
    message: Sentence = Field(default="", description="One sentence for people.")
    hold_mode: Word = Field(default="", description="Policy: the API server holds. Reactive: the operator pauses as soon as it sees a change, which is weaker.")


class Target(Model):
    """A workload of the release, from which revision to which."""

    workload: Name
    from_hash: Hash = Field(default="", description="The revision before this release; empty for a first creation.")
    to_hash: Hash
    rolled: bool = Field(default=False, description="Its roll has started in this release.")
    done: bool = Field(default=False, description="Its roll is complete and its gates have held.")


class ActiveRoll(Model):
    """A roll that has started; written before its first new pod can exist."""

    workload: Name
    hash: Hash
    start_time: datetime = Field(description="Gates measure at startTime + initialDelaySeconds + k * intervalSeconds.")
    batch: int = Field(default=0, ge=0, description="The batch in work, from 0; the last one is 100 percent.")
    batches: int = Field(default=1, ge=1)
    batch_start_time: datetime
    ready_time: datetime | None = Field(default=None, description="When the last pod of this batch was first seen available; the bake counts from here.")


class Batch(Model):
    """One batch of one roll."""

    workload: Name
    hash: Hash
    batch: int = Field(ge=0, description="From 0, as in rolls.")


class Approval(Model):
    """A human's recorded waiver."""

    subject: Sentence = Field(description="What was approved, for example gate/dead-letters or Prove/user-events/1.")
    by: Name = Field(default="", description="Who said so, as their client told; RBAC decides who may.")
    reason: Sentence = Field(default="")
    time: datetime
    batches: list[Batch] = Field(default_factory=list, description="The batches under way when it was given: for a gate it stands for these and no later ones.")


class Waiver(Model):
    """Who paused, expedited or aborted, when and why."""

    by: Name = Field(default="")
    reason: Sentence = Field(default="")
    time: datetime


class GateStart(Model):
    """How a gate stood before the first step."""

    name: Name
    value: Annotated[str, Field(max_length=32)] | None = Field(default=None, description="The value at the start; depth-like signals are judged against it.")
    failing: bool = Field(default=False, description="It failed before the first step; ignored until it has passed once.")
    passed_time: datetime | None = Field(default=None, description="When a gate that was failing at the start first passed.")


class Failure(Model):
    """Why the release stopped."""

    workload: Name
    hash: Hash = ""
    gate: Name = ""
    reason: Word
    message: Sentence
    time: datetime


class Stay(Model):
    """A workload that can't go back, and the version that holds it."""

    workload: Name
    contract: Name = ""
    version: VersionText = ""
    message: Sentence = ""


class Rollback(Model):
    """A way back in progress or done."""

    back: list[Name] = Field(default_factory=list, description="Workloads that go back, in this order.")
    returned: list[Name] = Field(default_factory=list, description="Those that are back.")
    stay: list[Stay] = Field(default_factory=list)
    start_time: datetime
    turn_time: datetime = Field(description="When the workload whose turn it is was told to go back.")


class PlanStep(Model):
    """A step of the plan as shown to people."""

    id: Annotated[str, Field(max_length=320)] = Field(description="Kind/name, for example Roll/billing-service or Prove/user-events/1.")
    kind: Word = Field(description="Roll, Prove or Approve.")
    workload: Name = ""
    contract: Name = ""
    version: VersionText = ""
    stage: Word = Field(default="", description="Expand, Migrate or Contract.")
    state: Word = Field(default="Pending", description="Pending, Rolling, Baking, Waiting or Done.")
    because: Sentence = ""


class Release(Model):
    """The release in work, or the last one."""

    id: Word
    start_time: datetime
    changed_time: datetime = Field(description="When the set of templates last changed; settleSeconds counts from here.")
    end_time: datetime | None = None
    targets: list[Target] = Field(default_factory=list)
    rolls: list[ActiveRoll] = Field(default_factory=list)
    steps: list[PlanStep] = Field(default_factory=list)
    gates: list[GateStart] = Field(default_factory=list)
    approvals: list[Approval] = Field(default_factory=list)
    preflight_done: bool = Field(default=False, description="Every gate was judged before the first step.")
    paused: Waiver | None = None
    expedited: Waiver | None = None
    failure: Failure | None = None
    rollback: Rollback | None = None


class WorkloadStatus(Model):
    """What is known of one workload."""

    name: Name
    stable_hash: Hash = Field(default="", description="The revision that runs when nothing is being released.")
    failed_hash: Hash = Field(default="", description="The template that failed; it stays held until it changes or someone says retry.")
    returned_hash: Hash = Field(
        default="", description="The template that went back together with a failed one; it waits until that one changes or is tried again."
    )
    state: Word = Field(default="", description="Stable, Held, Rolling, Baking, Failed, Returning, Absent, Invalid or OwnerPaused.")
    message: Sentence = ""
    label_added: bool = Field(default=False, description="The operator put the managed-by label on; it takes it off when giving back.")
    restart_time: Annotated[str, Field(max_length=40)] = Field(default="", description="A restart asked for while a template is held.")


class Drain(Model):
    """A version that nobody writes any more, since when."""

    version: VersionText
    since: datetime


class ContractStatus(Model):
    """What may lie in a contract that stores, and who reads it although nobody said so."""

    name: Name
    stored_versions: list[VersionText] = Field(default_factory=list)
    announced_versions: list[VersionText] = Field(default_factory=list, description="spec.storedVersions as last taken in.")
    drains: list[Drain] = Field(default_factory=list)
    undeclared_groups: list[Name] = Field(
        default_factory=list, description="Consumer groups of the topic that the contract does not name; at most 20. A warning only."
    )


class GateStatus(Model):
    """The verdict of a gate when this was written, in numbers; it is not written anew for every value (core/gate_news.py)."""

    name: Name
    verdict: Word = Field(description="Passing, Failing, Inconclusive, Waiting, Ignored or DryRun.")
    value: Annotated[str, Field(max_length=32)] = ""
    limit: Annotated[str, Field(max_length=64)] = Field(default="", description="The bound and its direction, for example <= 0.02.")
    message: Sentence = ""
    measured_time: datetime | None = Field(default=None, description="When the measurement was taken that verdict and value speak of.")


class CommandResult(Model):
    """What became of something a person said."""

    id: Word
    verb: Word
    by: Name = ""
    time: datetime
    accepted: bool
    message: Sentence = ""


class Status(Model):
    """Everything the operator writes; all of it may be lost and is then rebuilt on the safe side."""

    observed_generation: int = Field(default=0, ge=0)
    conditions: list[Condition] = Field(default_factory=list)
    summary: Summary | None = None
    release: Release | None = None
    workloads: list[WorkloadStatus] = Field(default_factory=list)
    contracts: list[ContractStatus] = Field(default_factory=list)
    gates: list[GateStatus] = Field(default_factory=list)
    commands: list[CommandResult] = Field(default_factory=list, description="The last ten.")
