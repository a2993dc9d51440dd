"""What went past the hold, said plainly: a StatefulSet's first template, which nothing can hold, and whatever of what runs can't live together.

A new StatefulSet has no older revision that its pods could be of, so its controller starts them at any partition. Its template can be wrong
beside what runs, as after a bypass: the kernel reports that and refuses nothing for it (kernel.md section 4), and neither does anything here.
"""

from collections.abc import Iterator

from saferollout.api.status import WorkloadStatus
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.plans import Conflict

FIRST_TEMPLATE = "runs the template that it was created with, which was not held: a new StatefulSet starts at once"


def note_unheld(draft: Draft) -> None:
    """Tell, once, that a StatefulSet came whose pods started at once; one that is older than the first look at the SafeRollout is no news."""
    status = draft.snapshot.status
    first_look = min((condition.last_transition_time for condition in status.conditions), default=draft.now)
    for known in status.workloads:
        facts, now = draft.facts.get(known.name), draft.workloads.get(known.name)
        if facts is None or now is None or not facts.view.by_ordinal:
            continue
        created = facts.view.created
        if created is not None and created >= first_look and _has_come(known, now, facts):
            words = f"{known.name} is new and was not held: a new StatefulSet starts at once"
            draft.note(EventReason.STARTED_UNHELD, words, workload=known.name)


def said_at_rest(draft: Draft, name: str, facts: Facts) -> Iterator[str]:
    """Say of a workload that runs what it is to run whether that was ever held, and with whom it can't live."""
    if _runs_its_first(facts):
        yield FIRST_TEMPLATE
    yield from (f"unsafe now: {conflict.sentence}" for conflict in draft.outlook.plan.unsafe_now if name in _parties(conflict))


def _has_come(before: WorkloadStatus, now: WorkloadStatus, facts: Facts) -> bool:
    """Tell whether it was not there when the operator looked last, or was deleted and created anew with another template.

    At the first look the operator may not have heard yet of the ControllerRevision.
    """
    if before.state == "Absent":
        return bool(now.stable_hash)
    anew = bool(before.stable_hash) and before.stable_hash != now.stable_hash == facts.wanted
    return anew and {rs.hash for rs in facts.view.replica_sets} <= {facts.wanted}


def _runs_its_first(facts: Facts) -> bool:
    """Tell whether a StatefulSet has only ever had one template: the controller keeps what ran before, as far as its history goes."""
    return facts.view.by_ordinal and {rs.hash for rs in facts.view.replica_sets} == {facts.wanted}


def _parties(conflict: Conflict) -> set[str]:
    return {side.workload for side in (conflict.writer, conflict.reader) if side is not None}
