"""The bake of a batch: what it waits for after its pods are ready, and on what evidence it has passed."""

from dataclasses import dataclass

from saferollout.api.gates import Gate, GateMode
from saferollout.api.status import ActiveRoll
from saferollout.core import gates
from saferollout.core.draft import Draft
from saferollout.core.gate_measurements import baseline_of_release, counted, is_ignored, judged_gates, verdict_on
from saferollout.core.gates import GateVerdict, Verdict
from saferollout.core.heeding import WAY_OUT, missing_exposure
from saferollout.core.questions import is_measurable
from saferollout.core.waivers import ANALYSIS, is_forwarded, is_waived


@dataclass(frozen=True, slots=True)
class BakeProgress:
    """Whether a batch has passed its gates and is shown to be well, and if not, what it waits for.

    `held`: its bake is over, and something keeps it. `unexposed`: what the analysis has to see yet.
    """

    passed: bool
    message: str = ""
    held: bool = False
    unexposed: str = ""


def bake_progress(draft: Draft, roll: ActiveRoll) -> BakeProgress:
    """Tell whether the gates have held since the batch was ready, for the bake's time and with evidence.

    A waiver approved since the batch began stands for an inconclusive gate; `expedite` skips bakes and inconclusive holds.
    """
    release = draft.open_release
    ready = roll.ready_time
    if release is None or ready is None:
        return BakeProgress(passed=False, message=f"{roll.workload} to be ready")
    if release.expedited is not None or is_forwarded(release, roll):
        return BakeProgress(passed=True)
    bake = _bake_seconds(draft, roll)
    elapsed = (draft.now - ready).total_seconds()
    in_the_way = [(gate, verdict) for gate in judged_gates(draft) if (verdict := _in_the_way(draft, gate, roll, bake=bake)) is not None]
    unseen = missing_exposure(draft, roll) if elapsed >= bake else None
    if elapsed < bake:
        draft.wake_in(bake - elapsed)
    elif not in_the_way and unseen is None:
        return BakeProgress(passed=True)
    unclear = [_unclear(draft, gate, verdict) for gate, verdict in in_the_way if verdict.kind is Verdict.INCONCLUSIVE]
    # Until the bake is over a gate that can't tell holds nothing up; it stands in status.gates, and saying so here would be a write more.
    # One that only needs its next measurement is not named either: that is over before anybody reads it.
    late = [f"gate {gate.name} to hold for {bake} s" for gate, verdict in in_the_way if _is_late(gate, verdict, over_for=elapsed - bake)]
    unexposed = _unexposed(draft, unseen, over_for=elapsed - bake)
    if elapsed < bake or not (unclear or late or unexposed):
        return BakeProgress(passed=False, message=f"batch {roll.batch + 1} of {roll.batches} of {roll.workload} bakes for {bake} s")
    message = "; ".join([*(unclear or late), *([unexposed] if unexposed else [])])
    return BakeProgress(passed=False, message=message, held=True, unexposed=unexposed)


def passed_words(draft: Draft, roll: ActiveRoll) -> str:
    """Say on what evidence a batch has passed, and not more than there was."""
    release = draft.open_release
    if release is not None and release.expedited is not None:
        return "was not baked (expedite)"
    if release is not None and is_forwarded(release, roll):
        return "was not baked (forward)"
    bake = _bake_seconds(draft, roll)
    return f"passed its gates in a bake of {bake} s" if judged_gates(draft) else f"baked for {bake} s, without gates"


def _in_the_way(draft: Draft, gate: Gate, roll: ActiveRoll, *, bake: int) -> GateVerdict | None:
    """Return what a gate says that has not held yet; None where it waits for nothing but the end of the bake. One that was not measured has not held."""
    if gate.mode is GateMode.DRY_RUN or is_ignored(draft, gate) or roll.ready_time is None:
        return None
    if not is_measurable(draft.snapshot, gate):
        # Its workload comes later in this release: waiting for pods that wait for this batch would be for ever.
        return None
    if draft.release is not None and is_waived(draft.release, roll, subject=f"gate/{gate.name}"):
        return None
    measurements, baseline = counted(draft, gate, roll), baseline_of_release(draft, gate)
    if gates.passes_since(gate, measurements, since=roll.ready_time, bake_seconds=bake, baseline=baseline).passed:
        return None
    return verdict_on(draft, gate, roll, measurements)


def _is_late(gate: Gate, verdict: GateVerdict, *, over_for: float) -> bool:
    """Tell a gate that holds a batch up from one whose next measurement is merely still to come; `over_for`: seconds since the bake's end."""
    return verdict.kind is Verdict.WAITING or over_for >= gate.interval_seconds


def _unexposed(draft: Draft, unseen: str | None, *, over_for: float) -> str:
    """Say what the analysis has to see yet, and offer its waiver; what the next look may bring is not named."""
    if unseen is None or over_for < draft.snapshot.spec.analysis.interval_seconds:
        return ""
    draft.offer_approval(ANALYSIS)
    return unseen + WAY_OUT


def _unclear(draft: Draft, gate: Gate, verdict: GateVerdict) -> str:
    """Say why a gate can't tell, and offer its waiver."""
    draft.offer_approval(f"gate/{gate.name}")
    return f"gate {verdict.message}"


def _bake_seconds(draft: Draft, roll: ActiveRoll) -> int:
    own = draft.spec_of(roll.workload).bake_seconds
    return draft.snapshot.spec.bake_seconds if own is None else own
