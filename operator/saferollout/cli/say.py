"""What a person says to a running release: pause, resume, approve, abort, rollback, retry, expedite, forward, restart.

A command is an annotation on the SafeRollout, bound to the release its author saw. The operator answers in status.commands, takes
the annotation away, and that answer is what the command prints.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from saferollout.api.names import COMMAND_PREFIX
from saferollout.api.status import CommandResult
from saferollout.cli.connect import ApiRefused, Cluster, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.picture import Picture, picture_of

LOOK_AGAIN_SECONDS: Final = 0.5
_CONFLICT: Final = 409
_ATTEMPTS: Final = 5


class Verb(StrEnum):
    """Everything that can be said; the annotation is `command.saferollout.io/<verb>`."""

    PAUSE = "pause"
    RESUME = "resume"
    APPROVE = "approve"
    ABORT = "abort"
    ROLLBACK = "rollback"
    RETRY = "retry"
    EXPEDITE = "expedite"
    FORWARD = "forward"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Saying:
    """A command before it is bound to a release. `subject`: what is approved, or the workload that is restarted."""

    verb: Verb
    id: str
    time: datetime
    by: str = ""
    reason: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long to wait for the operator's answer; the clock and the pause between two looks are the caller's."""

    timeout_seconds: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]


def body_of(saying: Saying, *, release: str) -> str:
    """Write a command as the annotation's JSON, in one order of keys."""
    said = {
        "id": saying.id,
        "by": saying.by,
        "reason": saying.reason,
        "release": release,
        "subject": saying.subject,
        "time": saying.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    return json.dumps(said, separators=(",", ":"))


def say(cluster: Cluster, saying: Saying, *, name: str) -> None:
    """Write a command on a SafeRollout, bound to the release that is there now; raise CommandFailed if that can't be."""
    spoken = replace(saying, by=saying.by or cluster.whoami())
    path = saferollouts_path(cluster.namespace, name)
    for _ in range(_ATTEMPTS):
        raw = cluster.read(path)
        _nothing_unheard(raw, spoken.verb, name)
        try:
            cluster.patch(path, body=_patch(raw, spoken))
        except ApiRefused as refusal:
            # Only the status moved between read and patch; what we say is bound to the release by its id anyway.
            if refusal.status == _CONFLICT:
                continue
            raise
        return
    message = f"SafeRollout {name} changed {_ATTEMPTS} times while the command was written; try again"
    raise CommandFailed(message, exit_code=ExitCode.FAULT)


def _patch(raw: Mapping[str, Any], saying: Saying) -> dict[str, Any]:
    release = ((raw.get("status") or {}).get("release") or {}).get("id", "")
    return {
        "metadata": {
            "resourceVersion": raw["metadata"]["resourceVersion"],
            "annotations": {f"{COMMAND_PREFIX}{saying.verb}": body_of(saying, release=release)},
        }
    }


def _nothing_unheard(raw: Mapping[str, Any], verb: Verb, name: str) -> None:
    """Refuse to write over somebody's command that the operator has not taken yet."""
    annotations = raw["metadata"].get("annotations") or {}
    unheard = annotations.get(f"{COMMAND_PREFIX}{verb}")
    if unheard is None:
        return
    by = _author(unheard)
    message = (
        f"a `{verb}` by {by} still waits for the operator on SafeRollout {name}; is the operator running? "
        f"To take it back: kubectl annotate saferollout {name} -n {raw['metadata'].get('namespace', '')} {COMMAND_PREFIX}{verb}-"
    )
    raise CommandFailed(message, exit_code=ExitCode.NO_ANSWER)


def _author(body: str) -> str:
    try:
        return str(json.loads(body).get("by") or "somebody")
    except (ValueError, AttributeError):
        return "somebody"


def answer(cluster: Cluster, saying: Saying, *, name: str, waiting: Waiting) -> tuple[CommandResult, Picture]:
    """Wait for the operator's answer and return it with what the release looks like then; raise CommandFailed in time."""
    deadline = waiting.clock() + waiting.timeout_seconds
    while True:
        picture = picture_of(cluster.read(saferollouts_path(cluster.namespace, name)), now=saying.time)
        result = next((result for result in picture.status.commands if result.id == saying.id), None)
        if result is not None:
            return result, picture
        if waiting.clock() >= deadline:
            raise CommandFailed(_nobody_answered(saying, picture, waiting), exit_code=ExitCode.NO_ANSWER)
        waiting.sleep(LOOK_AGAIN_SECONDS)


def _nobody_answered(saying: Saying, picture: Picture, waiting: Waiting) -> str:
    still_there = saying.verb in picture.waiting_commands
    fate = (
        "it stands there and is taken as soon as the operator runs" if still_there else "its annotation is gone, so something took it away"
    )
    return (
        f"nobody answered `{saying.verb}` within {waiting.timeout_seconds:g} s; {fate}. Is the operator up? "
        "kubectl get pods,leases -A -l app.kubernetes.io/name=saferollout"
    )
