"""What people said to a running release: the command annotations of a SafeRollout."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from saferollout.api import names
from saferollout.core.decision import Command

_WORDS = ("id", "by", "reason", "release", "subject")


def commands_of(raw: Mapping[str, Any]) -> tuple[Command, ...]:
    """Read the commands in the order in which they were said; what can't be read is a command with a problem."""
    annotations = raw["metadata"].get("annotations") or {}
    said = [(annotation, text) for annotation, text in sorted(annotations.items()) if annotation.startswith(names.COMMAND_PREFIX)]
    timed = sorted((_said_at(text), annotation, text) for annotation, text in said)
    return tuple(_command(annotation, text) for _, annotation, text in timed)


def _command(annotation: str, text: str) -> Command:
    body = _body(text)
    if body is None:
        problem = "it is no JSON object; say it with the saferollout command"
    elif not body.get("id"):
        problem = "it has no id; say it with the saferollout command"
    else:
        problem = ""
    words = {word: str((body or {}).get(word) or "") for word in _WORDS}
    # What has no id still needs one that stays the same, so that it is answered once.
    words["id"] = words["id"] or hashlib.sha256(f"{annotation}={text}".encode()).hexdigest()[:16]
    return Command(annotation=annotation, verb=annotation.removeprefix(names.COMMAND_PREFIX), problem=problem, **words)


def _said_at(text: str) -> str:
    return str((_body(text) or {}).get("time") or "")


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
