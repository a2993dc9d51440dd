"""Why a workload stands where it stands, as data. Pure: everything that was read comes in as `Seen`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from saferollout.api.names import ANNOTATION_BYPASS, ANNOTATION_LEFT_PAUSED, ANNOTATION_OWNER_PAUSED, LABEL_HELD, LABEL_MANAGED_BY
from saferollout.api.nearest import nearest
from saferollout.api.status import PlanStep, State
from saferollout.cli.headline import headline, helpful_commands, refusal
from saferollout.cli.picture import Picture
from saferollout.core.conditions import REPAIR
from saferollout.core.views import HoldMode, WorkloadView


class Verdict(StrEnum):
    """What keeps a workload, in one word."""

    FREE = "Free"
    UNMANAGED = "Unmanaged"
    PAUSED_BY_OWNER = "PausedByOwner"
    SAFEROLLOUT_MISSING = "SafeRolloutMissing"
    NOT_LISTED = "NotListed"
    ABSENT = "Absent"
    LEFT_PAUSED = "LeftPaused"
    PINNED = "Pinned"
    PACED = "Paced"
    FAILED = "Failed"
    HELD = "Held"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read.

    `deployment` is empty where there is none, `picture` None where its SafeRollout is missing; `policies`: whether the cluster has the
    policy of the bypass, None where that may not be read.
    """

    workload: str
    deployment: str
    namespace: str
    view: WorkloadView | None
    label: str
    saferollouts: tuple[str, ...]
    picture: Picture | None
    listed: bool
    annotations: Mapping[str, str] = field(default_factory=dict)
    policies: bool | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer: one sentence, facts by topic, and commands with their purpose."""

    workload: str
    saferollout: str
    verdict: Verdict
    sentence: str
    facts: tuple[tuple[str, str], ...] = ()
    commands: tuple[tuple[str, str], ...] = ()


def explanation(seen: Seen) -> Explanation:
    """Explain a workload: the strongest reason is the sentence, everything else is a fact."""
    verdict = _verdict(seen)
    return Explanation(
        workload=seen.workload,
        saferollout=seen.picture.name if seen.picture else seen.label,
        verdict=verdict,
        sentence=_sentence(verdict, seen),
        facts=tuple(_facts(seen)),
        commands=tuple(_commands(verdict, seen)),
    )


def _verdict(seen: Seen) -> Verdict:
    view = seen.view
    if view is None:
        return Verdict.ABSENT
    if view.left_paused and not view.held:
        return Verdict.LEFT_PAUSED
    if seen.label and seen.picture is None:
        return Verdict.SAFEROLLOUT_MISSING
    if seen.picture is None:
        return Verdict.PAUSED_BY_OWNER if view.paused else Verdict.UNMANAGED
    if not seen.listed:
        return Verdict.NOT_LISTED
    if view.pinned:
        return Verdict.PINNED
    if view.owner_paused is not None:
        return Verdict.PAUSED_BY_OWNER
    if view.paced is not None:
        return Verdict.PACED
    if view.held:
        return Verdict.FAILED if _has_failed(seen) else Verdict.HELD
    return Verdict.PAUSED_BY_OWNER if view.paused else Verdict.FREE


def _has_failed(seen: Seen) -> bool:
    known = seen.picture.known(seen.workload) if seen.picture else None
    return known is not None and seen.view is not None and known.failed_hash == seen.view.template != ""


def _is_restarting(seen: Seen) -> bool:
    known = seen.picture.known(seen.workload) if seen.picture else None
    return known is not None and known.restart_time != ""


def _sentence(verdict: Verdict, seen: Seen) -> str:
    who, manager = f"Deployment {seen.deployment}", seen.picture.name if seen.picture else seen.label
    match verdict:
        case Verdict.ABSENT:
            known = seen.picture.known(seen.workload) if seen.picture else None
            return (
                known.message
                if known and known.message
                else f"SafeRollout {manager} names the workload {seen.workload}, but there is no such Deployment."
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
    return f"{who} has spec.paused, and no SafeRollout set it: somebody paused it by hand or in Git."


def _pace(seen: Seen) -> str:
    pace = seen.view.paced if seen.view else None
    roll = seen.picture.roll(seen.workload) if seen.picture else None
    batch = f"batch {roll.batch + 1} of {roll.batches}, " if roll else ""
    fields = f"maxUnavailable {pace.max_unavailable}, maxSurge {pace.max_surge}" if pace else ""
    return f"{batch}{fields}; its own strategy is kept in an annotation and comes back at the end"


def _what_it_waits_for(seen: Seen) -> str:
    picture = seen.picture
    if picture is None:
        return "its turn"
    steps = picture.release.steps if picture.release else []
    own = _own_step(steps, seen.workload)
    before = [step.id for step in steps[: steps.index(own)] if step.state != "Done"] if own else []
    if picture.summary.state is State.REFUSED:
        return f"its plan is refused: {picture.summary.message}"
    if picture.summary.state.value in ("Paused", "Failed", "Settling") or own is None:
        return headline(picture)
    if before:
        return f"it waits for {', '.join(before)}"
    return "it is next; " + headline(picture)


def _own_step(steps: list[PlanStep], workload: str) -> PlanStep | None:
    return next((step for step in steps if step.kind == "Roll" and step.workload == workload), None)


def _facts(seen: Seen) -> Iterator[tuple[str, str]]:
    picture, view = seen.picture, seen.view
    if picture is not None:
        if picture.summary.state is not State.REFUSED:  # else it is the sentence already
            yield "Release", headline(picture)
        steps = picture.release.steps if picture.release else []
        own = _own_step(steps, seen.workload)
        if own is not None:
            because = f": {own.because}" if own.because else ""
            yield "Step", f"{steps.index(own) + 1} of {len(steps)}, {own.stage or own.kind}, {own.state}{because}"
        yield from (("Related", f"{step.id}: {step.because}") for step in steps if _mentions(step, seen.workload))
        if (refused := refusal(picture)) and (repair := refused.message.partition(REPAIR)[2]):
            yield "Repair", repair
        known = picture.known(seen.workload)
        if known is not None and known.message and known.message.rstrip(".") not in headline(picture):
            yield "Operator", known.message
        if known is not None and known.failed_hash:
            yield "Failed", f"template {known.failed_hash} failed and stays held until it changes or someone says retry"
        if silence := picture.silence():
            yield "Careful", f"{silence}; a hold stands even so, but nothing is released until it is back"
    if view is not None:
        yield from _view_facts(view)


def _mentions(step: PlanStep, workload: str) -> bool:
    return step.workload != workload and workload in re.split(r"[^a-z0-9.-]+", step.because)


def _view_facts(view: WorkloadView) -> Iterator[tuple[str, str]]:
    running = [replica_set for replica_set in view.replica_sets if replica_set.pods > 0]
    for replica_set in running:
        which = "template in spec" if replica_set.hash == view.template else "older template"
        yield (
            "Pods",
            f"{replica_set.available} of {replica_set.replicas} available, {which} {replica_set.hash}{_declares(replica_set.contracts)}",
        )
    if all(replica_set.hash != view.template for replica_set in running):
        yield "In spec", f"template {view.template}{_declares(view.contracts)}; no pod of it runs"
    if view.waiting is not None:
        yield "Put aside", f"template {view.waiting}, returned when the old pods run"
    if view.bypass is not None:
        yield "Bypass", f"asked for with the reason {view.bypass!r}; it counted only in the update that wrote it"
    if view.trouble is not None:
        yield "Trouble", view.trouble
    for replica_set in running:
        yield from (("Pod", f"{trouble.pod}: {trouble.reason} {trouble.message}".rstrip()) for trouble in replica_set.trouble[:3])


def _declares(contracts: str | None) -> str:
    return f", declares {'; '.join(contracts.split(chr(10))).strip('; ')}" if contracts else ", declares nothing"


def _commands(verdict: Verdict, seen: Seen) -> Iterator[tuple[str, str]]:
    namespace, target = seen.namespace, f"deployment {seen.deployment} -n {seen.namespace}"
    match verdict:
        case Verdict.SAFEROLLOUT_MISSING:
            for name in seen.saferollouts:
                yield f"kubectl label {target} --overwrite {LABEL_MANAGED_BY}={name}", "if this one is meant; correct it in Git too"
            yield f"kubectl get saferollouts -n {namespace}", "see what there is; the hold ends when the named one exists and plans it"
        case Verdict.NOT_LISTED:
            yield f"kubectl edit saferollout {seen.label} -n {namespace}", "add it to spec.workloads"
        case Verdict.LEFT_PAUSED:
            yield f"kubectl rollout resume {target.replace('deployment ', 'deployment/')}", "start what its spec says; this releases it"
        case Verdict.PAUSED_BY_OWNER if seen.view and seen.view.owner_paused is not None:
            yield f"kubectl annotate {target} {ANNOTATION_OWNER_PAUSED}-", "let it take part again; remove it in Git too"
        case Verdict.HELD | Verdict.FAILED | Verdict.PACED if seen.picture is not None:
            yield f"saferollout status {seen.picture.name} -n {namespace} --watch", "the whole release"
            if verdict is Verdict.FAILED:
                yield f"saferollout retry {seen.picture.name} -n {namespace}", "try the same template once more"
            else:
                yield from (
                    entry for entry in helpful_commands(seen.picture) if entry[0].startswith("saferollout") and "plan" not in entry[0]
                )
            if verdict is Verdict.HELD:
                yield f"saferollout restart {seen.workload} -n {namespace}", "restart what runs; the new template stays held"
    yield from _last_resort(seen)


def _last_resort(seen: Seen) -> Iterator[tuple[str, str]]:
    view, reactive = seen.view, _is_reactive(seen)
    if view is None or not (view.held or (view.paced is not None and not reactive)):
        return
    purpose = "release it now" if view.held else "let all its pods roll now"
    yield (
        break_glass(seen.deployment, seen.namespace, reactive=reactive),
        f"BREAK GLASS: {purpose}, past every check; needs the verb bypass, goes on record",
    )


def _is_reactive(seen: Seen) -> bool:
    """Tell whether no policy holds here: by what the cluster has, and where that may not be read, by the operator's last word."""
    if seen.policies is not None:
        return not seen.policies
    return seen.picture is not None and seen.picture.summary.hold_mode == HoldMode.REACTIVE


def break_glass(deployment: str, namespace: str, *, reactive: bool) -> str:
    """Return the one command that releases a held Deployment without the operator.

    With the policies the API server itself takes the hold off; without them the same update must.
    """
    if not reactive:
        return f"kubectl annotate deployment {deployment} -n {namespace} --overwrite {ANNOTATION_BYPASS}=REASON"
    patch = (
        f'{{"metadata":{{"annotations":{{"{ANNOTATION_BYPASS}":"REASON"}},"labels":{{"{LABEL_HELD}":null}}}},"spec":{{"paused":false}}}}'
    )
    return f"kubectl patch deployment {deployment} -n {namespace} --type merge -p '{patch}'"
