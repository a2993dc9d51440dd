"""When a refused plan counts as refused, and in which words: half of a sync is no trouble, the rest of it may be on its way."""

from datetime import timedelta
from typing import Final

from saferollout.api.status import ConditionStatus
from saferollout.core.draft import Draft
from saferollout.core.reasons import ConditionType
from saferollout.core.starting import has_settled

ARRIVAL_SECONDS: Final = 5
"""For so long after the last template that came the next one may belong to it; where `settleSeconds` is shorter, for that long."""

REPAIR: Final = " Repair: "
"""Stands between a refusal and its way out in the message of PlanAccepted; the command line shows them apart."""


def refusal_words(draft: Draft) -> str:
    """Return why there is no plan for every template, with the way out; empty where there is one."""
    refusal = draft.outlook.refusal
    if refusal is None:
        return ""
    repairs = " ".join(repair.sentence for repair in refusal.repairs)
    return "; ".join([*draft.unread, f"{refusal.message}{f'{REPAIR}{repairs}' if repairs else ''}"])


def refusal_stands(draft: Draft) -> bool:
    """Tell whether a refusal is to be said: it is on record in the same words, or no template has come for a while that could mend it."""
    if draft.outlook.refusal is None:
        return False
    if _is_on_record(draft):
        return True
    release = draft.open_release
    if release is None:
        return True
    if not has_settled(draft):
        return False
    due = release.changed_time + timedelta(seconds=min(ARRIVAL_SECONDS, draft.snapshot.spec.settle_seconds))
    if draft.now >= due:
        return True
    draft.wake_at(due)
    return False


def _is_on_record(draft: Draft) -> bool:
    known = next((one for one in draft.snapshot.status.conditions if one.type == ConditionType.PLAN_ACCEPTED), None)
    return known is not None and known.status is ConditionStatus.FALSE and known.message == refusal_words(draft)[:1024]
