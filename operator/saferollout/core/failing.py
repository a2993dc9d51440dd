"""Stop a release that has failed: name the failure, and set the way back that the kernel allows."""

from dataclasses import dataclass

from saferollout.api.spec import OnFailure, RollbackScope
from saferollout.api.status import Failure, Rollback, Stay, Waiver
from saferollout.core.draft import Draft
from saferollout.core.rollback import rollback


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a step failed. `gate` is empty where no gate was asked."""

    workload: str
    reason: str
    message: str
    gate: str = ""


def fail(draft: Draft, trouble: Trouble, *, scope: RollbackScope | None = None) -> None:
    """Record the failure; from the next write on the release goes back, or waits for a person where onFailure is Pause."""
    release = draft.open_release
    if release is None or release.failure is not None:
        return
    roll = draft.roll(trouble.workload)
    target = draft.target(trouble.workload)
    failed_hash = roll.hash if roll is not None else target.to_hash if target is not None else ""
    failure = Failure(
        workload=trouble.workload, hash=failed_hash, gate=trouble.gate, reason=trouble.reason, message=trouble.message, time=draft.now
    )
    draft.change_release(failure=failure)
    draft.note("Failed", f"{trouble.workload} failed: {trouble.message}", workload=trouble.workload, warning=True)
    if draft.snapshot.spec.on_failure is OnFailure.PAUSE and scope is None:
        draft.change_release(paused=Waiver(by="", reason=f"onFailure is Pause: {trouble.message}", time=draft.now))
        return
    start_rollback(draft, failed=trouble.workload, scope=scope or draft.snapshot.spec.rollback_scope)


def start_rollback(draft: Draft, *, failed: str, scope: RollbackScope) -> None:
    """Work out who goes back and who stays, and remember the failed templates so that they stay held."""
    release = draft.open_release
    if release is None:
        return
    rolled = tuple(target.workload for target in release.targets if target.rolled)
    way = rollback(draft.outlook.world, failed=failed, rolled=rolled, scope=scope)
    for name in _failed_templates(draft, failed=failed, scope=scope):
        target = draft.target(name)
        if target is not None and name in draft.workloads:
            draft.change_workload(name, failed_hash=target.to_hash)
    stay = [Stay(workload=item.workload, contract=item.contract or "", version=item.version or "", message=item.sentence) for item in way.stay]
    draft.change_release(rollback=Rollback(back=list(way.back), returned=[], stay=stay, start_time=draft.now, turn_time=draft.now))
    draft.drop_rolls(way.back)
    if not way.back:
        reason = f"nothing can go back: {'; '.join(item.message for item in stay)}"
        draft.change_release(rollback=None, paused=Waiver(by="", reason=reason[:1024], time=draft.now))
    draft.note("RollbackStarted", _words(back=way.back, stay=stay), workload=failed, warning=True)


def _failed_templates(draft: Draft, *, failed: str, scope: RollbackScope) -> tuple[str, ...]:
    """Only the failed workload's template counts as failed, unless a person sent the whole release back."""
    release = draft.open_release
    if release is None or scope is RollbackScope.WORKLOAD:
        return (failed,)
    return tuple(target.workload for target in release.targets)


def _words(*, back: tuple[str, ...], stay: list[Stay]) -> str:
    going = f"going back: {', '.join(back)}" if back else "nothing can go back"
    staying = "; ".join(item.message for item in stay)
    return f"{going}; {staying}" if staying else going
