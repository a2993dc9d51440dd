"""How a fake pod lives: a behaviour, as the stages that a kubelet would report one after the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

BEHAVIOUR_ANNOTATION = "fakelet.saferollout.io/behaviour"
DELETION_DELAY_ANNOTATION = "fakelet.saferollout.io/deletion-delay"

# The real kubelet waits 10 s, doubling to 5 min; tests want to see several restarts.
_FIRST_BACK_OFF_SECONDS = 1.0
_LONGEST_BACK_OFF_SECONDS = 8.0


class Behaviour(StrEnum):
    """What the pod template's annotation may ask for; `:SECONDS` follows the last two."""

    READY = "ready"
    NEVER_READY = "never-ready"
    CRASH_LOOP = "crash-loop"
    IMAGE_PULL_ERROR = "image-pull-error"
    SLOW = "slow"
    CRASH_AFTER = "crash-after"


class UnknownBehaviour(ValueError):
    """Raised for an annotation that names no behaviour."""


@dataclass(frozen=True, slots=True)
class Script:
    """A behaviour and, for some, its seconds."""

    behaviour: Behaviour
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What every container of the pod reports after having waited `delay` seconds since the stage before."""

    delay: float
    phase: str
    ready: bool
    state: dict[str, Any]
    restarts: int = 0
    crashed_before: bool = False


def parse_script(annotations: dict[str, str]) -> Script:
    """Read the behaviour from a pod's annotations; without one the pod becomes ready at once."""
    text = annotations.get(BEHAVIOUR_ANNOTATION, Behaviour.READY)
    found = re.fullmatch(r"([a-z-]+?)(?::(\d+(?:\.\d+)?))?", text)
    names = {behaviour.value for behaviour in Behaviour}
    if found is None or found[1] not in names:
        raise UnknownBehaviour(f"{BEHAVIOUR_ANNOTATION}: {text!r} is none of {', '.join(sorted(names))}")
    return Script(behaviour=Behaviour(found[1]), seconds=float(found[2] or 0))


def deletion_delay(annotations: dict[str, str]) -> float:
    """Return how many seconds the pod takes to end; 0 without the annotation."""
    return float(annotations.get(DELETION_DELAY_ANNOTATION, "0"))


def stages(script: Script, *, restarts: int = 0) -> Iterator[Stage]:
    """Yield the pod's life; it ends when nothing changes any more, which a crash loop never does."""
    running: dict[str, Any] = {"running": {}}
    match script.behaviour:
        case Behaviour.READY:
            yield Stage(delay=0, phase="Running", ready=True, state=running, restarts=restarts, crashed_before=restarts > 0)
        case Behaviour.NEVER_READY:
            yield Stage(delay=0, phase="Running", ready=False, state=running, restarts=restarts, crashed_before=restarts > 0)
        case Behaviour.SLOW:
            yield Stage(delay=0, phase="Running", ready=False, state=running, restarts=restarts)
            yield Stage(delay=script.seconds, phase="Running", ready=True, state=running, restarts=restarts)
        case Behaviour.IMAGE_PULL_ERROR:
            yield Stage(delay=0, phase="Pending", ready=False, state=_waiting("ErrImagePull", "the image does not exist"))
            yield Stage(delay=0.5, phase="Pending", ready=False, state=_waiting("ImagePullBackOff", "Back-off pulling image"))
        case Behaviour.CRASH_AFTER:
            yield Stage(delay=0, phase="Running", ready=True, state=running, restarts=restarts)
            yield from _crash_loop(restarts, uptime=script.seconds)
        case Behaviour.CRASH_LOOP:
            yield from _crash_loop(restarts, uptime=0.3)


def _crash_loop(restarts: int, *, uptime: float) -> Iterator[Stage]:
    """Run, die, wait in CrashLoopBackOff, run again: ready flaps, as without a readiness probe."""
    back_off = _FIRST_BACK_OFF_SECONDS
    waiting = _waiting("CrashLoopBackOff", "back-off restarting failed container")
    while True:
        yield Stage(delay=0, phase="Running", ready=True, state={"running": {}}, restarts=restarts, crashed_before=restarts > 0)
        yield Stage(
            delay=uptime, phase="Running", ready=False, state={"terminated": {"exitCode": 1, "reason": "Error"}}, restarts=restarts
        )
        yield Stage(delay=0.1, phase="Running", ready=False, state=waiting, restarts=restarts, crashed_before=True)
        yield Stage(delay=back_off, phase="Running", ready=False, state=waiting, restarts=restarts, crashed_before=True)
        restarts += 1
        uptime = 0.3
        back_off = min(back_off * 2, _LONGEST_BACK_OFF_SECONDS)


def _waiting(reason: str, message: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}
