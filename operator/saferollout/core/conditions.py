"""The conditions: Ready, Reconciling, Stalled and PlanAccepted, as kstatus, kubectl wait and Argo CD read them."""

from typing import Final

from saferollout.api.status import Condition, ConditionStatus, State
from saferollout.core.analysis.assess import Assessment
from saferollout.core.draft import Draft
from saferollout.core.reasons import ConditionType, Reason, Recorded
from saferollout.core.refusing import refusal_stands, refusal_words
from saferollout.core.standing import SETTLING, Standing
from saferollout.core.unknown_readers import reader_warnings
from saferollout.core.views import Absence

DONE: Final = frozenset({State.IDLE, State.COMPLETED})
STUCK: Final = frozenset({State.REFUSED, State.ROLLED_BACK, State.FAILED})


def conditions(draft: Draft, standing: Standing) -> list[Condition]:
    """Return all four, with the generation they speak of; the time changes only when a status does."""
    missing = [absent for absent in draft.snapshot.world.absent.values() if absent.reason == Absence.NOT_FOUND]
    done = standing.state in DONE and not draft.snapshot.world.absent and not draft.stalls
    stuck = standing.state in STUCK or bool(draft.stalls) or len(missing) < len(draft.snapshot.world.absent)
    moving = not done and not stuck
    reason, message = _said(draft, standing)
    return [
        _condition(draft, ConditionType.PLAN_ACCEPTED, *_plan(draft)),
        _condition(draft, ConditionType.READY, _status(done), reason, message),
        _condition(draft, ConditionType.RECONCILING, _status(moving), reason, message),
        _condition(draft, ConditionType.STALLED, _status(stuck), draft.stalls[0].reason if draft.stalls else reason, message),
    ]


def _said(draft: Draft, standing: Standing) -> tuple[Reason | Recorded, str]:
    absent = [draft.snapshot.world.absent[name] for name in sorted(draft.snapshot.world.absent)]
    if standing.state in DONE and absent:
        return Reason.named(f"Workload{absent[0].reason}"), "; ".join(one.message for one in absent)
    stalls = list(dict.fromkeys(stall.message for stall in draft.stalls))
    if standing.state in DONE and stalls:
        return draft.stalls[0].reason, "; ".join(stalls)
    message = "; ".join([standing.message, *(stall for stall in stalls if stall not in standing.message), *(one.message for one in absent)])
    return standing.reason, message


def _plan(draft: Draft) -> tuple[ConditionStatus, Reason, str]:
    if draft.snapshot.spec_problems:
        return ConditionStatus.FALSE, Reason.INVALID_SPEC, "; ".join(draft.snapshot.spec_problems)
    if draft.blockers:
        return ConditionStatus.FALSE, draft.blockers[0].reason, "; ".join(blocker.message for blocker in draft.blockers)
    going_back = draft.open_release is not None and draft.open_release.rollback is not None
    refusal = None if going_back else draft.outlook.refusal
    if refusal is not None and not refusal_stands(draft):
        return ConditionStatus.UNKNOWN, Reason.SETTLING, SETTLING
    if refusal is not None:
        return ConditionStatus.FALSE, Reason.named(refusal.reason or Reason.REFUSED), refusal_words(draft)
    if draft.problems:
        return ConditionStatus.FALSE, Reason.INVALID_TEMPLATE, "; ".join(draft.problems[name] for name in sorted(draft.problems))
    if draft.unread:
        return ConditionStatus.FALSE, Reason.EXTERNAL_UNREADABLE, "; ".join(draft.unread)
    return ConditionStatus.TRUE, Reason.ACCEPTED, "; ".join((*reader_warnings(draft), *_of_analysis(draft)))


def _of_analysis(draft: Draft) -> tuple[str, ...]:
    """Return what the analysis warns of while a release is watched."""
    return (draft.assessment.warning,) if isinstance(draft.assessment, Assessment) and draft.assessment.warning else ()


def _status(holds: bool) -> ConditionStatus:
    return ConditionStatus.TRUE if holds else ConditionStatus.FALSE


def _condition(draft: Draft, kind: ConditionType, status: ConditionStatus, reason: Reason | Recorded, message: str) -> Condition:
    before = next((known for known in draft.snapshot.status.conditions if known.type == kind), None)
    since = before.last_transition_time if before is not None and before.status is status else draft.now
    return Condition(
        type=kind.value,
        status=status,
        reason=reason[:64],
        message=message[:1024],
        observed_generation=draft.snapshot.generation,
        last_transition_time=since,
    )
