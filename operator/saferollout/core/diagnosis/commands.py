"""The commands that help a person now, ready to be typed."""

from collections.abc import Iterator
from typing import Final

from saferollout.core.diagnosis.evidence import Evidence
from saferollout.core.diagnosis.finding import ENVIRONMENT, Action, Cause, Command

_NOTHING_TO_TAKE_BACK: Final = ENVIRONMENT | {Cause.CAPACITY, Cause.MODE_5}


def commands_for(evidence: Evidence, *, cause: Cause, action: Action, lasts: bool = False, suspect: str = "") -> Iterator[Command]:
    """Yield what a person can do beside what happens by itself; `lasts`: without a word it holds for ever, be it for a suspect or not."""
    target = f"{evidence.release} -n {evidence.namespace}"
    if action is Action.STOP_SPREADING:
        yield Command("finish this roll, so that no old pod is left; goes on record", f'saferollout forward {target} --reason "{_words(cause)}"')
    if action is Action.HOLD and cause not in _NOTHING_TO_TAKE_BACK:
        yield Command("go back now, if you know better than the evidence", f'saferollout rollback {target} --reason "{_words(cause)}"')
    if lasts and suspect:
        yield Command("go back, and see whether it stops", f'saferollout rollback {target} --reason "{_words(cause)}"')
    if lasts:
        yield Command("go on without a proof; goes on record", f'saferollout approve analysis -s {target} --reason "{_words(cause)}"')
    if action is Action.HOLD and cause is Cause.CAPACITY:
        yield Command("stop and go back, if more pods do not help", f'saferollout abort {target} --reason "{_words(cause)}"')
    if action is Action.ROLL_BACK:
        yield Command("when it is mended without a new template: try it once more", f"saferollout retry {target}")
    if action is not Action.GO_ON:
        yield Command("the whole release", f"saferollout status {target} --watch")


def _words(cause: Cause) -> str:
    return cause.meaning.split(",", 1)[0]
