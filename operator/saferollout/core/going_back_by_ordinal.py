"""Bring a StatefulSet back to the revision it had: its pods are replaced in place, and a broken one stands in the way of all others.

Until all its pods were new and ready at once, the controller takes the old revision for the current one: with the partition above all
ordinals, a pod that is deleted comes back as it was, and nothing is rewritten. Afterwards the old template has to be put back and pinned.
With pods in order (OrderedReady) the controller replaces nothing while one pod is not ready, not even that pod: it has to be deleted.

Scaled to 0, the controller takes the template in spec for the current one at once, held or not (completeRollingUpdate in
pkg/controller/statefulset of Kubernetes; tried on a real one): so the old template is pinned there until there are pods again.
"""

from saferollout.core.actions import Action, Freeze, GiveBackHeld, ReplacePod
from saferollout.core.draft import Draft
from saferollout.core.facts import Facts
from saferollout.core.pacing import resolved_unavailable
from saferollout.core.pinning import pin, unpin
from saferollout.core.views import ReplicaSetView


def step_back_by_ordinal(draft: Draft, *, name: str, facts: Facts, to: str) -> Action | None:
    """Choose the next write that brings a StatefulSet nearer to `to`; None while the native controller works."""
    view, failed = facts.view, facts.others_than(to)
    if view.pinned and to and view.template != to:
        # Where no policy keeps the pin, somebody's next template takes its place in spec; it is put aside in its turn.
        return pin(draft, name=name, facts=facts, to=to)
    if view.pinned:
        return _end_pin(draft, name=name, facts=facts, to=to) or replace_broken(name, failed)
    if to and view.current != to and (failed or view.replicas == 0):
        return pin(draft, name=name, facts=facts, to=to)
    if not failed:
        return GiveBackHeld(workload=name) if view.lends and facts.is_full(to) else None
    if not view.paused:
        return Freeze(workload=name)
    return replace_broken(name, failed) or _replace_one(name, facts, failed)


def replace_broken(name: str, revisions: tuple[ReplicaSetView, ...]) -> Action | None:
    """Replace a pod of these revisions that is not ready: nobody misses it, and the controller would wait for it."""
    broken = next((rs for rs in revisions if rs.replicas > rs.ready), None)
    return None if broken is None else ReplacePod(workload=name, replica_set=broken.name, uid=broken.uid, broken=True)


def _replace_one(name: str, facts: Facts, failed: tuple[ReplicaSetView, ...]) -> Action | None:
    """Replace a pod that is ready as soon as the user's own strategy lets one more be missing."""
    view = facts.view
    available = sum(rs.available for rs in view.replica_sets)
    one = next((rs for rs in failed if rs.replicas > 0), None)
    if one is None or available <= view.replicas - resolved_unavailable(view):
        return None
    return ReplacePod(workload=name, replica_set=one.name, uid=one.uid, broken=False)


def _end_pin(draft: Draft, *, name: str, facts: Facts, to: str) -> Action | None:
    if facts.others_than(to) or not facts.is_full(to) or facts.view.current != to:
        return None
    if facts.view.replicas == 0:
        draft.waits.append(f"{name} to have pods again: while it has none, only its old template in spec keeps them from being new ones")
        return None
    return unpin(draft, facts, name=name)
