"""Start the next roll of the plan: only when nothing before it is open, people let it, and the gates were judged."""

from datetime import timedelta

from saferollout.api.status import ActiveRoll
from saferollout.core.actions import Action
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.going_back import floor_of
from saferollout.core.judging import judge_before_first_step
from saferollout.core.lying import write_ahead
from saferollout.core.plans import Roll, ready_steps
from saferollout.core.proving import approved_steps
from saferollout.core.rolling import begin_batch, is_asleep, is_stopped_now, is_way_back, loses_way_back


def start_next(draft: Draft) -> Action | None:
    """Start the first ready roll, writing ahead what it makes true; None where nothing may start."""
    release = draft.open_release
    if release is None or release.rollback is not None or release.failure is not None:
        return None
    if len(_awake_rolls(draft)) >= draft.snapshot.spec.max_parallel:
        return None
    ready = _ready_rolls(draft)
    if not ready:
        return None
    if [target for target in release.targets if target.rolled and loses_way_back(draft, target.workload)]:
        return None
    if draft.blockers or not has_settled(draft) or is_stopped_now(draft) or not judge_before_first_step(draft):
        return None
    for step in ready:
        facts = draft.facts[step.workload]
        if _has_early_pods(draft, step.workload, facts):
            draft.waits.append(f"pods of {step.workload} that started before their turn to be gone")
            continue
        if facts.view.owner_paused is not None:
            draft.waits.append(f"{step.workload} is paused by its owner: {facts.view.owner_paused}")
            continue
        return _start(draft, step, facts)
    return None


def _awake_rolls(draft: Draft) -> list[ActiveRoll]:
    """Return the rolls that have pods: one that sleeps, for hours maybe, takes nobody's place."""
    rolls = draft.open_release.rolls if draft.open_release else []
    return [roll for roll in rolls if (facts := draft.facts.get(roll.workload)) is None or not is_asleep(draft, roll, facts)]


def has_settled(draft: Draft) -> bool:
    """Tell whether the templates of one sync have all come, where versions are not numbered (kernel.md section 8.3)."""
    release = draft.open_release
    if release is None or _is_numbered(draft):
        return True
    due = release.changed_time + timedelta(seconds=draft.snapshot.spec.settle_seconds)
    if draft.now >= due:
        return True
    draft.wake_at(due)
    return False


def _is_numbered(draft: Draft) -> bool:
    targets = draft.open_release.targets if draft.open_release else []
    facts = [(draft.facts.get(target.workload), target) for target in targets]
    declared = all(known is not None and known.contracts_of(target.to_hash) is not None for known, target in facts)
    return declared or not draft.snapshot.spec.contracts


def _ready_rolls(draft: Draft) -> tuple[Roll, ...]:
    """Return rolls whose turn it is and that are still held: one that is under way needs no start."""
    return tuple(
        step
        for step in ready_steps(draft.outlook.plan, approved_steps(draft))
        if isinstance(step, Roll)
        and step.workload in draft.facts
        and draft.roll(step.workload) is None
        and draft.target(step.workload) is not None
        and draft.facts[step.workload].view.held
        and not draft.facts[step.workload].view.pinned
        and draft.facts[step.workload].view.settled
        and step.workload not in draft.outlook.plan.back_first
    )


def _has_early_pods(draft: Draft, name: str, facts: Facts) -> bool:
    """Tell whether pods of a template that went past the hold still live: the plan takes what is violated already for given.

    Those that can't go back any more, because something is stored that only they can read, have to go on.
    """
    stable = draft.workloads[name].stable_hash
    if facts.wanted == stable or not facts.knows(stable) or not any(rs.pods for rs in facts.view.of(facts.wanted)):
        return False
    return floor_of(draft, name) is None


def _start(draft: Draft, step: Roll, facts: Facts) -> Action | None:
    stable = draft.workloads[step.workload].stable_hash
    in_one_go = not stable or facts.wanted == stable or facts.view.replicas == 0
    batches = 1 if in_one_go else len(draft.spec_of(step.workload).batches) + 1
    roll = ActiveRoll(workload=step.workload, hash=facts.wanted, start_time=draft.now, batches=batches, batch_start_time=draft.now)
    draft.put_roll(roll)
    target = draft.target(step.workload)
    if target is not None:
        draft.put_target(target.model_copy(update={"rolled": True}))
    write_ahead(draft, step.workload)
    which = "back to the template it had before" if is_way_back(draft, roll) else f"to its new template ({step.stage.value})"
    draft.note(EventReason.ROLL_STARTED, f"{step.workload} started to roll {which}", workload=step.workload)
    return begin_batch(draft, roll, facts)
