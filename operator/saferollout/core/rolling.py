"""Carry a roll that has started forward: batch by batch, only on evidence, and fail it when it makes no progress.

A batch is ready when its pods are available on the user's own terms; it has passed when the gates have held since then. The
last batch is the native controller's own rolling update, with everything borrowed given back.

A workload without pods has nothing to judge: in the middle of its batches it waits, frozen, until it is scaled up again. The native
controller would start only new pods then, paused or not, so their empty ReplicaSet is deleted: what ran before comes back. Of a StatefulSet
the old template is pinned for that time.
"""

from saferollout.api.spec import Mode, percent
from saferollout.api.status import ActiveRoll
from saferollout.core.actions import Action, Finish, Freeze, LetThrough, SetPace
from saferollout.core.baking import bake_progress, passed_words
from saferollout.core.clocks import deadline, leave_out_ready_time, mark_progress, stop_clock
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.failing import Trouble
from saferollout.core.ghosts import delete_ghost
from saferollout.core.going_back_by_ordinal import replace_broken, step_back_by_ordinal
from saferollout.core.heeding import hold_words, waits_out_an_outage
from saferollout.core.pacing import batch_ready, next_pace
from saferollout.core.reasons import Reason


def advance_rolls(draft: Draft) -> Action | None:
    """Advance each roll in the order in which they started; the first one that needs a write gets it."""
    release = draft.open_release
    if release is None or release.rollback is not None:
        return None
    for roll in tuple(release.rolls):
        action = _advance(draft, roll)
        if action is not None:
            return action
    return None


def batch_percent(draft: Draft, roll: ActiveRoll) -> int | None:
    """Return the share of pods of the batch in work; None for the last one, which is the whole workload."""
    batches = draft.spec_of(roll.workload).batches
    return percent(batches[roll.batch]) if roll.batch < min(len(batches), roll.batches - 1) else None


def _advance(draft: Draft, roll: ActiveRoll) -> Action | None:
    facts = draft.facts.get(roll.workload)
    if facts is None:
        draft.waits.append(draft.problems.get(roll.workload, f"{roll.workload} can't be seen"))
        return None
    if is_asleep(draft, roll, facts):
        return _sleep(draft, roll, facts)
    if facts.view.owner_paused is not None:
        draft.waits.append(f"{roll.workload} is paused by its owner: {facts.view.owner_paused}")
        return None
    if _has_failed(draft, roll):
        return None if facts.view.paused else Freeze(workload=roll.workload)
    if roll.ready_time is not None and not facts.view.settled:
        # It was written to a moment ago, perhaps by a tool that does so all the time: what was ready counts until it is seen not to be.
        _has_baked(draft, roll)
        return None
    if not _is_ready(draft, roll, facts):
        return _press_on(draft, roll, facts)
    if roll.ready_time is None:
        roll = roll.model_copy(update={"ready_time": draft.now})
        draft.put_roll(roll)
        draft.note(EventReason.BATCH_READY, f"{_batch_words(roll)} of {roll.workload} was ready", workload=roll.workload)
    if not _has_baked(draft, roll) or is_stopped_now(draft):
        return None
    if roll.batch + 1 < roll.batches and loses_way_back(draft, roll.workload):
        return None
    return _next_batch(draft, roll, facts)


def loses_way_back(draft: Draft, workload: str) -> bool:
    """Tell whether the native controller would delete what a workload could go back to as soon as it has no pods; say that it waits."""
    facts = draft.facts.get(workload)
    if facts is None or facts.view.strategy.revision_history_limit > 0:
        return False
    draft.waits.append(f"{workload} to keep an old ReplicaSet that it could go back to: its spec.revisionHistoryLimit was set to 0, set it to at least 1")
    return True


def is_asleep(draft: Draft, roll: ActiveRoll, facts: Facts) -> bool:
    """Tell whether a workload was scaled to 0 in the middle of its batches."""
    return facts.view.replicas == 0 and batch_percent(draft, roll) is not None


def _sleep(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    if roll.ready_time is not None:
        draft.put_roll(roll.model_copy(update={"ready_time": None, "missing_exposure": ""}))
    draft.waits.append(f"{roll.workload} to have pods again: it was scaled to 0 in its {_batch_words(roll)}")
    if not facts.view.settled:
        return None
    if not (facts.view.paused or facts.view.pinned):
        return Freeze(workload=roll.workload)
    stable = draft.workloads[roll.workload].stable_hash
    if facts.view.by_ordinal:
        return step_back_by_ordinal(draft, name=roll.workload, facts=facts, to=stable) if stable and not facts.view.pinned else None
    return delete_ghost(draft, name=roll.workload, facts=facts)


def _has_failed(draft: Draft, roll: ActiveRoll) -> bool:
    failure = draft.open_release.failure if draft.open_release is not None else None
    return failure is not None and failure.workload == roll.workload


def overdue(draft: Draft) -> Trouble | None:
    """Return the first roll whose batch has made no progress within its deadline."""
    for roll in draft.open_release.rolls if draft.open_release else ():
        facts = draft.facts.get(roll.workload)
        if facts is None or _is_ready(draft, roll, facts) or _is_stopped(draft, roll, facts) or _has_only_leaving_pods(roll, facts):
            continue
        if draft.now >= deadline(draft, roll, facts):
            return Trouble(workload=roll.workload, reason=Reason.PROGRESS_DEADLINE_EXCEEDED, message=_overdue_words(draft, roll, facts))
    return None


def stop_clocks(draft: Draft) -> None:
    """Have the clocks of rolls stand still that somebody stopped, or that have no pods."""
    for roll in draft.open_release.rolls if draft.open_release else ():
        facts = draft.facts.get(roll.workload)
        if facts is None or _is_stopped(draft, roll, facts):
            stop_clock(draft, roll)


def _is_stopped(draft: Draft, roll: ActiveRoll, facts: Facts) -> bool:
    # A hold of the analysis is no reason to wait for pods that never get ready; only an outage is.
    stopped = person_words(draft) is not None or waits_out_an_outage(draft)
    return is_asleep(draft, roll, facts) or facts.view.owner_paused is not None or stopped


def _has_only_leaving_pods(roll: ActiveRoll, facts: Facts) -> bool:
    """Tell whether all new pods are there and old ones merely take their time to end: that is no failure of the new ones."""
    others = facts.others_than(roll.hash)
    return bool(others) and facts.is_full(roll.hash) and not any(rs.replicas for rs in others)


def _overdue_words(draft: Draft, roll: ActiveRoll, facts: Facts) -> str:
    seconds = draft.snapshot.spec.progress_deadline_seconds
    troubles = sorted({f"{item.pod}: {item.reason}" for rs in facts.view.of(roll.hash) for item in rs.trouble})[:3]
    return f"{_batch_words(roll)} made no progress for {seconds} s" + (f" ({', '.join(troubles)})" if troubles else "")


def is_stopped_now(draft: Draft) -> bool:
    """Tell whether anything keeps what is new from starting (stop_words), and say that the release waits for it."""
    words = stop_words(draft)
    if words is not None:
        draft.waits.append(words)
    return words is not None


def stop_words(draft: Draft) -> str | None:
    """Say what keeps anything new from starting: a person, spec.mode, a faulty spec, a failure that is spared, or what the analysis found; None: nothing."""
    return person_words(draft) or draft.spared or hold_words(draft)


def person_words(draft: Draft) -> str | None:
    """Say how a person keeps anything new from starting: by a word, by spec.mode or by a faulty spec; None where nobody does."""
    if draft.snapshot.spec_problems:
        return f"spec to be corrected: {draft.snapshot.spec_problems[0]}"
    if draft.snapshot.spec.mode is Mode.PAUSED:
        return "spec.mode is Paused"
    paused = draft.open_release.paused if draft.open_release is not None else None
    if paused is None:
        return None
    by = f" by {paused.by}" if paused.by else ""
    return f"paused{by}: {paused.reason or 'no reason given'}; kubectl safe-rollout resume goes on"


def _is_ready(draft: Draft, roll: ActiveRoll, facts: Facts) -> bool:
    view = facts.view
    share = batch_percent(draft, roll)
    if share is not None:
        return view.settled and not view.paused and batch_ready(view=view, revision=roll.hash, batch_percent=share)
    finished = not (view.paused or view.held or view.lends)
    return view.settled and finished and view.template == roll.hash and facts.available


def _press_on(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    if roll.ready_time is not None:
        leave_out_ready_time(draft, roll, facts)
        roll = roll.model_copy(update={"ready_time": None, "missing_exposure": ""})
        draft.put_roll(roll)
    draft.waits.append(_waiting_for_pods(draft, roll, facts))
    if not _is_stopped(draft, roll, facts):
        mark_progress(draft, roll, facts)
    if is_stopped_now(draft) or not facts.view.settled:
        return None
    action = _write_for_batch(draft, roll, facts)
    if action is not None and (_was_restarted(roll, facts) or facts.view.pinned):
        # Its pods are replaced once more, or come only now that it has some again, which is no lack of progress.
        draft.put_roll(roll.model_copy(update={"batch_start_time": draft.now}))
    return action


def _was_restarted(roll: ActiveRoll, facts: Facts) -> bool:
    """Tell whether the batch was restarted and none of its pods has been replaced yet."""
    view = facts.view
    return any(rs.replicas for rs in view.of(roll.hash)) and not any(rs.replicas for rs in view.filled(roll.hash))


def begin_batch(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    """Return the first write of a batch, and say what is waited for from now on: once it is made there is nothing new to say."""
    draft.waits.append(_waiting_for_pods(draft, roll, facts))
    return _write_for_batch(draft, roll, facts)


def _write_for_batch(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    """Return the write that brings the workload nearer to its batch; None where all of it is set."""
    view = facts.view
    share = batch_percent(draft, roll)
    if share is not None:
        pace = next_pace(view=view, revision=roll.hash, batch_percent=share)
        return SetPace(workload=roll.workload, revision=roll.hash, pace=pace) if pace is not None else _make_way(draft, roll, facts)
    if view.lends:
        return Finish(workload=roll.workload, revision=roll.hash)
    if view.held or view.paused:
        return LetThrough(workload=roll.workload, revision=roll.hash)
    return _make_way(draft, roll, facts)


def _make_way(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    """Replace a broken pod of a StatefulSet that neither what ran before nor the new template has started: a failed one, superseded."""
    stable = draft.workloads[roll.workload].stable_hash
    superseded = tuple(rs for rs in facts.others_than(roll.hash) if rs.hash != stable)
    return replace_broken(roll.workload, superseded) if facts.view.by_ordinal else None


def _has_baked(draft: Draft, roll: ActiveRoll) -> bool:
    if is_way_back(draft, roll):
        return True
    progress = bake_progress(draft, roll)
    if progress.unexposed != roll.missing_exposure:
        draft.put_roll(roll.model_copy(update={"missing_exposure": progress.unexposed[:1024]}))
    if not progress.passed:
        draft.waits.append(progress.message)
    if progress.held:
        draft.held_by_gates.append(roll.workload)
    return progress.passed


def is_way_back(draft: Draft, roll: ActiveRoll) -> bool:
    """Tell whether the roll leads to what ran before: released at once, nothing to bake."""
    return draft.workloads[roll.workload].stable_hash == roll.hash


def _next_batch(draft: Draft, roll: ActiveRoll, facts: Facts) -> Action | None:
    if roll.batch + 1 >= roll.batches:
        _complete(draft, roll)
        return None
    following = roll.model_copy(update={"batch": roll.batch + 1, "batch_start_time": draft.now, "ready_time": None, "missing_exposure": ""})
    draft.put_roll(following)
    draft.note(EventReason.BATCH_PASSED, f"{_batch_words(roll)} of {roll.workload} {passed_words(draft, roll)}", workload=roll.workload)
    return begin_batch(draft, following, facts)


def _complete(draft: Draft, roll: ActiveRoll) -> None:
    target = draft.target(roll.workload)
    if target is not None:
        draft.put_target(target.model_copy(update={"done": True}))
    which = "the template it had before" if is_way_back(draft, roll) else "its new template"
    draft.note(EventReason.ROLLED_OUT, f"{roll.workload} runs {which} on all pods", workload=roll.workload)
    draft.drop_rolls([roll.workload])
    draft.change_workload(roll.workload, stable_hash=roll.hash, failed_hash="", failure=None, message="")


def _batch_words(roll: ActiveRoll) -> str:
    return f"batch {roll.batch + 1} of {roll.batches}"


def _waiting_for_pods(draft: Draft, roll: ActiveRoll, facts: Facts) -> str:
    """Name the batch, and the first trouble a pod has; no counts, so that not every pod is a status write."""
    new = facts.view.of(roll.hash)
    trouble = next((f" ({item.reason})" for rs in new for item in rs.trouble), "")
    gone = ", old ones to be gone" if roll.batch + 1 == roll.batches else ""
    return f"{_batch_words(roll)} of {roll.workload}: new pods to be available{trouble}{gone}"
