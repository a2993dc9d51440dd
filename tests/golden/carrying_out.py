"""What each action makes of a Deployment, as workloads/deployment_writes.py writes it."""

from collections.abc import Mapping
from dataclasses import replace

from saferollout.core import actions as a
from saferollout.core.pacing import allowed
from saferollout.core.views import Pace, WorkloadView


def carried_out(action: a.Action, view: WorkloadView, *, texts: Mapping[str, str | None]) -> WorkloadView:
    """Return the Deployment after an action on its spec or metadata; `texts` are the declarations by revision."""
    match action:
        case a.LetThrough() | a.Finish():
            return replace(_waiting_restored(view, texts), paused=False, held=False, paced=None)
        case a.SetPace(pace=pace):
            return replace(_waiting_restored(view, texts), paused=False, held=False, paced=pace)
        case a.Freeze():
            return replace(view, paused=True, held=True, paced=None if view.by_ordinal else _standing_pace(view))
        case a.Hold():
            return replace(view, paused=True, held=True)
        case a.GiveBackHeld():
            return replace(view, paused=True, held=True, paced=None)
        case a.PinBack():
            return _pinned(action, view, texts)
        case a.Unpin():
            return replace(_waiting_restored(view, texts), paused=True, held=True)
        case a.AddLabel(managed_by=owner):
            return replace(view, managed_by=owner)
        case a.ClearBypass():
            return replace(view, bypass=None, bypass_counted=False, bypasses_used=True)
        case a.GiveBack(leave_paused=leave):
            return replace(view, held=False, paced=None, pinned=False, paused=leave, left_paused=leave, bypasses_used=False)
    raise AssertionError(f"no Deployment knows {action}")


def _pinned(action: a.PinBack, view: WorkloadView, texts: Mapping[str, str | None]) -> WorkloadView:
    old = next(rs.hash for rs in view.replica_sets if rs.name == action.replica_set)
    aside = view if view.pinned else replace(view, waiting=view.template, waiting_contracts=view.contracts)
    return replace(
        aside, template=old, contracts=texts[old], template_restarted_at=action.restarted_at, pinned=True, paused=False, held=False, paced=None
    )


def _waiting_restored(view: WorkloadView, texts: Mapping[str, str | None]) -> WorkloadView:
    if not view.pinned:
        return view
    waiting = view.waiting or view.template
    return replace(
        view, template=waiting, contracts=texts[waiting], template_restarted_at="", waiting=None, waiting_contracts=None, pinned=False
    )


def _standing_pace(view: WorkloadView) -> Pace:
    surge = max(0, sum(rs.replicas for rs in view.replica_sets) - view.replicas)
    unavailable = view.paced.max_unavailable if isinstance(view.paced, Pace) else f"{-(-100 * allowed(view.strategy, replicas=view.replicas)[0] // max(1, view.replicas))}%"
    return Pace(max_unavailable="1%" if surge == 0 and unavailable == "0%" else unavailable, max_surge=surge)
