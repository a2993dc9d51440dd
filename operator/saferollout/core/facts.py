"""What one workload's view amounts to: which revision is wanted, which are alive, and whether it must roll."""

from dataclasses import dataclass
from datetime import datetime

from saferollout.core.views import ReplicaSetView, WorkloadView


@dataclass(frozen=True, slots=True)
class Facts:
    """A workload's view with what follows from it.

    `wanted` is the revision that Git asks for; `alive` are the revisions that have pods or would get some, oldest first.
    """

    view: WorkloadView
    wanted: str
    alive: tuple[str, ...]

    @property
    def at_rest(self) -> bool:
        """Whether the wanted revision is the only one alive, on the user's own terms."""
        view = self.view
        return self.alive == (self.wanted,) and not (view.held or view.lends or view.pinned)

    @property
    def available(self) -> bool:
        """Whether the wanted revision runs alone, with all its pods available."""
        return not self.others_than(self.wanted) and self.is_full(self.wanted)

    def others_than(self, revision: str) -> tuple[ReplicaSetView, ...]:
        """Return the ReplicaSets of other revisions that have pods or are to get some, newest first."""
        return tuple(rs for rs in self.view.replica_sets if rs.hash != revision and (rs.pods > 0 or rs.replicas > 0))

    def is_full(self, revision: str) -> bool:
        """Tell whether a revision has as many available pods as the workload is to have."""
        return sum(rs.available for rs in self.view.of(revision)) >= self.view.replicas

    def contracts_of(self, revision: str) -> str | None:
        """Return the contracts annotation of a revision; None where it declares nothing."""
        view = self.view
        if revision == view.template:
            return view.contracts
        if revision == view.waiting:
            return view.waiting_contracts
        return next((rs.contracts for rs in view.of(revision)), None)

    def body_of(self, revision: str) -> str | None:
        """Return the digest of a revision without its contracts annotation; None where its template can't be read any more."""
        view = self.view
        if revision == view.template:
            return view.body or None
        if revision == view.waiting:
            return view.waiting_body or None
        return next((rs.body or None for rs in view.of(revision)), None)

    def knows(self, revision: str) -> bool:
        """Tell whether the template of a revision can still be read from the cluster."""
        return revision in (self.view.template, self.view.waiting) or bool(self.view.of(revision))

    def came_before(self, revision: str, other: str) -> bool:
        """Tell whether a revision first ran before another one did, as far as retained ReplicaSets tell."""
        born, others_born = ([rs.created for rs in self.view.of(name)] for name in (revision, other))
        return bool(born and others_born) and min(born) < min(others_born)


def facts_of(view: WorkloadView) -> Facts:
    """Derive the facts from a view."""
    return Facts(view=view, wanted=view.waiting if view.waiting is not None else view.template, alive=_alive(view))


def _alive(view: WorkloadView) -> tuple[str, ...]:
    """Return the revisions with pods, or that would get some if the workload were scaled up (kernel.md section 1).

    An un-paused workload starts its template, a StatefulSet its current revision; of a paused Deployment see `started_from_zero`.
    """
    alive = view.alive()
    if not view.paused:
        return tuple(dict.fromkeys((*alive, view.template)))
    if view.by_ordinal:
        return tuple(dict.fromkeys((view.current, *alive))) if view.current else alive
    if alive or not view.replica_sets:
        return alive
    return (started_from_zero(view),)


def started_from_zero(view: WorkloadView) -> str:
    """Return the revision that a paused Deployment without pods starts when it is scaled up: its template where its ReplicaSet is retained, else the youngest.

    Source: `FindActiveOrLatest` of the Deployment controller. Of those born in one second the last by name is its youngest.
    """
    return view.template if view.filled(view.template) else max(view.replica_sets, key=seniority).hash


def running(view: WorkloadView) -> str:
    """Guess the revision that ran before anything of ours, at first sight; empty where there was none.

    A native roll under way when the workload is adopted goes on: its template counts as what runs. Of a held one without pods the youngest ReplicaSet ran last,
    even where scaling up from 0 would start an earlier one.
    """
    if not (view.paused or view.held or view.lends):
        return view.template
    if view.held and view.replica_sets and not view.by_ordinal and not view.alive():
        return max(view.replica_sets, key=seniority).hash
    alive = _alive(view)
    return alive[0] if alive else ""


def seniority(rs: ReplicaSetView) -> tuple[datetime, str]:
    """Return what Kubernetes sorts ReplicaSets by, the youngest last."""
    return rs.created, rs.name
