"""Gather the templates that are to be released: a workload that arrives later joins, a newer template supersedes, a revert leaves."""

import hashlib

from saferollout.api.status import GateStart, Release, Target
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.failed_releases import failed_times
from saferollout.core.plans import Roll


def gather(draft: Draft) -> None:
    """Bring the targets of the release up to date with what Git asks for; open a release where there is none."""
    release = draft.open_release
    if release is not None and release.rollback is not None:
        return
    _end_failures(draft)
    _end_waiting(draft)
    wanted = {name: facts for name, facts in draft.facts.items() if _is_wanted(draft, name, facts)}
    if release is None:
        if wanted and not _waits_for_failed(draft, wanted):
            _open(draft, wanted)
        return
    for name, facts in wanted.items():
        _join(draft, name, facts)
    _forget_reverted(draft, wanted)


def is_failed(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether what Git asks for is the template that failed."""
    failed = draft.workloads[name].failed_hash
    return bool(failed) and failed == facts.wanted


def is_set_aside(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether what Git asks for has failed, or went back with one that has and waits for it."""
    if is_failed(draft, name, facts):
        return True
    returned = draft.workloads[name].returned_hash
    return bool(returned) and returned == facts.wanted


def lost_its_label(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether a pause is ours although nothing on the workload says so any more: status has it on record as held."""
    view = facts.view
    bare = view.paused and not (view.held or view.pinned or view.left_paused) and view.owner_paused is None
    return bare and draft.roll(name) is None and draft.workloads[name].state in ("Held", "Failed")


def _end_failures(draft: Draft) -> None:
    """Forget a failed template once what ran before is asked for again: the same template may come anew later."""
    for name, facts in draft.facts.items():
        status = draft.workloads[name]
        if status.failed_hash and facts.wanted == status.stable_hash != status.failed_hash:
            draft.change_workload(name, failed_hash="", failure=None)


def _end_waiting(draft: Draft) -> None:
    """Let what went back with a failed template join again once no failed template is asked for any more."""
    for name, facts in draft.facts.items():
        returned = draft.workloads[name].returned_hash
        if not returned:
            continue
        if returned != facts.wanted or not any(is_failed(draft, other, known) for other, known in draft.facts.items()):
            draft.change_workload(name, returned_hash="")


def _is_wanted(draft: Draft, name: str, facts: Facts) -> bool:
    if is_set_aside(draft, name, facts) or facts.view.left_paused or facts.view.deleting:
        return False
    if facts.wanted != draft.workloads[name].stable_hash:
        return True
    return (facts.view.held or facts.view.lends) and facts.alive != (facts.wanted,)


def _waits_for_failed(draft: Draft, wanted: dict[str, Facts]) -> bool:
    """Tell whether nothing is wanted but what a failed template keeps from going on: a new release would only hide the failure."""
    last = draft.release
    if last is None or not any(is_failed(draft, name, facts) for name, facts in draft.facts.items()):
        return False
    known = {(target.workload, target.to_hash) for target in last.targets}
    under_way = {(roll.workload, roll.hash) for roll in last.rolls}
    if any((name, facts.wanted) not in known or (name, facts.wanted) in under_way for name, facts in wanted.items()):
        return False
    return not any(isinstance(step, Roll) and step.workload in wanted for step in draft.outlook.plan.steps)


def _open(draft: Draft, wanted: dict[str, Facts]) -> None:
    targets = [_target(draft, name, facts) for name, facts in wanted.items()]
    seed = "|".join([draft.snapshot.uid, draft.now.isoformat(), *(f"{target.workload}={target.to_hash}" for target in targets)])
    name = hashlib.sha256(seed.encode()).hexdigest()[:10]
    before = failed_times(draft.release, now=draft.now)
    draft.release = _carried_over(draft, Release(id=name, start_time=draft.now, changed_time=draft.now, targets=targets, failed_times=before))
    draft.note(EventReason.RELEASE_STARTED, f"release {name} of {', '.join(wanted)}")


def _carried_over(draft: Draft, release: Release) -> Release:
    """Take over the rolls that were under way beside one that failed, with how the gates stood when they began."""
    before = draft.release
    wanted = {target.workload: target.to_hash for target in release.targets}
    rolls = [roll for roll in before.rolls if wanted.get(roll.workload) == roll.hash] if before is not None else []
    if before is None or not rolls:
        return release
    rolling = {roll.workload for roll in rolls}
    forward_only = {target.workload for target in before.targets if target.forward_only}
    targets = [
        target.model_copy(update={"rolled": True, "forward_only": target.workload in forward_only}) if target.workload in rolling else target
        for target in release.targets
    ]
    gates = failing_until_passed(before)
    known = {"outages": before.outages, "preflight_done": before.preflight_done, "watched": before.watched}
    return release.model_copy(update={"targets": targets, "rolls": rolls, "gates": gates, **known})


def failing_until_passed(release: Release) -> list[GateStart]:
    """Return how the gates stood, the one that failed the release as failing: it counts again once it has passed."""
    failed = release.failure.gate if release.failure is not None else ""
    return [start.model_copy(update={"failing": True, "passed_time": None}) if start.name == failed else start for start in release.gates]


def _target(draft: Draft, name: str, facts: Facts) -> Target:
    return Target(workload=name, from_hash=draft.workloads[name].stable_hash, to_hash=facts.wanted)


def _join(draft: Draft, name: str, facts: Facts) -> None:
    known = draft.target(name)
    if known is None:
        draft.put_target(_target(draft, name, facts))
        draft.note(EventReason.JOINED, f"{name} joined the release", workload=name)
    elif known.to_hash != facts.wanted or known.done:
        # What this release has finished is what its successor would go back to.
        following = _target(draft, name, facts) if known.done else known.model_copy(update={"to_hash": facts.wanted})
        draft.put_target(following)
        draft.drop_rolls([name])
        draft.note(EventReason.SUPERSEDED, f"a newer template of {name} took the place of the one before", workload=name)
    else:
        return
    draft.change_release(changed_time=draft.now)


def _forget_reverted(draft: Draft, wanted: dict[str, Facts]) -> None:
    release = draft.open_release
    if release is None:
        return
    unwanted = {target.workload for target in release.targets if not target.done and target.workload not in wanted}
    # A roll that is on record, but whose first pod never came, leaves with its template; one that leads back goes on until it is done.
    gone = {name for name in unwanted if not _leads_to_wanted(draft, name)}
    absent = {roll.workload for roll in release.rolls if roll.workload not in draft.snapshot.world.workloads}
    if not gone and not absent:
        return
    draft.drop_rolls(gone | absent)
    draft.change_release(targets=[target for target in release.targets if target.workload not in gone | absent], changed_time=draft.now)


def _leads_to_wanted(draft: Draft, name: str) -> bool:
    roll, facts = draft.roll(name), draft.facts.get(name)
    return roll is not None and (facts is None or roll.hash == facts.wanted)
