"""The status of a SafeRollout: what can't be derived again (written ahead), and what a person wants to read.

Times are RFC 3339 in UTC with seconds. Messages are deterministic: sorted, without relative time, so that an unchanged
situation writes nothing. `hash` fields name a revision (see core/views.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from saferollout.api.base import Model
from saferollout.api.explained import ExplainedWord

Hash = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(max_length=253)]
Sentence = Annotated[str, Field(max_length=1024)]
Word = Annotated[str, Field(max_length=64)]
VersionText = Annotated[str, Field(max_length=64)]

UNSEEN: Final = -1
"""What the API server fills in for `observedGeneration` of a new object: kstatus (and so `helm --wait`) takes an object that says nothing of
itself for done."""


class ConditionStatus(StrEnum):
    """Kubernetes' three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Model):
    """A standard Kubernetes condition."""

    type: Word = Field(description="Ready, Reconciling, Stalled or PlanAccepted.")
    status: ConditionStatus = Field(description="True, False or Unknown.")
    reason: Word = Field(description="CamelCase reason; docs/reference/reasons.md says what each means and what to do.")
    message: Sentence = Field(default="", description="One sentence for people.")
    observed_generation: int = Field(default=0, ge=0, description="The generation this condition speaks of.")
    last_transition_time: datetime = Field(description="When `status` last changed.")


class State(ExplainedWord):
    """Where a release is. `summary.state` shows it; conditions say the same to machines."""

    IDLE = "Idle", "nothing is being released"
    SETTLING = "Settling", "templates came that can't go yet; more of the same sync may follow", "wait `settleSeconds`, where versions are numbered 5 s at most"
    PROGRESSING = "Progressing", "a step rolls or bakes"
    WAITING = "Waiting", "no step moves: it waits for a gate, a proof, another template", "read WAITING-FOR"
    AWAITING_APPROVAL = (
        "AwaitingApproval", "it goes on only when a person says so", "`saferollout status` prints the `approve` command",
    )  # fmt: skip
    PAUSED = "Paused", "a person paused it, or `mode: Paused`", "`saferollout resume`, or `mode: Automatic`"
    ROLLING_BACK = "RollingBack", "a step failed, or a person asked; old revisions come back", "`saferollout status` says what stays"
    ROLLED_BACK = "RolledBack", "it is back; the failed template stays held", "change the template, or `saferollout retry`"
    FAILED = (
        "Failed", "it stopped and does not go back by itself (`onFailure: Pause`, or nothing can go back)",
        "`saferollout rollback`, `resume`, or a newer template",
    )  # fmt: skip
    REFUSED = "Refused", "no safe plan, or something that can't be read", "read the message: it holds the counter-example and a repair"
    COMPLETED = "Completed", "everything runs its new template"


class Summary(Model):
    """One screen's worth of truth."""

    state: State = Field(description="Where the release is; docs/reference/reasons.md says what each state means and what to do.")
    step: Word = Field(default="", description="Steps done of steps known, for example 3/7.")
    waiting_for: Sentence = Field(default="", description="What the release waits for now; empty where it waits for nothing.")
    message: Sentence = Field(default="", description="One sentence for people.")
    hold_mode: Word = Field(default="", description="Policy: the API server holds. Reactive: the operator pauses as soon as it sees a change, which is weaker.")


class Target(Model):
    """A workload of the release, from which revision to which."""

    workload: Name = Field(description="Name of the workload.")
    from_hash: Hash = Field(default="", description="The revision before this release; empty for a first creation.")
    to_hash: Hash = Field(description="The revision that Git wants.")
    rolled: bool = Field(default=False, description="Its roll has started in this release.")
    done: bool = Field(default=False, description="Its roll is complete and its gates have held.")
    forward_only: bool = Field(
        default=False, description="Its new pods were found to write what old ones can't read (failure mode 5): nothing takes it back but a person."
    )


class ActiveRoll(Model):
    """A roll that has started; written before its first new pod can exist."""

    workload: Name = Field(description="Name of the workload.")
    hash: Hash = Field(description="The revision that is rolled out.")
    start_time: datetime = Field(description="Gates measure at startTime + initialDelaySeconds + k * intervalSeconds.")
    batch: int = Field(default=0, ge=0, description="The batch in work, from 0; the last one is 100 percent.")
    batches: int = Field(default=1, ge=1, description="How many batches the roll has; the last one is 100 percent.")
    batch_start_time: datetime = Field(description="When the batch in work began.")
    ready_time: datetime | None = Field(default=None, description="When the last pod of this batch was first seen available; the bake counts from here.")
    missing_exposure: Sentence = Field(
        default="", description="What the analysis has still to see of this batch before it passes, where the bake is over; empty where it holds nothing."
    )


class Template(Model):
    """What a workload of the release is to run."""

    workload: Name = Field(description="Name of the workload.")
    hash: Hash = Field(description="The revision.")


class Batch(Model):
    """One batch of one roll."""

    workload: Name = Field(description="Name of the workload.")
    hash: Hash = Field(description="The revision that is rolled out.")
    start_time: datetime = Field(description="When its roll started: the same template may roll once more.")
    batch: int = Field(ge=0, description="From 0, as in rolls.")


class Approval(Model):
    """A human's recorded waiver."""

    subject: Sentence = Field(description="What was approved, for example gate/dead-letters or Prove/user-events/1.")
    by: Name = Field(default="", description="Who said so, as their client told; RBAC decides who may.")
    reason: Sentence = Field(default="", description="Why, in their words.")
    time: datetime = Field(description="When it was taken in.")
    templates: list[Template] = Field(
        default_factory=list, description="What the release was to run when it was given: with another template of one of these workloads it stands no more."
    )
    batches: list[Batch] = Field(default_factory=list, description="The batches under way when it was given: for a gate it stands for these and no later ones.")


class Waiver(Model):
    """Who paused, expedited or aborted, when and why."""

    by: Name = Field(default="", description="Who said so; empty where the operator did it by the spec.")
    reason: Sentence = Field(default="", description="Why, in their words.")
    time: datetime = Field(description="When it was taken in.")


class GateStart(Model):
    """How a gate stood before the first step."""

    name: Name = Field(description="Name of the gate.")
    value: Annotated[str, Field(max_length=32)] | None = Field(default=None, description="The value at the start; depth-like signals are judged against it.")
    failing: bool = Field(default=False, description="It failed before the first step; ignored until it has passed once.")
    passed_time: datetime | None = Field(default=None, description="When a gate that was failing at the start first passed.")


class Failure(Model):
    """Why the release stopped."""

    workload: Name = Field(description="The workload whose step failed.")
    hash: Hash = Field(default="", description="The revision that failed.")
    gate: Name = Field(default="", description="The gate that failed; empty where it was something else.")
    reason: Word = Field(description="CamelCase reason, as in the condition Stalled.")
    message: Sentence = Field(description="One sentence for people, with the numbers.")
    time: datetime = Field(description="When the step failed.")


class Stay(Model):
    """A workload that can't go back, and the version that holds it."""

    workload: Name = Field(description="Name of the workload.")
    contract: Name = Field(default="", description="The contract whose version holds it; empty where nothing asks it back.")
    version: VersionText = Field(default="", description="The version that holds it.")
    message: Sentence = Field(default="", description="One sentence for people.")


class Finding(Model):
    """What the analysis says broke, or may have; written anew when the words change, not with every number."""

    cause: Word = Field(description="Mode1 to Mode5, BrokerDown, DatabaseDown, CacheDown, GatewayRestart, NodeTrouble, ScrapeTrouble, Capacity, PlainBug or Unknown.")
    certainty: Word = Field(description="Named: all evidence that the cause needs is there. Suspected: it fits, and something is missing.")
    action: Word = Field(description="RollBack, StopSpreading, Hold or ResumeAfterQuiet. With analysis.mode DryRun: what would be done.")
    workload: Name = Field(default="", description="Whose step is to blame.")
    contract: Name = Field(default="", description="The contract in which it shows.")
    message: Sentence = Field(description="One sentence for people.")
    evidence: list[Sentence] = Field(default_factory=list, description="What was seen, in numbers, when this was written.")
    not_because: list[Sentence] = Field(default_factory=list, description="What speaks against what it is usually mistaken for.")
    doubts: list[Sentence] = Field(default_factory=list, description="What keeps the cause from being named.")
    then: list[Sentence] = Field(default_factory=list, description="What follows.")
    commands: list[Sentence] = Field(default_factory=list, description="What a person can type, each behind what it is good for.")
    began: datetime | None = Field(default=None, description="When it began, as far as the windows tell.")
    time: datetime = Field(description="When it was found.")


class Outage(Model):
    """A time that does not count, because something that all stand on was away (spec.analysis.mode Enforce)."""

    start: datetime = Field(description="Half a minute before the last look at which it was not seen to be away: exporters tell later than people.")
    end: datetime | None = Field(default=None, description="When it was over, spec.analysis.quietSeconds included; absent while it goes on.")


class FailedTime(Model):
    """A time in which an earlier release had new pods and did not go through: what was measured then is no baseline."""

    start: datetime = Field(description="When its first roll started.")
    end: datetime = Field(description="When it was over; spec.analysis.quietSeconds more are left out.")


class Rollback(Model):
    """A way back in progress or done."""

    back: list[Name] = Field(default_factory=list, description="Workloads that go back, in this order.")
    returned: list[Name] = Field(default_factory=list, description="Those that are back.")
    stay: list[Stay] = Field(default_factory=list, description="Workloads that keep their new revision, and why.")
    start_time: datetime = Field(description="When the way back began.")
    turn_time: datetime = Field(description="When the workload whose turn it is was told to go back.")


class PlanStep(Model):
    """A step of the plan as shown to people."""

    id: Annotated[str, Field(max_length=320)] = Field(description="Kind/name, for example Roll/billing-service or Prove/user-events/1.")
    kind: Word = Field(description="Roll, Prove or Approve.")
    workload: Name = Field(default="", description="The workload that rolls.")
    contract: Name = Field(default="", description="The contract that a version has to leave.")
    version: VersionText = Field(default="", description="The version that has to leave it.")
    stage: Word = Field(default="", description="Expand, Migrate or Contract.")
    protects: list[Name] = Field(default_factory=list, description="The workloads that roll only when the version has left; of a Prove or Approve.")
    state: Word = Field(default="Pending", description="Pending, Rolling, Baking, Waiting or Done.")
    because: Sentence = Field(default="", description="Why the step stands where it does.")


class Release(Model):
    """The release in work, or the last one."""

    id: Word = Field(description="Name of the release; commands are bound to it.")
    start_time: datetime = Field(description="When the first changed template was taken in.")
    changed_time: datetime = Field(description="When the set of templates last changed; settleSeconds counts from here.")
    end_time: datetime | None = Field(default=None, description="When it was over; absent while it is under way.")
    watch_start_time: datetime | None = Field(
        default=None, description="When the first roll of this release started; the analysis compares what came since with what was before."
    )
    watched: bool = Field(
        default=False, description="The analysis has found series to watch this release by; where none of them is there any more, it holds with the reason."
    )
    targets: list[Target] = Field(default_factory=list, description="The workloads of the release.")
    rolls: list[ActiveRoll] = Field(default_factory=list, description="Rolls under way.")
    steps: list[PlanStep] = Field(default_factory=list, description="The plan, in its order.")
    gates: list[GateStart] = Field(default_factory=list, description="How the gates stood before the first step.")
    approvals: list[Approval] = Field(default_factory=list, description="What people have approved.")
    preflight_done: bool = Field(default=False, description="Every gate was judged before the first step.")
    paused: Waiver | None = Field(default=None, description="Who paused it; absent where nobody did.")
    expedited: Waiver | None = Field(default=None, description="Who sent it through the emergency lane; absent where nobody did.")
    finding: Finding | None = Field(default=None, description="What the analysis says broke; absent where nothing is wrong.")
    outages: list[Outage] = Field(default_factory=list, description="Times that do not count; at most 20, beyond that the oldest become one.")
    failed_times: list[FailedTime] = Field(
        default_factory=list, description="Times of earlier releases that did not go through, at most 10 of the last six hours: the baseline of the analysis leaves them out."
    )
    failure: Failure | None = Field(default=None, description="Why it failed; absent where it did not.")
    rollback: Rollback | None = Field(default=None, description="The way back; absent where there is none.")


class WorkloadStatus(Model):
    """What is known of one workload."""

    name: Name = Field(description="Name of the workload.")
    stable_hash: Hash = Field(default="", description="The revision that runs when nothing is being released.")
    failed_hash: Hash = Field(default="", description="The template that failed; it stays held until it changes or someone says retry.")
    failure: Failure | None = Field(
        default=None, description="Why that template failed, or who took it back and why; kept when other releases come, absent where none has failed."
    )
    returned_hash: Hash = Field(
        default="", description="The template that went back together with a failed one; it waits until that one changes or is tried again."
    )
    earlier_hash: Hash = Field(
        default="", description="The waiting template, if it ran before what runs now and its empty ReplicaSet had to be deleted: the plan is one of a revert."
    )
    state: Word = Field(default="", description="Stable, Held, Rolling, Baking, Failed, Returning, Absent, Invalid or OwnerPaused.")
    message: Sentence = Field(default="", description="One sentence for people.")
    restart_time: Annotated[str, Field(max_length=40)] = Field(default="", description="A restart asked for while a template is held.")


class Drain(Model):
    """A version that nobody writes any more, since when."""

    version: VersionText = Field(description="The version.")
    since: datetime = Field(description="When its last writer was gone.")


class ContractStatus(Model):
    """What may lie in a contract that stores, and who reads it although nobody said so."""

    name: Name = Field(description="Name of the contract.")
    stored_versions: list[VersionText] = Field(default_factory=list, description="Versions that may lie in it; recorded before the first pod can write them.")
    announced_versions: list[VersionText] = Field(default_factory=list, description="spec.storedVersions as last taken in.")
    drains: list[Drain] = Field(default_factory=list, description="Versions that nobody writes any more.")
    undeclared_groups: list[Name] = Field(
        default_factory=list, description="Consumer groups of the topic that the contract does not name; at most 20. A warning only."
    )


class GateStatus(Model):
    """The verdict of a gate when this was written, in numbers; it is not written anew for every value (core/gate_news.py)."""

    name: Name = Field(description="Name of the gate.")
    verdict: Word = Field(description="Passing, Failing, Inconclusive, Waiting, Ignored or DryRun.")
    value: Annotated[str, Field(max_length=32)] = Field(default="", description="The judged number; empty where there is none.")
    limit: Annotated[str, Field(max_length=64)] = Field(default="", description="The bound and its direction, for example <= 0.02.")
    message: Sentence = Field(default="", description="One sentence for people.")
    measured_time: datetime | None = Field(default=None, description="When the measurement was taken that verdict and value speak of.")


class CommandResult(Model):
    """What became of something a person said."""

    id: Word = Field(description="The id that its author gave it.")
    verb: Word = Field(description="What was said, for example pause.")
    by: Name = Field(default="", description="Who said it, as their client told.")
    time: datetime = Field(description="When it was answered.")
    accepted: bool = Field(description="Whether it was carried out.")
    message: Sentence = Field(default="", description="The operator's answer.")


class Status(Model):
    """Everything the operator writes; all of it may be lost and is then rebuilt on the safe side."""

    observed_generation: int = Field(
        default=0, ge=UNSEEN, description="The generation of the spec that this status speaks of; -1 until the operator has looked at the object."
    )
    conditions: list[Condition] = Field(default_factory=list, description="PlanAccepted, Ready, Reconciling and Stalled.")
    summary: Summary | None = Field(default=None, description="One screen's worth of truth.")
    release: Release | None = Field(default=None, description="The release in work, or the last one.")
    workloads: list[WorkloadStatus] = Field(default_factory=list, description="What is known of each workload.")
    contracts: list[ContractStatus] = Field(default_factory=list, description="What may be stored in each contract, and who reads it undeclared.")
    gates: list[GateStatus] = Field(default_factory=list, description="How each gate stood when this was written.")
    commands: list[CommandResult] = Field(default_factory=list, description="The last ten things that people said, with the operator's answers.")
