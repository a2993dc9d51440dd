"""The commands of an explanation, each with its purpose; the last resort comes last."""

import json
from collections.abc import Iterable, Iterator

from saferollout.api.names import ANNOTATION_BYPASS, ANNOTATION_OWNER_PAUSED, LABEL_HELD, LABEL_MANAGED_BY
from saferollout.cli.finding_screen import finding_commands
from saferollout.cli.headline import helpful_commands
from saferollout.cli.picture import Picture
from saferollout.cli.seen import Seen, Verdict
from saferollout.core.views import HoldMode


def ways_out(verdict: Verdict, seen: Seen) -> Iterator[tuple[str, str]]:
    """Name what can be done, each with what it is good for."""
    namespace, target = seen.namespace, f"{seen.kind.lower()} {seen.object} -n {seen.namespace}"
    match verdict:
        case Verdict.SAFEROLLOUT_MISSING:
            for name in seen.saferollouts:
                yield f"kubectl label {target} --overwrite {LABEL_MANAGED_BY}={name}", "if this one is meant; correct it in Git too"
            yield f"kubectl get saferollouts -n {namespace}", "see what there is; the hold ends when the named one exists and plans it"
        case Verdict.NOT_LISTED:
            yield f"kubectl edit saferollout {seen.label} -n {namespace}", "add it to spec.workloads"
        case Verdict.LEFT_PAUSED if seen.kind == "StatefulSet":
            yield f"kubectl patch {target} --type merge -p '{json.dumps(_partition(0), separators=(',', ':'))}'", "start what its spec says; this releases it"
        case Verdict.LEFT_PAUSED:
            yield f"kubectl rollout resume {target.replace('deployment ', 'deployment/')}", "start what its spec says; this releases it"
        case Verdict.PAUSED_BY_OWNER if seen.view and seen.view.owner_paused is not None:
            yield f"kubectl annotate {target} {ANNOTATION_OWNER_PAUSED}-", "let it take part again; remove it in Git too"
        case Verdict.HELD | Verdict.FAILED | Verdict.PACED if seen.picture is not None:
            yield from _of_release(verdict, seen.picture)
            if verdict is Verdict.HELD:
                yield f"saferollout restart {seen.workload} -n {namespace}", "restart what runs; the new template stays held"
    yield from _last_resort(seen)


def _of_release(verdict: Verdict, picture: Picture) -> Iterator[tuple[str, str]]:
    """Name what concerns the whole release; what the analysis found brings its own commands, with the reason filled in."""
    yield f"saferollout status {picture.name} -n {picture.namespace} --watch", "the whole release"
    own = [entry for entry in finding_commands(picture) if _verb(entry) != "status"]
    yield from own
    if verdict is Verdict.FAILED:
        others: Iterable[tuple[str, str]] = [(f"saferollout retry {picture.name} -n {picture.namespace}", "try the same template once more")]
    else:
        others = (entry for entry in helpful_commands(picture) if entry[0].startswith("saferollout") and "plan" not in entry[0])
    said = {_verb(entry) for entry in own}
    yield from (entry for entry in others if _verb(entry) not in said)


def _verb(entry: tuple[str, str]) -> str:
    return entry[0].split()[1]


def _last_resort(seen: Seen) -> Iterator[tuple[str, str]]:
    view, reactive = seen.view, _is_reactive(seen)
    if view is None or not (view.held or (view.paced is not None and not reactive)):
        return
    purpose = "release it now" if view.held else "let all its pods roll now"
    yield (
        break_glass(seen.kind, seen.object, seen.namespace, reactive=reactive),
        f"BREAK GLASS: {purpose}, past every check; needs the verb bypass, goes on record",
    )


def _is_reactive(seen: Seen) -> bool:
    """Tell whether no policy holds here: by what the cluster has, and where that may not be read, by the operator's last word."""
    if seen.policies is not None:
        return not seen.policies
    return seen.picture is not None and seen.picture.summary.hold_mode == HoldMode.REACTIVE


def break_glass(kind: str, name: str, namespace: str, *, reactive: bool) -> str:
    """Return the one command that releases a held workload without the operator.

    With the policies the API server itself takes the hold off; without them the same update must.
    """
    if not reactive:
        return f"kubectl annotate {kind.lower()} {name} -n {namespace} --overwrite {ANNOTATION_BYPASS}=REASON"
    spec: dict[str, object] = _partition(0) if kind == "StatefulSet" else {"spec": {"paused": False}}
    patch = json.dumps({"metadata": {"annotations": {ANNOTATION_BYPASS: "REASON"}, "labels": {LABEL_HELD: None}}, **spec}, separators=(",", ":"))
    return f"kubectl patch {kind.lower()} {name} -n {namespace} --type merge -p '{patch}'"


def _partition(first_new: int) -> dict[str, object]:
    return {"spec": {"updateStrategy": {"rollingUpdate": {"partition": first_new}}}}
