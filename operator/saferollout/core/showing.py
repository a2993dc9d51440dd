"""What status shows of steps and workloads; nothing here changes what happens."""

from saferollout.api.status import PlanStep, Rollback, WorkloadStatus
from saferollout.core.draft import Draft
from saferollout.core.failing import STAYS_HELD, why_failed
from saferollout.core.gathering import is_failed, is_set_aside, lost_its_label
from saferollout.core.plans import Roll, Step, ready_steps
from saferollout.core.proving import approved_steps
from saferollout.core.standing import SETTLING
from saferollout.core.starting import has_settled
from saferollout.core.unheld import said_at_rest


def shown_steps(draft: Draft) -> list[PlanStep]:
    """Return the steps that are done, in the order in which they were, then those of the plan."""
    release = draft.open_release
    if release is None:
        return []
    if release.rollback is not None:
        return [_taken_back(known, release.rollback) for known in release.steps]
    done = {f"Roll/{target.workload}" for target in release.targets if target.done}
    approved = approved_steps(draft)
    ready = {step.id for step in ready_steps(draft.outlook.plan, approved)}
    ahead = [_shown(draft, step, ready=step.id in ready, approved=step.id in approved) for step in draft.outlook.plan.steps if step.id not in done]
    planned = {step.id for step in ahead}
    behind = [_behind(draft, known, done=known.id in done) for known in release.steps if known.id not in planned and _is_kept(draft, known)]
    return [*behind, *ahead]


def _taken_back(known: PlanStep, way: Rollback) -> PlanStep:
    """Keep the plan that has failed in sight: what goes back is not done any more."""
    return known.model_copy(update={"state": "Pending"}) if known.kind == "Roll" and known.workload in way.back else known


def _is_kept(draft: Draft, known: PlanStep) -> bool:
    """Tell whether a step that the plan no longer has is part of the story: done, or at its last bake."""
    if known.kind != "Roll":
        return known.state in ("Waiting", "Done")
    return draft.roll(known.workload) is not None or any(
        target.done and target.workload == known.workload for target in (draft.release.targets if draft.release else ())
    )


def _behind(draft: Draft, known: PlanStep, *, done: bool) -> PlanStep:
    roll = draft.roll(known.workload) if known.kind == "Roll" else None
    if done or roll is None:
        return known.model_copy(update={"state": "Done"})
    return known.model_copy(update={"state": "Rolling" if roll.ready_time is None else "Baking"})


def step_count(draft: Draft) -> str:
    """Return steps done of steps known, for example 3/7; empty where nothing was released."""
    steps = draft.release.steps if draft.release is not None else []
    return f"{sum(step.state == 'Done' for step in steps)}/{len(steps)}" if steps else ""


def shown_workloads(draft: Draft) -> list[WorkloadStatus]:
    """Return every workload of the spec with a word for its state."""
    return [_workload(draft, entry.name) for entry in draft.snapshot.spec.workloads]


def _shown(draft: Draft, step: Step, *, ready: bool, approved: bool) -> PlanStep:
    because = "; ".join(step.because)[:1024]
    if not isinstance(step, Roll):
        kind = step.id.split("/", 1)[0]
        state = "Done" if approved else "Waiting" if ready else "Pending"
        return PlanStep(
            id=step.id[:320], kind=kind, contract=step.contract, version=step.version, protects=list(step.protects), state=state, because=because
        )  # fmt: skip
    roll = draft.roll(step.workload)
    state = "Pending" if roll is None else "Rolling" if roll.ready_time is None else "Baking"
    return PlanStep(id=step.id[:320], kind="Roll", workload=step.workload, stage=step.stage.value, state=state, because=because)


def _workload(draft: Draft, name: str) -> WorkloadStatus:
    known = draft.workloads[name]
    state, message = _state(draft, name)
    return known.model_copy(update={"state": state, "message": message[:1024]})


def _state(draft: Draft, name: str) -> tuple[str, str]:
    absent = draft.snapshot.world.absent.get(name)
    if absent is not None:
        return "Absent", absent.message
    if name in draft.problems:
        return "Invalid", draft.problems[name]
    facts, release, roll = draft.facts.get(name), draft.open_release, draft.roll(name)
    if facts is None:
        return "Absent", "it can't be seen"
    if draft.goes_back(name):
        return "Returning", "its old revision is being restored"
    if facts.view.owner_paused is not None:
        return "OwnerPaused", facts.view.owner_paused
    if roll is not None:
        return ("Rolling" if roll.ready_time is None else "Baking"), f"batch {roll.batch + 1} of {roll.batches}"
    if is_failed(draft, name, facts) and not facts.at_rest:
        return "Failed", "; ".join(part for part in (why_failed(draft, name), STAYS_HELD) if part)
    if is_set_aside(draft, name, facts):
        return "Held", "its new template went back with a failed one; it waits until that one changes or someone says retry"
    if lost_its_label(draft, name, facts):
        return "Held", "its hold is about to be labelled again"
    if facts.view.held and facts.wanted == draft.workloads[name].stable_hash:
        return "Held", "its template is what runs; the hold is about to be taken off"
    if facts.view.held and release is not None and release.rollback is not None:
        return "Held", "its new template waits until the others have gone back"
    if facts.view.held and not has_settled(draft):
        return "Held", f"its new template {SETTLING}"
    if facts.view.held:
        return "Held", draft.outlook.kept_back.get(name, "its new template waits for its turn")
    if facts.others_than(facts.wanted):
        return "Rolling", "a rollout that this SafeRollout did not start is under way: it was there before, or a bypass let it out"
    return "Stable", "; ".join(said_at_rest(draft, name, facts))
