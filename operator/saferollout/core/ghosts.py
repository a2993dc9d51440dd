"""Empty ReplicaSets that a paused Deployment scaled up from 0 would start instead of the one that ran: they must go before that."""

from collections.abc import Iterator

from saferollout.core.actions import Action, DeleteReplicaSet
from saferollout.core.draft import Draft
from saferollout.core.facts import Facts, seniority
from saferollout.core.views import ReplicaSetView


def delete_ghost(draft: Draft, *, name: str, facts: Facts) -> Action | None:
    """Delete one ghost of a workload; that it ran before what runs now, as plans must know of a revert, stays on record."""
    stable = draft.workloads[name].stable_hash
    ghost = next(_ghosts(facts, keep=stable), None)
    if ghost is None:
        return None
    if ghost.hash == facts.wanted and facts.came_before(ghost.hash, stable):
        draft.change_workload(name, earlier_hash=ghost.hash)
    return DeleteReplicaSet(workload=name, replica_set=ghost.name, uid=ghost.uid)


def _ghosts(facts: Facts, *, keep: str) -> Iterator[ReplicaSetView]:
    """Yield what would start instead: those younger than the one to keep, and the one of the template (facts.started_from_zero).

    One that ran before is the plan's memory of what it declared, so it stays for as long as there are pods to scale.
    """
    view = facts.view
    if view.by_ordinal or not view.of(keep):
        return
    newest, of_template = max(map(seniority, view.of(keep))), view.filled(view.template)
    may_start = view.replicas == 0 or not facts.came_before(view.template, keep)
    for rs in view.replica_sets:
        is_empty = rs.hash != keep and rs.pods == 0 and rs.replicas == 0
        if is_empty and (seniority(rs) > newest or (may_start and rs in of_template)):
            yield rs
