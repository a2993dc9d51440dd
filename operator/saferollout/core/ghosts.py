"""Empty ReplicaSets that a paused Deployment scaled up from 0 would start instead of the one that ran: they must go before that."""

from saferollout.core.actions import Action, DeleteReplicaSet
from saferollout.core.draft import Draft
from saferollout.core.facts import Facts, seniority
from saferollout.core.views import ReplicaSetView


def delete_ghost(draft: Draft, *, name: str, facts: Facts) -> Action | None:
    """Delete one ghost of a workload; that it ran before what runs now, as plans must know of a revert, stays on record."""
    stable = draft.workloads[name].stable_hash
    for ghost in _ghosts(facts, keep=stable):
        if ghost.hash == facts.wanted and facts.came_before(ghost.hash, stable):
            draft.change_workload(name, earlier_hash=ghost.hash)
        return DeleteReplicaSet(workload=name, replica_set=ghost.name, uid=ghost.uid)
    return None


def _ghosts(facts: Facts, *, keep: str) -> tuple[ReplicaSetView, ...]:
    """Return what would start instead: those younger than the one to keep, and the one of the template (facts.started_from_zero).

    One that ran before is the plan's memory of what it declared, so it stays for as long as there are pods to scale.
    """
    view = facts.view
    kept = [] if view.by_ordinal else [seniority(rs) for rs in view.of(keep)]
    if not kept:
        return ()
    newest, of_template = max(kept), view.filled(view.template)
    empty = (rs for rs in view.replica_sets if rs.hash != keep and rs.pods == 0 and rs.replicas == 0)
    may_start = view.replicas == 0 or not facts.came_before(view.template, keep)
    return tuple(rs for rs in empty if seniority(rs) > newest or (may_start and rs in of_template))
