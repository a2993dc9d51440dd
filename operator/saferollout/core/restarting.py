"""Restart the pods that run, on their own revision, also while a newer template is held."""

from saferollout.core.actions import Action, PinBack, Restart
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.pinning import unpin
from saferollout.core.tidying import is_busy


def restart_running(draft: Draft) -> Action | None:
    """Carry each restart that was asked for on by one write; note the ones that are done."""
    for name, facts in draft.facts.items():
        asked = draft.workloads[name].restart_time
        if not asked or is_busy(draft, name) or not facts.view.settled:
            continue
        if _is_restarted(draft, facts, name=name, asked=asked):
            draft.change_workload(name, restart_time="")
            draft.note(EventReason.RESTARTED, f"all pods of {name} were restarted", workload=name)
            draft.wake_in(0)
            return unpin(draft, facts, name=name) if facts.view.pinned else None
        draft.waits.append(f"{name} to restart")
        action = _next_write(draft, facts, name=name, asked=asked)
        if action is not None:
            return action
    return None


def _is_restarted(draft: Draft, facts: Facts, *, name: str, asked: str) -> bool:
    mine = facts.view.of(draft.workloads[name].stable_hash)
    restarted = sum(rs.available for rs in mine if rs.restarted_at == asked)
    older = any(rs.pods for rs in facts.view.replica_sets if rs.restarted_at != asked)
    return restarted >= facts.view.replicas and not older


def _next_write(draft: Draft, facts: Facts, *, name: str, asked: str) -> Action | None:
    """Write the restart time where the template that runs stands: in spec, or, under a held template, in a pin."""
    view, stable = facts.view, draft.workloads[name].stable_hash
    if view.template == stable and view.template_restarted_at == asked and not view.held:
        return None
    if view.template == stable and not view.held:
        return Restart(workload=name, restarted_at=asked)
    mine = view.of(stable)
    return PinBack(workload=name, replica_set=mine[0].name, uid=mine[0].uid, restarted_at=asked, overwritten=view.pinned) if mine else None
