"""The spec of a SafeRollout: which workloads are released together, over which contracts, behind which gates."""

from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Final

from pydantic import Field

from saferollout.api.analysis import Analysis
from saferollout.api.base import ListKind, ListType, Model, Rule
from saferollout.api.contracts import Contract
from saferollout.api.gates import Gate
from saferollout.api.scalars import WHOLE, Name, ObjectName, PositiveSeconds, Seconds

MAX_WORKLOADS: Final = 200
MAX_CONTRACTS: Final = 200
MAX_GATES: Final = 100


class Mode(StrEnum):
    """Whether the operator starts steps by itself."""

    AUTOMATIC = "Automatic"
    PAUSED = "Paused"


class OnFailure(StrEnum):
    """What happens when a step fails."""

    ROLLBACK = "Rollback"
    PAUSE = "Pause"


class RollbackScope(StrEnum):
    """How much goes back when a step fails."""

    WORKLOAD = "Workload"
    RELEASE = "Release"


class OnInconclusive(StrEnum):
    """What happens while a gate can't tell."""

    HOLD = "Hold"
    APPROVE = "Approve"


class Gating(StrEnum):
    """Whether gates are measured."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


def percent(batch: str) -> int:
    """Return the number of a batch such as `20%`."""
    return int(batch.removesuffix("%"))


Batch = Annotated[str, Field(min_length=2, max_length=3, pattern=r"^[1-9][0-9]?%$")]

_RISING = Rule(
    cel="self.map(batch, int(batch.replace('%', ''))).isSorted() && self.all(batch, self.exists_one(other, other == batch))",
    holds=lambda batches: all(percent(before) < percent(after) for before, after in pairwise(batches)),
    field="",
    message='batches must rise, each above the one before, such as ["20%", "50%"]; 100 % is implied',
)
Batches = Annotated[tuple[Batch, ...], ListType(kind=ListKind.ATOMIC, max_items=20, rules=(_RISING,))]


class WorkloadRef(Model):
    """The object that a workload is, in the namespace of the SafeRollout."""

    api_version: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^([a-z0-9.-]+/)?v[a-z0-9]+$")] = Field(
        default="apps/v1", description="API group and version of the object."
    )
    kind: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Z][A-Za-z0-9]*$")] = Field(
        default="Deployment",
        description="Kind of the object. A kind that this version of the operator can't release is answered by PlanAccepted=False.",
    )
    name: ObjectName = Field(description="Name of the object.")


class Workload(Model):
    """A workload whose templates are held until their turn."""

    name: Name = Field(description="Name of the workload inside this SafeRollout; contracts, gates and plans use it.")
    workload_ref: WorkloadRef | None = Field(
        default=None, description="The object that is released. Without it: the Deployment with the workload's name."
    )
    batches: Batches = Field(
        default=(),
        description="Shares of the pods on the new revision at which the release stops and bakes, rising, 1% to 99%; 100 % is implied. "
        "Without them the workload's own rolling update does it in one go.",
    )
    bake_seconds: Seconds | None = Field(
        default=None, description="Seconds that gates must hold after each step of this workload, instead of the spec's bakeSeconds."
    )

    @property
    def reference(self) -> WorkloadRef:
        """Name the object that is released, the default included."""
        return self.workload_ref or WorkloadRef(name=self.name)


_MEASUREMENTS_CEL: Final = (
    "[gate.count, self.bakeSeconds > gate.initialDelaySeconds ? "
    "(self.bakeSeconds - gate.initialDelaySeconds) / gate.intervalSeconds + 1 : 1].max()"
)


def measurements(gate: Gate, *, bake_seconds: int) -> int:
    """Count the measurements of a gate in a bake of that many seconds."""
    measured_time = max(bake_seconds - gate.initial_delay_seconds, 0)
    return max(gate.count, measured_time // gate.interval_seconds + 1)


def _names(entries: tuple[Workload, ...] | tuple[Contract, ...]) -> frozenset[str]:
    return frozenset(entry.name for entry in entries)


class SafeRolloutSpec(Model):
    """What is released together and how. `workloads` and `contracts` with roles are complete; all else has a default."""

    delivery: Annotated[str, Field(max_length=253)] = Field(
        default="",
        description="Any text that differs with each delivery, such as a chart's {{ .Release.Revision | quote }} or a commit. It decides nothing. But "
        "a changed text counts as not yet seen until the operator has looked at what was delivered, so that a tool that waits does not take the "
        "status of before for an answer.",
    )
    mode: Mode = Field(
        default=Mode.AUTOMATIC,
        description="Automatic: steps start by themselves. Paused: nothing new starts, a step under way stops where it is; "
        "gates and abort go on.",
    )
    on_failure: OnFailure = Field(
        default=OnFailure.ROLLBACK,
        description="Rollback: a failed step goes back by itself, down to the rollback floor. Pause: it stops and waits for a person.",
    )
    rollback_scope: RollbackScope = Field(
        default=RollbackScope.WORKLOAD,
        description="Workload: the failed workload goes back, and whoever can't live with its old revision. "
        "Release: everything that this release rolled.",
    )
    on_inconclusive: OnInconclusive = Field(
        default=OnInconclusive.HOLD,
        description="Hold: wait until gates can tell. Approve: ask a person at once, for places without traffic.",
    )
    max_parallel: Annotated[int, Field(strict=True, ge=1, le=MAX_WORKLOADS), WHOLE] = Field(
        default=1, description="How many workloads may roll at once, if no path of contracts lies between them."
    )
    settle_seconds: Seconds = Field(
        default=15,
        description="Where versions are not numbered: seconds without a new template after which those that came count as one release. "
        "A refusal is said so long after the last template at the earliest, where versions are numbered 5 seconds at most.",
    )
    progress_deadline_seconds: PositiveSeconds = Field(
        default=600,
        description="Seconds that a batch may go without one more ready new pod than ever before in that batch; then the step has failed.",
    )
    gating: Gating = Field(
        default=Gating.ENABLED, description="Enabled: gates are measured. Disabled: only order and readiness count, no metrics are needed."
    )
    bake_seconds: Seconds = Field(default=60, description="Seconds that gates must hold after every step, with enough traffic.")
    analysis: Analysis = Field(
        default=Analysis(), description="What watches the release by the contracts it touches, beside the gates, and names what broke."
    )
    workloads: Annotated[tuple[Workload, ...], ListType(kind=ListKind.MAP, max_items=MAX_WORKLOADS, min_items=1)] = Field(
        description="Workloads that are released together, 1 to 200. Where nothing else decides, they roll in this order."
    )
    contracts: Annotated[tuple[Contract, ...], ListType(kind=ListKind.MAP, max_items=MAX_CONTRACTS)] = Field(
        default=(), description="What the workloads share; the order of the release is proved from it."
    )
    gates: Annotated[tuple[Gate, ...], ListType(kind=ListKind.MAP, max_items=MAX_GATES)] = Field(
        default=(), description="Measurements that must hold before the first step and while anything rolls or bakes; without any, only order and readiness count."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.gates) || self.gates.all(gate, !has(gate.workload) || "
            "self.workloads.exists(workload, workload.name == gate.workload))",
            holds=lambda spec: all(gate.workload is None or gate.workload in _names(spec.workloads) for gate in spec.gates),
            field="gates",
            message="a gate names a workload that spec.workloads does not have: correct the name or add the workload",
            culprits=lambda spec: [
                f"gate {gate.name}: {gate.workload}" for gate in spec.gates if gate.workload and gate.workload not in _names(spec.workloads)
            ],
        ),
        Rule(
            cel="!has(self.gates) || self.gates.all(gate, !has(gate.contract) || "
            "(has(self.contracts) && self.contracts.exists(contract, contract.name == gate.contract)))",
            holds=lambda spec: all(gate.contract is None or gate.contract in _names(spec.contracts) for gate in spec.gates),
            field="gates",
            message="a gate names a contract that spec.contracts does not have: correct the name or add the contract",
            culprits=lambda spec: [
                f"gate {gate.name}: {gate.contract}" for gate in spec.gates if gate.contract and gate.contract not in _names(spec.contracts)
            ],
        ),
        Rule(
            cel=f"!has(self.gates) || self.gates.all(gate, gate.failureLimit < {_MEASUREMENTS_CEL})",
            holds=lambda spec: all(gate.failure_limit < measurements(gate, bake_seconds=spec.bake_seconds) for gate in spec.gates),
            field="gates",
            message="a gate tolerates as many failures as a bake takes measurements, so it could never fail: lower failureLimit, "
            "or raise count or bakeSeconds",
            culprits=lambda spec: [
                f"gate {gate.name}" for gate in spec.gates if gate.failure_limit >= measurements(gate, bake_seconds=spec.bake_seconds)
            ],
        ),
    )
