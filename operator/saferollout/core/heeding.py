"""Heed what the analysis finds: hold, go back, or stop the spread; and keep on record what was found.

Nothing is counted here: the finding is worked out anew at every look from everything that was measured. With analysis.mode DryRun it is only
put on record. A person's `forward` on a roll, or `approve analysis` for its batch, goes before it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from saferollout.api.analysis import AnalysisMode
from saferollout.api.status import ActiveRoll
from saferollout.api.status import Finding as Recorded
from saferollout.core.analysis.assess import Assessment, Unable, assess, made_of
from saferollout.core.analysis.comparisons import Comparison
from saferollout.core.analysis.exposure import SIGNAL_OF, Unproven, unproven, worst
from saferollout.core.analysis.memory import Memory
from saferollout.core.analysis.schedule import is_enforced, mode_of, next_look, schedule_of
from saferollout.core.decision import AnalysisLook
from saferollout.core.diagnosis.finding import Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.sentences import beginning, headline
from saferollout.core.draft import Draft, Stall
from saferollout.core.event_reasons import EventReason
from saferollout.core.failing import Trouble
from saferollout.core.outages import record_outages
from saferollout.core.reasons import Reason
from saferollout.core.waivers import ANALYSIS, is_forwarded, is_waived, is_waived_between_rolls

CANT_TELL: Final = "the analysis can't tell how the release is: "
WAY_OUT: Final = " (approve analysis goes on without)"
_MOST_LINES: Final = 12


def look_into(draft: Draft) -> None:
    """Assess the release, and put on record what was found; the same finding is written once."""
    release = draft.open_release
    if release is None:
        draft.assessed = None  # what was worked out of a release's answers takes much memory, and is of no use after it
        return
    draft.assessment = _assessment(draft)
    if mode_of(draft.snapshot) is AnalysisMode.DISABLED and release.finding is not None:
        draft.change_release(finding=None)
    if draft.assessment is None:
        return
    record_outages(draft)
    due = next_look(draft.snapshot, draft.now)
    if due is not None:
        draft.wake_at(due)
    if isinstance(draft.assessment, Unable):
        return  # what was found stands until something can be told again
    if not release.watched:
        draft.change_release(watched=True)
    finding = draft.assessment.finding
    if is_enforced(draft.snapshot) and finding.action is Action.STOP_SPREADING and finding.certainty is Certainty.NAMED:
        draft.mark_forward_only(finding.workload)
    if finding.lasts and is_enforced(draft.snapshot) and not _is_let_go_on(draft, finding.workload):
        draft.stalls.append(Stall(reason=Reason.OUTAGE_AGAIN_AND_AGAIN, message=headline(finding)))
    now = _recorded(finding, at=draft.now) if finding.cause is not Cause.NOTHING else None
    if _words(now) == _words(release.finding):
        return
    draft.change_release(finding=now)
    if now is not None:
        draft.note(EventReason.FOUND, now.message, workload=finding.workload or None)
    elif release.finding is not None:
        draft.note(EventReason.RECOVERED, f"it is over: {release.finding.message}")


def blamed(draft: Draft) -> Trouble | None:
    """Return the step that the analysis takes back; none by data with a gap alone, which holds (hold_words)."""
    assessment = _in_force(draft)
    if assessment is None or not assessment.confirmed:
        return None
    finding = assessment.finding
    if finding.action is not Action.ROLL_BACK or draft.target(finding.workload) is None or is_being_finished(draft, finding.workload):
        return None
    return Trouble(workload=finding.workload, reason=Reason.DIAGNOSED, message=headline(finding))


def hold_words(draft: Draft) -> str | None:
    """Say why the analysis lets nothing new start, and how a person goes on; None where it does not hold anything.

    `approve analysis` lets the batches under way go on, or where nothing rolls the next start, and `expedite` the whole release, past all but a
    spread that must be stopped.
    """
    if not is_enforced(draft.snapshot) or draft.assessment is None:
        return None
    if isinstance(draft.assessment, Unable):
        return None if _is_let_go_on(draft, "") else CANT_TELL + draft.assessment.reason + WAY_OUT
    finding, quiet = draft.assessment.finding, draft.assessment.quiet_from(draft.now)
    if finding.action is Action.STOP_SPREADING:
        return None if is_being_finished(draft, finding.workload) or _is_done(draft, finding.workload) else _stalled(draft, finding)
    if _is_let_go_on(draft, finding.workload):
        return None
    if finding.action in (Action.HOLD, Action.RESUME_AFTER_QUIET):
        return headline(finding) + WAY_OUT
    if draft.assessment.gaps:
        return CANT_TELL + draft.assessment.gaps[0].sentence + WAY_OUT
    if quiet is None or finding.action is not Action.GO_ON:
        return None
    draft.wake_at(quiet)
    is_outage = any(outage.end == quiet for outage in draft.assessment.outages)
    after = "an outage" if is_outage else "a time in which an exporter did not say whether its server was up"
    return f"a quiet time after {after}, until {quiet:%Y-%m-%d %H:%M:%S} UTC"


def waits_for_a_word(draft: Draft) -> bool:
    """Tell whether the analysis holds what a person's `approve analysis` would let go on; it is asked before this decision's look is taken in."""
    if draft.open_release is None:
        return False
    draft.assessment = _assessment(draft)
    is_spreading = isinstance(draft.assessment, Assessment) and draft.assessment.finding.action is Action.STOP_SPREADING
    return not is_spreading and hold_words(draft) is not None


def waits_out_an_outage(draft: Draft) -> bool:
    """Tell whether something that all stand on is away, or was a moment ago: pods that are not ready then are not late."""
    assessment = _in_force(draft)
    if assessment is None:
        return False
    return assessment.finding.action is Action.RESUME_AFTER_QUIET or assessment.quiet_from(draft.now) is not None


def missing_exposure(draft: Draft, roll: ActiveRoll) -> str | None:
    """Say what has to be seen yet of a batch before it is shown to be well; None where it is, where nobody can see it, or where a person let it go on."""
    assessment, ready = _in_force(draft), roll.ready_time
    if assessment is None or ready is None or _is_let_go_on(draft, roll.workload):
        return None
    if roll.workload in assessment.unanswered:
        return assessment.unanswered[roll.workload]
    missing = worst(_unproven(draft, assessment, roll.workload, since=ready))
    if missing is None:
        return None
    return assessment.vanished.get((roll.workload, SIGNAL_OF[missing.symptom]), missing.sentence)


def _unproven(draft: Draft, assessment: Assessment, workload: str, *, since: datetime) -> tuple[Unproven, ...]:
    """Judge once a look what a batch has shown, and remember it with the look's assessment: a batch that waits is decided on far more often."""
    highest_rate, without = float(draft.snapshot.spec.analysis.highest_rate), (*assessment.outages, *assessment.silences)

    def judged(compared: Sequence[Comparison]) -> tuple[Unproven, ...]:
        return unproven(compared, workload=workload, since=since, highest_rate=highest_rate, without=without)

    return (_memory(draft) or Memory()).all(("unproven", workload, since, highest_rate), assessment.compared, judged)


def last_look(draft: Draft) -> AnalysisLook | None:
    """Return when the analysis looked last, and whether it could tell; None where it does not look, or has nothing to look at."""
    schedule = schedule_of(draft.snapshot, draft.now)
    if schedule is None or not schedule.since or draft.assessment is None:
        return None
    found = draft.assessment
    answered = isinstance(found, Assessment) and not found.gaps
    return AnalysisLook(at=schedule.since[-1], answered=answered)


def _stalled(draft: Draft, finding: Finding) -> str:
    stall = Stall(reason=Reason.FORWARD_ONLY, message=headline(finding))
    if stall not in draft.stalls:
        draft.stalls.append(stall)
    return stall.message


def _assessment(draft: Draft) -> Assessment | Unable | None:
    """Assess anew only when something new was measured, or other pods are asked about: a decision is made far more often."""
    key = made_of(draft.snapshot, draft.observations)
    if draft.assessed is None or draft.assessed[0] != key:
        memory = Memory(_memory(draft))
        draft.assessed = (key, assess(draft.snapshot, draft.observations, draft.now, memory), memory.seal())
    found = draft.assessed[1]
    return found if isinstance(found, Assessment | Unable) else None


def _memory(draft: Draft) -> Memory | None:
    """Return what was worked out at the last look."""
    known = draft.assessed[2] if draft.assessed is not None else None
    return known if isinstance(known, Memory) else None


def _in_force(draft: Draft) -> Assessment | None:
    """Return the assessment where it may do something; None in a dry run, and where nothing can be told."""
    return draft.assessment if is_enforced(draft.snapshot) and isinstance(draft.assessment, Assessment) else None


def _is_let_go_on(draft: Draft, workload: str) -> bool:
    """Tell whether a person lets the release go on although something is suspected, or nobody can tell."""
    release = draft.open_release
    if release is None:
        return False
    if release.expedited is not None:
        return True
    rolls = _rolls_of(draft, workload)
    if not rolls:
        return is_waived_between_rolls(release, subject=ANALYSIS)
    return all(is_forwarded(release, roll) or is_waived(release, roll, subject=ANALYSIS) for roll in rolls)


def is_being_finished(draft: Draft, workload: str) -> bool:
    """Tell whether a person said that the roll to blame is to be finished; a word on a suspicion does not stand for that."""
    rolls = _rolls_of(draft, workload)
    return draft.open_release is not None and bool(rolls) and all(is_forwarded(draft.open_release, roll) for roll in rolls)


def _is_done(draft: Draft, workload: str) -> bool:
    """Tell whether a workload's roll is complete: no old pod is left that something could spread beside."""
    target = draft.target(workload)
    return target is not None and target.done


def _rolls_of(draft: Draft, workload: str) -> list[ActiveRoll]:
    """Return the rolls under way of a workload; all of them where none is its own."""
    rolls = draft.open_release.rolls if draft.open_release is not None else []
    return [roll for roll in rolls if roll.workload == workload] or list(rolls)


def _recorded(finding: Finding, *, at: datetime) -> Recorded:
    return Recorded(
        cause=finding.cause.value,
        certainty=finding.certainty.value,
        action=finding.action.value,
        workload=finding.workload,
        contract=finding.contract,
        message=headline(finding)[:1024],
        evidence=_lines((*finding.evidence, *beginning(finding))),
        not_because=_lines(finding.not_because),
        doubts=_lines(finding.doubts),
        then=_lines((*finding.then, *finding.also)),
        commands=_lines(tuple(f"{command.purpose}: {command.text}" for command in finding.commands)),
        began=finding.began.at.replace(microsecond=0) if finding.began is not None else None,
        time=at,
    )


def _lines(sentences: tuple[str, ...]) -> list[str]:
    return [sentence[:1024] for sentence in sentences[:_MOST_LINES]]


def _words(finding: Recorded | None) -> tuple[object, ...]:
    """Return what makes a finding another one; numbers in its evidence do not."""
    if finding is None:
        return ()
    return finding.cause, finding.certainty, finding.action, finding.workload, finding.contract, finding.message, tuple(finding.doubts)
