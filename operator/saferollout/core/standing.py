"""Say where a release stands, and close it when it is over."""

from dataclasses import dataclass
from typing import Final

from saferollout.api.status import Release, State
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.failing import why_failed
from saferollout.core.gathering import is_failed
from saferollout.core.heeding import hold_words
from saferollout.core.reasons import Reason, Recorded
from saferollout.core.refusing import refusal_stands
from saferollout.core.rolling import stop_words
from saferollout.core.starting import has_settled

SETTLING: Final = "waits for templates of the same sync"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state with its reason and one sentence."""

    state: State
    reason: Reason | Recorded
    message: str


def stand(draft: Draft, *, busy: bool) -> Standing:
    """Return where things stand; `busy`: a write is about to be made, so nothing is over yet."""
    if draft.open_release is not None and not busy and draft.snapshot.spec_readable:
        _close_if_over(draft)
    release = draft.open_release
    goes_back = release is not None and release.rollback is not None and draft.snapshot.spec_readable
    if draft.snapshot.spec_problems and not goes_back:
        return Standing(State.REFUSED, Reason.INVALID_SPEC, "; ".join(draft.snapshot.spec_problems))
    return _in_work(draft, release) if release is not None else _at_rest(draft)


def _close_if_over(draft: Draft) -> None:
    release = draft.open_release
    if release is None or release.rolls and release.rollback is None:
        return
    if release.rollback is not None:
        if set(release.rollback.back) <= set(release.rollback.returned):
            draft.change_release(end_time=draft.now)
            draft.wake_in(0)
            draft.note(EventReason.ROLLED_BACK, f"release {release.id} went back: {_failure_words(release)}")
        return
    if release.failure is None and all(target.done for target in release.targets):
        draft.change_release(end_time=draft.now)
        if release.targets:
            draft.note(EventReason.COMPLETED, f"release {release.id} is complete: {_outcome(release)}")


def _outcome(release: Release) -> str:
    out = ", ".join(target.workload for target in release.targets if target.to_hash != target.from_hash)
    reverted = ", ".join(target.workload for target in release.targets if target.to_hash == target.from_hash)
    return "; ".join(words for words in (out, f"back at what ran before: {reverted}" if reverted else "") if words)


def _failure_words(release: Release) -> str:
    return release.failure.message if release.failure is not None else "a person asked for it"


def _in_work(draft: Draft, release: Release) -> Standing:
    if release.rollback is not None:
        return Standing(State.ROLLING_BACK, Reason.ROLLING_BACK, f"rolling back: {_failure_words(release)}")
    if release.failure is not None:
        reason = release.paused.reason if release.paused is not None else release.failure.message
        return Standing(State.FAILED, Recorded(release.failure.reason), f"{release.failure.workload} failed: {release.failure.message}; {reason}")
    if draft.approvals_wanted:
        return Standing(State.AWAITING_APPROVAL, Reason.AWAITING_APPROVAL, f"waits for approval of {', '.join(sorted(set(draft.approvals_wanted)))}")
    stopped = stop_words(draft)
    if stopped is not None and stopped in (draft.spared, hold_words(draft)):
        return Standing(State.WAITING, Reason.DIAGNOSED, stopped)
    if stopped is not None:
        return Standing(State.PAUSED, Reason.PAUSED, stopped)
    if release.rolls and {roll.workload for roll in release.rolls} <= set(draft.held_by_gates):
        return Standing(State.WAITING, Reason.WAITING, "; ".join(dict.fromkeys(draft.waits)))
    if release.rolls:
        return Standing(State.PROGRESSING, Reason.PROGRESSING, "; ".join(dict.fromkeys(draft.waits)) or "rolling")
    return _between_steps(draft)


def _between_steps(draft: Draft) -> Standing:
    if draft.blockers:
        return Standing(State.REFUSED, draft.blockers[0].reason, "; ".join(blocker.message for blocker in draft.blockers))
    refusal, stuck = draft.outlook.refusal, not draft.outlook.plan.steps
    if refusal is not None and stuck and refusal_stands(draft):
        return Standing(State.REFUSED, Reason.named(refusal.reason or Reason.REFUSED), refusal.message)
    if draft.problems and stuck:
        return Standing(State.REFUSED, Reason.INVALID_TEMPLATE, "; ".join(draft.problems[name] for name in sorted(draft.problems)))
    if not has_settled(draft) or (refusal is not None and stuck):
        # It may still be accepted: the rest of the sync is on its way.
        return Standing(State.SETTLING, Reason.SETTLING, SETTLING)
    return Standing(State.WAITING, Reason.WAITING, "; ".join(dict.fromkeys(draft.waits)) or "the next step is about to start")


def _at_rest(draft: Draft) -> Standing:
    failed = sorted(name for name, facts in draft.facts.items() if is_failed(draft, name, facts) and not facts.at_rest)
    release = draft.release
    if failed:
        why = f": {known}" if (known := why_failed(draft, failed[0])) else ""
        waiting = sorted(name for name in draft.outlook.kept_back if draft.facts[name].view.held)
        held = f"the new template of {failed[0]} stays held" if len(failed) == 1 else f"the new templates of {', '.join(failed)} stay held"
        others = f"; {', '.join(waiting)} can't go without it" if waiting else ""
        return Standing(State.ROLLED_BACK, Reason.ROLLED_BACK, f"{held}{why}{others}")
    if draft.problems:
        return Standing(State.REFUSED, Reason.INVALID_TEMPLATE, "; ".join(draft.problems[name] for name in sorted(draft.problems)))
    borrowed = [name for name, facts in draft.facts.items() if facts.view.held or facts.view.lends]
    if borrowed:
        waits = "; ".join(dict.fromkeys(draft.waits))
        return Standing(State.WAITING, Reason.WAITING, waits or f"what is borrowed of {', '.join(borrowed)} is about to be given back")
    queries = [blocker.message for blocker in draft.blockers if blocker.reason == Reason.INVALID_QUERY]
    if queries:
        return Standing(State.REFUSED, Reason.INVALID_QUERY, "; ".join(queries))
    loose = [_loose(name, facts) for name, facts in draft.facts.items() if facts.others_than(facts.wanted)]
    if loose:
        return Standing(State.WAITING, Reason.WAITING, f"a rollout that this SafeRollout did not start is under way: {', '.join(loose)}")
    if release is not None and release.targets and release.failure is None and release.rollback is None:
        return Standing(State.COMPLETED, Reason.COMPLETED, f"release {release.id} is complete")
    return Standing(State.IDLE, Reason.IDLE, "nothing is being released")


def _loose(name: str, facts: Facts) -> str:
    """Name a workload that rolls by nobody's turn, after a bypass perhaps, and what its new pods suffer from."""
    trouble = next((item.reason for rs in facts.view.of(facts.wanted) for item in rs.trouble), "")
    return f"{name} ({trouble})" if trouble else name
