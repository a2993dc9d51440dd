"""How long a release still takes, from its plan, its bakes and what batches took so far. Honest about what it can't know."""

from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Final

from saferollout.api.spec import Gating, SafeRolloutSpec
from saferollout.api.status import ActiveRoll, PlanStep, Release, State, Status

ASSUMED_BATCH_SECONDS: Final = 30

_ENDED: Final = frozenset({State.COMPLETED, State.ROLLED_BACK, State.FAILED, State.REFUSED, State.IDLE})
_HALTED: Final = frozenset({State.WAITING, State.AWAITING_APPROVAL})


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """Seconds that a step still takes; None: it waits for somebody, for a proof or for a gate that can't tell, and nobody knows."""

    step: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left of a release. `seconds` leaves out the steps nobody can estimate; `assumes` says what it rests on."""

    seconds: float
    steps: tuple[StepEstimate, ...]
    assumes: tuple[str, ...]

    @property
    def open_ended(self) -> tuple[str, ...]:
        """Name the steps that may take any time."""
        return tuple(step.step for step in self.steps if step.seconds is None)

    def of(self, step: str) -> float | None:
        """Return the seconds a step still takes; None where unknown."""
        return next((entry.seconds for entry in self.steps if entry.step == step), None)


def estimate(spec: SafeRolloutSpec, status: Status, now: datetime) -> Estimate | None:
    """Estimate what is left, step by step, one after the other; None where no release is going on."""
    release = status.release
    if release is None or release.rollback is not None or (status.summary and status.summary.state in _ENDED):
        return None
    left = [step for step in release.steps if step.state != "Done"]
    if not left:
        return None
    observed = _observed_batch_seconds(spec, release)
    batch_seconds = fmean(observed) if observed else ASSUMED_BATCH_SECONDS
    steps = tuple(StepEstimate(step=step.id, seconds=_step_seconds(step, spec, status, batch_seconds, now)) for step in left)
    return Estimate(
        seconds=sum(step.seconds for step in steps if step.seconds is not None),
        steps=steps,
        assumes=_assumptions(spec, release, observed),
    )


def _step_seconds(step: PlanStep, spec: SafeRolloutSpec, status: Status, batch_seconds: float, now: datetime) -> float | None:
    release = status.release
    if step.kind != "Roll" or release is None:
        return None
    roll = next((roll for roll in release.rolls if roll.workload == step.workload), None)
    bake = _bake(spec, release, step.workload)
    if roll is None:
        return _batches(spec, release, step.workload) * (batch_seconds + bake)
    if release.expedited is None and _is_held_by_gates(roll, spec, status, bake=bake, now=now):
        return None
    later = roll.batches - roll.batch - 1
    return _current_batch(roll, batch_seconds=batch_seconds, bake=bake, now=now) + later * (batch_seconds + bake)


def _is_held_by_gates(roll: ActiveRoll, spec: SafeRolloutSpec, status: Status, *, bake: float, now: datetime) -> bool:
    """Tell whether a batch has baked for its time and waits for a gate or for the analysis; one whose measurement is merely due has it within its interval."""
    if roll.missing_exposure:
        return True
    if roll.ready_time is None or not spec.gates or spec.gating is Gating.DISABLED:
        return False
    if status.summary is not None and status.summary.state in _HALTED:
        return True
    return (now - roll.ready_time).total_seconds() - bake > max(gate.interval_seconds for gate in spec.gates)


def _current_batch(roll: ActiveRoll, *, batch_seconds: float, bake: float, now: datetime) -> float:
    if roll.ready_time is not None:
        return max(0.0, bake - (now - roll.ready_time).total_seconds())
    return max(0.0, batch_seconds - (now - roll.batch_start_time).total_seconds()) + bake


def bake_seconds(spec: SafeRolloutSpec, workload: str) -> int:
    """Return how long gates must hold after each batch: the bake, or longer where a gate needs more measurements."""
    own = next((entry.bake_seconds for entry in spec.workloads if entry.name == workload), None)
    bake = spec.bake_seconds if own is None else own
    if spec.gating is Gating.DISABLED:
        return bake
    measured = [gate.initial_delay_seconds + (gate.count - 1) * gate.interval_seconds for gate in spec.gates]
    return max([bake, *measured])


def _bake(spec: SafeRolloutSpec, release: Release, workload: str) -> float:
    return 0 if release.expedited is not None else bake_seconds(spec, workload)


def _batches(spec: SafeRolloutSpec, release: Release, workload: str) -> int:
    target = next((target for target in release.targets if target.workload == workload), None)
    if target is not None and not target.from_hash:
        return 1  # a first creation has no batches
    return 1 + next((len(entry.batches) for entry in spec.workloads if entry.name == workload), 0)


def _observed_batch_seconds(spec: SafeRolloutSpec, release: Release) -> list[float]:
    """Return how long batches of this release took to get ready, as far as status still tells."""
    seen: list[float] = []
    for roll in release.rolls:
        if roll.ready_time is not None:
            seen.append((roll.ready_time - roll.batch_start_time).total_seconds())
        if roll.batch > 0:
            earlier = (roll.batch_start_time - roll.start_time).total_seconds() / roll.batch
            seen.append(max(0.0, earlier - _bake(spec, release, roll.workload)))
    return seen


def _assumptions(spec: SafeRolloutSpec, release: Release, observed: list[float]) -> tuple[str, ...]:
    pace = f"batches take {round(fmean(observed))} s as so far" if observed else f"batches take {ASSUMED_BATCH_SECONDS} s each"
    bakes = () if release.expedited is not None else ("gates pass at the end of each bake",)
    order = ("steps run one after the other",) if spec.max_parallel > 1 else ()
    return (pace, *bakes, *order)
