"""What a decision sees: frozen views of workloads, never raw objects.

A *revision* is a pod template, named by `hash`: a digest of the template without its restart annotations and without the
`pod-template-hash` label, so a restarted workload still runs the same revision. One revision may be spread over several
ReplicaSets (a restart makes a second one); each is a `ReplicaSetView`. Its *body* is the same digest without the contracts
annotation too: equal bodies run the same pods, whatever somebody declares of them. Its *text* is the digest with the restart
annotations: the native controller fills the ReplicaSet whose text is that of spec. A StatefulSet's ControllerRevision is shown as one too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PodTrouble:
    """Why a pod is not ready, in the kubelet's words (`CrashLoopBackOff`, `ImagePullBackOff`, `Unschedulable`, ...)."""

    pod: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class ReplicaSetView:
    """One ReplicaSet with the pods it owns.

    `pods` counts every pod that is not gone: object exists and phase is not final, terminating included (it still reads and
    writes). `ready` counts ready pods that are not terminating; `available` those ready for the user's own minReadySeconds (longer if they
    crashed), computed from the pods because a paced Deployment's own numbers do not tell. `steady` counts available pods whose containers
    have never restarted: a crash loop is no progress. Of a StatefulSet's ControllerRevision `replicas` counts the pods that are not
    terminating, `places` says where those stand, counted from the first, and `pod_names` names all of them: names say no revision.
    `births` says by name when those were made.
    """

    name: str
    uid: str
    resource_version: str
    hash: str
    pod_hash: str
    contracts: str | None
    created: datetime
    replicas: int
    pods: int
    ready: int
    available: int
    steady: int
    restarted_at: str = ""
    next_available: datetime | None = None
    trouble: tuple[PodTrouble, ...] = ()
    body: str = ""
    text: str = ""
    pod_names: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    births: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """The user's own rolling update, as it stands in Git: the originals where the workload is paced.

    `max_unavailable` and `max_surge` are as written (`3` or `"25%"`). `partition` is a StatefulSet's own.
    """

    type: str
    max_unavailable: int | str
    max_surge: int | str
    min_ready_seconds: int
    revision_history_limit: int
    partition: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """A pace as it stands on, or is to be written to, a Deployment. Percentages follow an autoscaler, numbers would not."""

    max_unavailable: str
    max_surge: int | str


@dataclass(frozen=True, slots=True)
class Partition:
    """A pace on a StatefulSet: its pods from this one on, counted from the first, get the template in spec."""

    first_new: int


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload as the API server shows it.

    `template` is what spec asks for now (Git's word, unless `pinned`); `waiting` is the revision put aside while pinned.
    `bypass_counted`: the API server wrote down that it let the bypass count. `bypasses_used`: reasons of bypasses are written down on it.
    `paced` is a pace in force; `pace_left` are traces of one that somebody overwrote.
    `settled`: the native controller has seen this generation. `replica_sets` are newest first. `owns_returned`: fields that were given back
    are still on record as the operator's, so that a server-side apply of another value would meet a conflict. `labelled_by_us`: the operator put
    the managed-by label on, and nobody has stated it since. `current`: of a StatefulSet
    the revision of the pods that its controller creates while it is paused, empty where that is not known; None of a Deployment.
    `created`: since when a StatefulSet exists.
    """

    name: str
    kind: str
    uid: str
    resource_version: str
    template: str
    contracts: str | None
    template_restarted_at: str
    replicas: int
    settled: bool
    paused: bool
    held: bool
    paced: Pace | Partition | None
    pinned: bool
    strategy: Strategy
    managed_by: str | None
    replica_sets: tuple[ReplicaSetView, ...]
    owner_paused: str | None = None
    bypass: str | None = None
    bypass_counted: bool = False
    bypasses_used: bool = False
    waiting: str | None = None
    waiting_contracts: str | None = None
    waiting_body: str = ""
    template_came_while_pinned: bool = False
    left_paused: bool = False
    pace_left: bool = False
    deleting: bool = False
    trouble: str | None = None
    body: str = ""
    text: str = ""
    owns_returned: bool = False
    labelled_by_us: bool = False
    current: str | None = None
    created: datetime | None = None

    @property
    def by_ordinal(self) -> bool:
        """Whether pods are replaced in place, from the highest ordinal down, as a StatefulSet's are."""
        return self.current is not None

    @property
    def lends(self) -> bool:
        """Whether fields of its owner's are borrowed for a pace, in force or not."""
        return self.paced is not None or self.pace_left

    def of(self, revision: str) -> tuple[ReplicaSetView, ...]:
        """Return the ReplicaSets of one revision, newest first."""
        return tuple(rs for rs in self.replica_sets if rs.hash == revision)

    def filled(self, revision: str) -> tuple[ReplicaSetView, ...]:
        """Return those ReplicaSets of a revision that the native controller fills: not the ones from before a restart."""
        return tuple(rs for rs in self.of(revision) if revision != self.template or rs.text == self.text)

    def alive(self) -> tuple[str, ...]:
        """Return the revisions that have pods, or would get them on scaling up, oldest first."""
        with_pods = [rs.hash for rs in self.replica_sets if rs.pods > 0 or rs.replicas > 0]
        return tuple(dict.fromkeys(reversed(with_pods)))


class HoldMode(StrEnum):
    """Who holds a changed template: the API server itself, or the operator as soon as it sees it (weaker)."""

    POLICY = "Policy"
    REACTIVE = "Reactive"


class Absence(StrEnum):
    """Why the SafeRollout can't have a workload; the words are reasons, or their ends (core/reasons.py)."""

    NOT_FOUND = "NotFound"
    UNSUPPORTED_KIND = "UnsupportedKind"
    MANAGED_BY_ANOTHER = "ManagedByAnother"


@dataclass(frozen=True, slots=True)
class Absent:
    """A workload that the SafeRollout names but cannot have: missing, of an unsupported kind, or somebody else's."""

    name: str
    kind: str
    reason: Absence
    message: str


@dataclass(frozen=True, slots=True)
class World:
    """The workloads of one SafeRollout by the name that the SafeRollout gives them."""

    workloads: Mapping[str, WorkloadView]
    absent: Mapping[str, Absent]
    existing_names: tuple[str, ...] = ()
