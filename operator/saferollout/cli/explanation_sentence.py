"""The sentence of an explanation: the strongest reason why a workload stands where it stands."""

from saferollout.api.names import ANNOTATION_LEFT_PAUSED, ANNOTATION_OWNER_PAUSED
from saferollout.api.nearest import nearest
from saferollout.api.status import State
from saferollout.cli.headline import headline
from saferollout.cli.seen import Seen, Verdict, own_step
from saferollout.core.views import Partition


def sentence(verdict: Verdict, seen: Seen) -> str:
    """Say in one sentence what keeps the workload."""
    who, manager = f"{seen.kind} {seen.object}", seen.picture.name if seen.picture else seen.label
    match verdict:
        case Verdict.ABSENT:
            known = seen.picture.known(seen.workload) if seen.picture else None
            return (
                known.message
                if known and known.message
                else f"SafeRollout {manager} names the workload {seen.workload}, but there is no such {seen.kind}."
            )
        case Verdict.SAFEROLLOUT_MISSING:
            return _missing_sentence(seen, who)
        case Verdict.NOT_LISTED:
            held = "is held and " if seen.view and seen.view.held else ""
            return (
                f"{who} {held}carries the label of SafeRollout {manager}, which does not list it in spec.workloads; nobody "
                "will release a change of it."
            )
        case Verdict.LEFT_PAUSED:
            return f"{who} was left paused when its hold ended: {seen.annotations.get(ANNOTATION_LEFT_PAUSED, 'its spec is not what runs')}"
        case Verdict.UNMANAGED:
            return f"{who} belongs to no SafeRollout; nothing holds it."
        case Verdict.PAUSED_BY_OWNER:
            return _owner_sentence(seen, who)
        case Verdict.PINNED if _is_restarting(seen):
            return f"{who} restarts: what runs is pinned until all its pods are new, then the template from Git is put back, held."
        case Verdict.PINNED:
            return f"{who} goes back: its old template is pinned until the old pods run, then the template from Git is put back, held."
        case Verdict.PACED:
            return f"{who} is rolling at an exact pace under SafeRollout {manager}: {_pace(seen)}."
        case Verdict.FAILED:
            return (
                f"{who} is held by SafeRollout {manager}, because this very template failed; it stays held until the "
                "template changes or someone says retry."
            )
        case Verdict.HELD:
            return f"{who} is held by SafeRollout {manager}: {_what_it_waits_for(seen).rstrip('.')}."
        case Verdict.FREE:
            return f"{who} belongs to SafeRollout {manager} and is neither held nor paced: it runs what its spec says, or is rolling to it."


def _missing_sentence(seen: Seen, who: str) -> str:
    state = "is held" if seen.view and seen.view.held else "is labelled"
    guess = nearest(seen.label, seen.saferollouts) or "."
    return (
        f"{who} {state} for the SafeRollout {seen.label!r}, which is not in namespace {seen.namespace}{guess} "
        "Nobody will release a change of it."
    )


def _owner_sentence(seen: Seen, who: str) -> str:
    asked = seen.view.owner_paused if seen.view else None
    if asked is not None:
        reason = f": {asked}" if asked not in ("", "true") else ""
        return (
            f"{who} is paused by its owner with the annotation {ANNOTATION_OWNER_PAUSED}{reason}; a release waits for it "
            "only where the order needs it."
        )
    if seen.kind == "StatefulSet":
        return f"{who} has a partition above all its pods, and no SafeRollout set it: somebody did by hand or in Git."
    return f"{who} has spec.paused, and no SafeRollout set it: somebody paused it by hand or in Git."


def _pace(seen: Seen) -> str:
    pace = seen.view.paced if seen.view else None
    roll = seen.picture.roll(seen.workload) if seen.picture else None
    batch = f"batch {roll.batch + 1} of {roll.batches}, " if roll else ""
    if isinstance(pace, Partition):
        return f"{batch}partition {pace.first_new}; its own partition is kept in an annotation and comes back at the end"
    fields = f"maxUnavailable {pace.max_unavailable}, maxSurge {pace.max_surge}" if pace else ""
    return f"{batch}{fields}; its own strategy is kept in an annotation and comes back at the end"


def _what_it_waits_for(seen: Seen) -> str:
    picture = seen.picture
    if picture is None:
        return "its turn"
    steps = picture.release.steps if picture.release else []
    own = own_step(steps, seen.workload)
    before = [step.id for step in steps[: steps.index(own)] if step.state != "Done"] if own else []
    if picture.summary.state is State.REFUSED:
        return f"its plan is refused: {picture.summary.message}"
    if picture.summary.state.value in ("Paused", "Failed", "Settling") or own is None:
        return headline(picture)
    if before:
        return f"it waits for {', '.join(before)}"
    return "it is next; " + headline(picture)


def _is_restarting(seen: Seen) -> bool:
    known = seen.picture.known(seen.workload) if seen.picture else None
    return known is not None and known.restart_time != ""
