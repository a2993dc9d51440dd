"""Small repairs that keep the cluster as the design wants it: labels, holds the API server did not set, holds set for nothing,
ReplicaSets that a scale-up would wrongly start, bypasses that have done their work."""

from saferollout.api.names import LABEL_MANAGED_BY
from saferollout.core.actions import Action, AddLabel, ClearBypass, Disown, GiveBackHeld, Hold, LetThrough
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.gathering import lost_its_label
from saferollout.core.ghosts import delete_ghost
from saferollout.core.going_back import floor_of, step_back
from saferollout.core.pinning import unpin
from saferollout.core.reasons import Reason
from saferollout.core.views import HoldMode


def add_labels(draft: Draft) -> Action | None:
    """Label workloads that Git left without the label, so that their next template is held."""
    for name, facts in draft.facts.items():
        if facts.view.managed_by is None:
            draft.note(EventReason.LABELLED, f"{name} is now managed by {draft.snapshot.name}; its next template will be held", workload=name)
            return AddLabel(workload=name, managed_by=draft.snapshot.name)
    return None


def hold_at_once(draft: Draft) -> Action | None:
    """Pause a changed template that went past admission, take up again what was left paused, and label again what lost its label.

    It went past where no policy is there, or where the label came with the change. Without a policy anybody can replace all labels.
    """
    for name, facts in draft.facts.items():
        if facts.view.left_paused:
            draft.note(EventReason.TAKEN_UP_AGAIN, f"{name}, which was left paused when it was given back, is held and released in its turn", workload=name)
            return Hold(workload=name)
        if lost_its_label(draft, name, facts):
            draft.note(EventReason.HELD_AGAIN, f"somebody took the label off that says that {name} is held; it is held as before", workload=name)
            return Hold(workload=name)
        if not _is_unauthorised(draft, name, facts):
            continue
        draft.note(EventReason.HELD_LATE, f"the new template of {name} was not held by the API server; paused by the operator", workload=name)
        return Hold(workload=name)
    return None


def accept_bypass(draft: Draft) -> Action | None:
    """Take a template that a privileged user let past the hold as what runs, say so, and end the bypass."""
    for name, facts in draft.facts.items():
        reason = facts.view.bypass
        if reason is None:
            continue
        if _counts(draft, facts) and (_is_loose(draft, name, facts) or _was_let_run(draft, name, facts)):
            _let_go(draft, name)
            draft.change_workload(name, stable_hash=facts.view.template, failed_hash="", failure=None)
            draft.note(EventReason.BYPASSED, f"the hold of {name} was bypassed: {reason}", workload=name)
        else:
            why = _why_not(draft, facts)
            draft.note(EventReason.BYPASS_IGNORED, f"a bypass annotation on {name} was removed, {why}: {reason}", workload=name)
        return ClearBypass(workload=name)
    return None


def _counts(draft: Draft, facts: Facts) -> bool:
    """Tell whether the API server decided on the bypass: only it knows who wrote it, and it does not look at what lacks the label."""
    policy = draft.snapshot.hold_mode is HoldMode.POLICY
    return policy and facts.view.bypass is not None and facts.view.bypass_counted and facts.view.managed_by is not None


def _why_not(draft: Draft, facts: Facts) -> str:
    if draft.snapshot.hold_mode is not HoldMode.POLICY:
        return "without the policies none counts while the operator runs"
    if facts.view.managed_by is None:
        return f"it did not count, because without the label {LABEL_MANAGED_BY} the API server does not check who may"
    if facts.view.bypass_counted and not facts.view.held:
        return "it had nothing to release"
    return "it did not count when it came: that takes the label, the verb and a reason that was not used before"


def _was_let_run(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether a bypass took the pace off a batch: what was borrowed still lies in the annotation."""
    view, roll = facts.view, draft.roll(name)
    out = not (view.held or view.paused or view.pinned or view.paced)
    return view.pace_left and out and roll is not None and roll.hash == view.template


def _let_go(draft: Draft, name: str) -> None:
    """Take a workload out of what its release does, forward or back."""
    draft.drop_rolls([name])
    release = draft.open_release
    if release is not None and release.rollback is not None and name in release.rollback.back:
        back = [other for other in release.rollback.back if other != name]
        draft.change_release(rollback=release.rollback.model_copy(update={"back": back}))


def let_through(draft: Draft) -> Action | None:
    """Take off a hold that holds nothing back: a restart, a revert to what runs, an update without a change."""
    for name, facts in draft.facts.items():
        view = facts.view
        if not (view.held or view.lends) or view.pinned or is_busy(draft, name) or facts.alive not in ((facts.wanted,), ()):
            continue
        if facts.wanted != draft.workloads[name].stable_hash or not view.settled:
            continue
        if view.held and view.lends:
            return GiveBackHeld(workload=name)
        draft.note(EventReason.LET_THROUGH, f"{name} asks for what it runs already, so its hold was taken off", workload=name)
        return LetThrough(workload=name, revision=facts.wanted)
    return None


def sweep_ghosts(draft: Draft) -> Action | None:
    """Delete empty ReplicaSets of held workloads that a scale-up from 0 would start instead of what runs."""
    for name, facts in draft.facts.items():
        if not facts.view.held or not facts.view.paused or facts.view.pinned or draft.roll(name) is not None:
            continue
        if (action := delete_ghost(draft, name=name, facts=facts)) is not None:
            return action
    return None


def withdraw_early_pods(draft: Draft) -> Action | None:
    """Take back pods of a template that started before its turn, or that the plan wants back on the stable revision first.

    Pods of a revision that a newer template supersedes stay where the plan goes on from them directly.
    """
    for name, facts in draft.facts.items():
        stable = draft.workloads[name].stable_hash
        if draft.roll(name) is not None or draft.goes_back(name) or not stable or not facts.knows(stable):
            continue
        superseded = frozenset() if _returns_first(draft, name) else frozenset(facts.alive) - {facts.wanted}
        started = any(rs.hash not in (stable, *superseded) and rs.replicas > 0 for rs in facts.view.replica_sets)
        early = facts.view.held and (started or _would_start(facts, stable=stable))
        returning = facts.view.pinned and not draft.workloads[name].restart_time
        if not (early or returning) or facts.wanted == stable:
            continue
        floor = floor_of(draft, name) if started else None
        if floor is not None and not returning:
            draft.stalls.append(Stall(reason=Reason.BELOW_THE_FLOOR, message=floor))
            continue
        draft.waits.append(f"{name} to run only its stable revision again")
        return step_back(draft, name=name, facts=facts, to=stable)
    return None


def _would_start(facts: Facts, *, stable: str) -> bool:
    """Tell whether a StatefulSet without pods would start its held template on scaling up (core/going_back_by_ordinal.py)."""
    view = facts.view
    return view.by_ordinal and view.settled and view.replicas == 0 and not any(rs.pods for rs in view.replica_sets) and view.current != stable


def end_empty_pins(draft: Draft) -> Action | None:
    """End a pin that brings nothing back: the workload was created anew, from a backup perhaps, with the labels and without ReplicaSets."""
    for name, facts in draft.facts.items():
        view = facts.view
        if not (view.pinned and view.paused) or view.of(view.template):
            continue
        if not view.settled:
            draft.waits.append(f"{name}, created anew while it was pinned, to be seen by the Deployment controller")
            continue
        words = f"{name} was pinned to a revision of which nothing is left; its waiting template is held, as any other first one"
        draft.note(EventReason.PIN_ENDED, words, workload=name)
        return unpin(draft, facts, name=name)
    return None


def give_back_pace(draft: Draft) -> Action | None:
    """Give back a pace that outlived its roll, because its template was superseded and the newer one has to wait."""
    for name, facts in draft.facts.items():
        view, stable = facts.view, draft.workloads[name].stable_hash
        if view.paced is None or not view.held or not view.settled or is_busy(draft, name):
            continue
        if facts.alive == (stable,) and facts.is_full(stable):
            return GiveBackHeld(workload=name)
    return None


def disown_returned(draft: Draft) -> Action | None:
    """Let go of fields that were given back, so that their owner can change them by server-side apply without a conflict."""
    return next((Disown(workload=name) for name, facts in draft.facts.items() if facts.view.owns_returned), None)


def _is_loose(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether a new template is out without a roll of ours."""
    view, status = facts.view, draft.workloads[name]
    return not (view.held or view.paused or view.pinned) and view.template != status.stable_hash and draft.roll(name) is None


def _is_unauthorised(draft: Draft, name: str, facts: Facts) -> bool:
    if _counts(draft, facts):
        return False
    if draft.goes_back(name):
        return False  # the way back freezes it, keeping the surge that is in use
    roll = draft.roll(name)
    if roll is not None:
        return roll.hash != facts.view.template and not (facts.view.held or facts.view.pinned)
    return _is_loose(draft, name, facts)


def _returns_first(draft: Draft, name: str) -> bool:
    """Tell whether a newer template can't go on from what is half rolled: by way of the stable revision, or not at all."""
    return name in draft.outlook.plan.back_first or name in draft.outlook.kept_back


def is_busy(draft: Draft, name: str) -> bool:
    """Tell whether a workload rolls, or is on its way back."""
    return draft.roll(name) is not None or draft.goes_back(name)
