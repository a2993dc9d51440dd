"""Stop a release that has failed: name the failure, and set the way back that the kernel allows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from saferollout.api.spec import OnFailure, RollbackScope
from saferollout.api.status import Failure, Rollback, Stay, Waiver
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.plans import RollbackPlan
from saferollout.core.reasons import Reason
from saferollout.core.rollback import rollback

STAYS_HELD: Final = "its new template stays held until it changes or someone says retry"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a step failed. `gate` is empty where no gate was asked; `since`: when it was measured that the gate's limits were exceeded."""

    workload: str
    reason: Reason
    message: str
    gate: str = ""
    since: datetime | None = None


def fail(draft: Draft, trouble: Trouble, *, staying: Collection[str] = ()) -> None:
    """Record the failure; from the next write on the release goes back, or waits for a person where onFailure is Pause.

    `staying`: who does not go back, whoever failed: old pods can't read what its new ones wrote.
    """
    release = draft.open_release
    if release is None or release.failure is not None:
        return
    failure = _failure(draft, trouble)
    draft.change_release(failure=failure)
    draft.note(EventReason.FAILED, f"{trouble.workload} failed: {trouble.message}", workload=trouble.workload)
    if draft.snapshot.spec.on_failure is OnFailure.PAUSE:
        draft.change_release(paused=Waiver(by="", reason="onFailure is Pause: resume goes on, abort goes back", time=draft.now))
        return
    _mark_failed(draft, trouble.workload, failure)
    _go_back(draft, failed=trouble.workload, scope=draft.snapshot.spec.rollback_scope, staying=staying)


def abandon(draft: Draft, *, reason: Reason, message: str) -> None:
    """Take back everything the release rolled, because a person says so; none of its templates is tried again by itself."""
    release = draft.open_release
    if release is None:
        return
    rolled = [roll.workload for roll in release.rolls] or [target.workload for target in release.targets if target.rolled]
    staying = {item.workload for item in _way_back(draft, failed=rolled[-1], scope=RollbackScope.RELEASE).stay} if rolled else set()
    for name in [target.workload for target in release.targets]:
        failure = _failure(draft, Trouble(workload=name, reason=reason, message=message))
        if name not in staying:
            # A step that had failed before the person spoke is why its own template failed.
            _mark_failed(draft, name, release.failure if release.failure is not None and release.failure.workload == name else failure)
        if release.failure is None and name == (rolled or [release.targets[-1].workload])[-1]:
            draft.change_release(failure=failure)
    if not rolled:
        draft.change_release(end_time=draft.now)
        return
    draft.change_release(paused=None)
    _go_back(draft, failed=rolled[-1], scope=RollbackScope.RELEASE)


def why_failed(draft: Draft, name: str) -> str:
    """Return why a workload's template stays held, whatever was released since.

    A status of before failures were kept by workload says it in the workload's message, or in the release.
    """
    known = draft.workloads[name]
    if known.failure is not None and known.failure.hash == known.failed_hash:
        return known.failure.message
    if known.state == "Failed" and known.message:
        return known.message.removesuffix(STAYS_HELD).removesuffix("; ")
    failure = draft.release.failure if draft.release is not None else None
    return failure.message if failure is not None else ""


def _failure(draft: Draft, trouble: Trouble) -> Failure:
    roll = draft.roll(trouble.workload)
    target = draft.target(trouble.workload)
    failed_hash = roll.hash if roll is not None else target.to_hash if target is not None else ""
    return Failure(
        workload=trouble.workload, hash=failed_hash, gate=trouble.gate, reason=trouble.reason.value, message=trouble.message[:1024], time=draft.now
    )


def _mark_failed(draft: Draft, name: str, failure: Failure) -> None:
    target = draft.target(name)
    if target is not None and name in draft.workloads:
        draft.change_workload(name, failed_hash=target.to_hash, failure=failure.model_copy(update={"hash": target.to_hash}))


def _go_back(draft: Draft, *, failed: str, scope: RollbackScope, staying: Collection[str] = ()) -> None:
    """Work out who goes back and who stays; whoever goes back beside the failed one waits for it (kernel.md section 7)."""
    release = draft.open_release
    if release is None:
        return
    way = _way_back(draft, failed=failed, scope=scope, staying=staying)
    stay = [Stay(workload=item.workload, contract=item.contract or "", version=item.version or "", message=item.sentence) for item in way.stay]
    stay += [Stay(workload=name, message=f"{name} stays: old pods can't read what its new ones wrote.") for name in sorted(staying)]
    for name in way.back:
        target = draft.target(name)
        if target is not None and name in draft.workloads and draft.workloads[name].failed_hash != target.to_hash:
            draft.change_workload(name, returned_hash=target.to_hash)
    draft.change_release(rollback=Rollback(back=list(way.back), returned=[], stay=stay, start_time=draft.now, turn_time=draft.now))
    draft.drop_rolls(way.back)
    if not way.back:
        reason = f"nothing can go back: {' '.join(item.message for item in stay)}"
        draft.change_release(rollback=None, paused=Waiver(by="", reason=reason[:1024], time=draft.now))
    draft.note(EventReason.ROLLBACK_STARTED, _words(back=way.back, stay=stay), workload=failed)


def _way_back(draft: Draft, *, failed: str, scope: RollbackScope, staying: Collection[str] = ()) -> RollbackPlan:
    targets = draft.open_release.targets if draft.open_release else ()
    rolled = tuple(target.workload for target in targets if target.rolled and target.workload not in staying)
    return rollback(draft.world_as_it_is(), failed=failed, rolled=rolled, scope=scope)


def _words(*, back: tuple[str, ...], stay: list[Stay]) -> str:
    going = f"going back: {', '.join(back)}" if back else "nothing can go back"
    staying = " ".join(item.message for item in stay)
    return f"{going}; {staying}" if staying else going
