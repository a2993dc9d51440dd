"""Say once what a person has to look at: a refused plan, a template that can't be released, a release that got stuck.

What status says already is the memory, so the same situation is announced once, also by another replica.
"""

from collections.abc import Sequence

from saferollout.api.status import Condition, ConditionStatus
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.reasons import ConditionType, Reason


def announce(draft: Draft, conditions: Sequence[Condition]) -> None:
    """Note what became wrong with this decision; what was wrong before in the same words is not news."""
    before = {known.type: known for known in draft.snapshot.status.conditions}
    now = {condition.type: condition for condition in conditions}
    _invalid_templates(draft)
    _refusal(draft, before.get(ConditionType.PLAN_ACCEPTED), now[ConditionType.PLAN_ACCEPTED])
    stalled = before.get(ConditionType.STALLED)
    known = stalled.reason if stalled is not None and stalled.status is ConditionStatus.TRUE else ""
    for stall in draft.stalls[:1]:
        if stall.reason != known:
            draft.note(EventReason.STALLED, f"got stuck ({stall.reason}): {stall.message}")


def _invalid_templates(draft: Draft) -> None:
    known = {workload.name: workload.message for workload in draft.snapshot.status.workloads}
    for name in sorted(draft.problems):
        # Status keeps the beginning of a sentence that is longer than its bound.
        if known.get(name) != draft.problems[name][:1024]:
            draft.note(EventReason.INVALID_TEMPLATE, f"not released: {draft.problems[name]}", workload=name)


def _refusal(draft: Draft, before: Condition | None, now: Condition) -> None:
    # Templates that can't be released are announced on their own workloads.
    if now.status is not ConditionStatus.FALSE or now.reason == Reason.INVALID_TEMPLATE:
        return
    refusal = draft.outlook.refusal
    if draft.open_release is None and refusal is not None and now.reason == refusal.reason:
        return  # after a failure the others wait for the failed template: the failure is the news
    if before is None or (before.status, before.reason, before.message) != (now.status, now.reason, now.message):
        draft.note(EventReason.PLAN_REFUSED, f"refused ({now.reason}): {now.message}")
