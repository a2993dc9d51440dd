"""What goes into a decision and what comes out.

    decide(snapshot, observations, now, marks) -> Decision

The reconciler carries a decision out in this order: status (if it differs), then the action, then the notes. So whatever the
action makes true is on record before it is true. A failed status write means: no action, look again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import GateStatus, Status
from saferollout.core.actions import AnyAction
from saferollout.core.arms import Labels
from saferollout.core.catalogue.catalogue import BUILT_IN, Catalogue
from saferollout.core.event_reasons import EventReason, NoteType
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.views import HoldMode, World


@dataclass(frozen=True, slots=True)
class Command:
    """One command annotation on the SafeRollout: `verb` is its name behind the prefix; `body` is what stands in it (parsed JSON)."""

    annotation: str
    id: str
    verb: str
    by: str
    reason: str
    release: str
    subject: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a decision rests on, read at one moment.

    `refusals`: by workload, why it can't be released as it is written (no way back, nothing to step by), each a sentence. `labels`:
    what the configured Prometheus calls namespace and pod. `catalogue`: the series that the analysis knows; `has_prometheus`: whether anybody can be asked for them. `spec_problems`: what the models or the references say against the spec, each
    a sentence. `spec_readable`: false where it could not be read at all, so that contracts and gates are unknown. `hold_mode`: see
    HoldMode. `foreign`: workloads outside, from which contracts take versions of external parties.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    spec: SafeRolloutSpec
    status: Status
    world: World
    hold_mode: HoldMode
    commands: tuple[Command, ...] = ()
    spec_problems: tuple[str, ...] = ()
    spec_readable: bool = True
    deleting: bool = False
    has_finalizer: bool = False
    restart_annotations: tuple[str, ...] = ()
    refusals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Labels = field(default_factory=Labels)
    catalogue: Catalogue = BUILT_IN
    has_prometheus: bool = False
    foreign: Mapping[ForeignName, ForeignWorkload] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened, past tense, with its numbers: becomes an Event on the SafeRollout and, if named, on the workload."""

    reason: EventReason
    message: str
    workload: str | None = None

    @property
    def type(self) -> NoteType:
        """Return Kubernetes' type of the event."""
        return self.reason.type


@dataclass(frozen=True, slots=True)
class Progress:
    """The most pods of the new revision that were ever steady in this batch, and when that number was reached; None: the clock stands still."""

    batch: int
    steady: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Marks:
    """What is kept in memory between decisions: losing it only lengthens a deadline once, or costs a calculation.

    `progress`: high-water marks by workload. `assessed`: what the last assessment was made of, the assessment, for as long as nothing new was measured, and what it worked out of each answer.
    """

    progress: Mapping[str, Progress] = field(default_factory=dict)
    assessed: tuple[object, object, object] | None = None


@dataclass(frozen=True, slots=True)
class AnalysisLook:
    """The last look of the analysis, and whether it could tell how the release is."""

    at: datetime
    answered: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """At most one write to the cluster, the status to record before it, and when to look again (seconds; None: when something changes).

    `gates` is how every gate stands now; the status may still have older rows (core/gate_news.py). `look` is the last of the analysis; None where it does not look.
    """

    status: Status
    action: AnyAction | None = None
    notes: tuple[Note, ...] = ()
    requeue_after: float | None = None
    marks: Marks = field(default_factory=Marks)
    gates: tuple[GateStatus, ...] = ()
    look: AnalysisLook | None = None
