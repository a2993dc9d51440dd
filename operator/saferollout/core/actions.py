"""Everything the operator may do to the cluster, as data. `decide` chooses one, `workloads` turns it into one guarded write.

Each action on a workload is guarded by the resourceVersion of the object it was decided on; a conflict means: look again.
"""

from dataclasses import dataclass
from typing import ClassVar

from saferollout.core.views import Pace, Partition


@dataclass(frozen=True, slots=True)
class Action:
    """What every action on a workload has: the SafeRollout's name for it.

    An `irreversible` action starts pods of a revision or takes the last ones away: what it rests on is read live first.
    """

    workload: str
    irreversible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class AddLabel(Action):
    """Put `saferollout.io/managed-by` on a workload that Git left without it."""

    managed_by: str


@dataclass(frozen=True, slots=True)
class Hold(Action):
    """Pause a changed template that no admission policy held, and label it held."""


@dataclass(frozen=True, slots=True)
class LetThrough(Action):
    """Un-pause and take the held label off; the native controller rolls with the user's own strategy."""

    irreversible: ClassVar[bool] = True
    revision: str


@dataclass(frozen=True, slots=True)
class SetPace(Action):
    """Un-pause with exactly this pace; saves the user's originals in the same patch."""

    irreversible: ClassVar[bool] = True
    revision: str
    pace: Pace | Partition


@dataclass(frozen=True, slots=True)
class Finish(Action):
    """Give the paced fields back by value and let the native controller finish the roll."""

    irreversible: ClassVar[bool] = True
    revision: str


@dataclass(frozen=True, slots=True)
class Freeze(Action):
    """Pause in the middle of a roll, keeping the surge at what is in use, so that pausing scales nothing up."""


@dataclass(frozen=True, slots=True)
class EmptyReplicaSet(Action):
    """Scale one ReplicaSet of a frozen workload to 0; the native controller restores the other one."""

    irreversible: ClassVar[bool] = True
    replica_set: str
    uid: str


@dataclass(frozen=True, slots=True)
class DeleteReplicaSet(Action):
    """Delete one ReplicaSet of a held workload.

    `with_pods` only for a first revision that failed: there is nothing older to go back to.
    """

    irreversible: ClassVar[bool] = True
    replica_set: str
    uid: str
    with_pods: bool = False


@dataclass(frozen=True, slots=True)
class ReplacePod(Action):
    """Delete one pod of a StatefulSet's revision that is to go; its controller creates it anew, of the revision that is to come.

    The one with the highest ordinal among those that are not ready; among all where `broken` is false.
    """

    irreversible: ClassVar[bool] = True
    replica_set: str
    uid: str
    broken: bool


@dataclass(frozen=True, slots=True)
class GiveBackHeld(Action):
    """Give the paced fields back by value while the workload stays paused and held."""


@dataclass(frozen=True, slots=True)
class PinBack(Action):
    """Put the template of a ReplicaSet back in spec, pinned and un-paused; Git's template is put aside in an annotation.

    With `restarted_at` (RFC 3339) the pods of that same revision are replaced, as `kubectl rollout restart` would. With `overwritten`
    spec holds a template that took the place of the pinned one: it is put aside instead of the one before.
    """

    irreversible: ClassVar[bool] = True
    replica_set: str
    uid: str
    restarted_at: str = ""
    overwritten: bool = False


@dataclass(frozen=True, slots=True)
class Restart(Action):
    """Replace the pods of a workload that runs what spec asks for, as `kubectl rollout restart` does; `restarted_at` is RFC 3339."""

    irreversible: ClassVar[bool] = True
    restarted_at: str


@dataclass(frozen=True, slots=True)
class Unpin(Action):
    """End a pin: pause, hold, and put the template that was set aside back in spec."""


@dataclass(frozen=True, slots=True)
class ClearBypass(Action):
    """Remove a bypass annotation that has done its work."""


@dataclass(frozen=True, slots=True)
class GiveBack(Action):
    """Give everything back: pace, pin and our labels. Stays paused, annotated why and how to resume, if two templates are there.

    `drop_managed_by`: the operator itself had put that label on. `rolls_loose`: a roll of ours is under way with nothing borrowed, and
    is to be stopped; without it, what was not borrowed stays as it is. How many pods there are of each revision is read live first.
    """

    irreversible: ClassVar[bool] = True
    leave_paused: bool
    drop_managed_by: bool
    rolls_loose: bool = False


@dataclass(frozen=True, slots=True)
class Disown(Action):
    """Let go of fields that were given back: the API server still has us on record as their manager."""


@dataclass(frozen=True, slots=True)
class SetFinalizer:
    """Put our finalizer on the SafeRollout: from now on something of the user's is borrowed."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Take our finalizer off the SafeRollout: nothing is borrowed any more."""


@dataclass(frozen=True, slots=True)
class ClearCommands:
    """Remove command annotations that were carried out or refused from the SafeRollout."""

    annotations: tuple[str, ...]


AnyAction = Action | SetFinalizer | RemoveFinalizer | ClearCommands
