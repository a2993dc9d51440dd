"""What planning answers with: steps and the edges between them, or a refusal with its counter-example."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What a roll does to the contracts (kernel.md section 5)."""

    EXPAND = "Expand"
    MIGRATE = "Migrate"
    CONTRACT = "Contract"


class Method(StrEnum):
    """What a Prove rests on."""

    PROMQL = "Promql"
    TTL = "Ttl"
    RETENTION = "Retention"
    GROUP_OFFSETS = "GroupOffsets"


class RevisionRole(StrEnum):
    """Which revision of a workload a sentence is about."""

    OLD = "old"
    NEW = "new"
    EXTERNAL = "external"


class Refusal(StrEnum):
    """Why there is no plan."""

    UNSAFE_GOAL = "UnsafeGoal"
    SELF_CONFLICT = "SelfConflict"
    NO_SAFE_ORDER = "NoSafeOrder"
    UNKNOWN_CONTRACT = "UnknownContract"


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a violating pair."""

    workload: str
    revision: RevisionRole


@dataclass(frozen=True, slots=True)
class Conflict:
    """A version that one side writes (or that is stored: no writer) and the other reads the contract without.

    `version` is None where a reader requires a writer and there is none.
    """

    contract: str
    version: str | None
    writer: Side | None
    reader: Side
    failure_mode: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Repair:
    """The intermediate revision that would make an order possible, as far as one contract is concerned."""

    workload: str
    contract: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Roll:
    """Bring a workload to its new template."""

    workload: str
    stage: Stage
    because: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name the step, the same in every plan of the same release."""
        return f"Roll/{self.workload}"


@dataclass(frozen=True, slots=True)
class Prove:
    """Show that a version has left a channel. `protects` are the workloads that roll only then."""

    contract: str
    version: str
    method: Method
    because: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    protects: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name the step, the same in every plan of the same release."""
        return f"Prove/{self.contract}/{self.version}"


@dataclass(frozen=True, slots=True)
class Approve:
    """Ask a person, where nothing can prove that a version has left a channel."""

    contract: str
    version: str
    because: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    protects: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name the step, the same in every plan of the same release."""
        return f"Approve/{self.contract}/{self.version}"


Step = Roll | Prove | Approve


@dataclass(frozen=True, slots=True)
class Plan:
    """An order in which every state on the way is safe, or the reason why there is none.

    `steps` is one such order; `after` of each step is the whole truth about what must precede it.
    `back_first` names interrupted workloads that must return to their stable revision before the steps make sense.
    """

    accepted: bool
    reason: Refusal | None = None
    message: str = ""
    steps: tuple[Step, ...] = ()
    unsafe_now: tuple[Conflict, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    repairs: tuple[Repair, ...] = ()
    notes: tuple[str, ...] = ()
    back_first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """A workload that keeps its new revision, and the version that holds it there (None: nothing asks it back)."""

    workload: str
    contract: str | None
    version: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """Which workloads go back, in this order, and which stay."""

    back: tuple[str, ...]
    stay: tuple[Stay, ...]


def ready_steps(plan: Plan, done: Collection[str] = ()) -> tuple[Step, ...]:
    """Return the steps that nothing holds any more, in the plan's order; `done` holds ids of finished steps."""
    return tuple(step for step in plan.steps if step.id not in done and all(earlier in done for earlier in step.after))
