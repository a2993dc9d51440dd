"""What Argo CD said of the demo's Application, from a watch: every change, told as it comes and kept to be checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcluster.demo.watch import Watch


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it said from `at` (monotonic clock) on; `sentence` is its message about the SafeRollout."""

    at: float
    sync: str
    health: str
    sentence: str

    def says(self, sync: str, health: str, sentence: str = "") -> bool:
        """Tell whether it is this, with the sentence somewhere in its message."""
        return (self.sync, self.health) == (sync, health) and sentence in self.sentence


class ApplicationHistory(Watch):
    """Follows one Application in the background while it is entered; `sentence` asks what it says of the SafeRollout now."""

    def __init__(self, watch_command: list[str], *, sentence: Callable[[], str], on_change: Callable[[Verdict], None]) -> None:
        super().__init__(watch_command)
        self._sentence = sentence
        self._on_change = on_change
        self.verdicts: list[Verdict] = []

    def note(self, event: dict[str, Any]) -> None:
        """Keep what it says, where that is something new."""
        status = event["object"].get("status") or {}
        sync, health = ((status.get(part) or {}).get("status", "") for part in ("sync", "health"))
        verdict = Verdict(at=time.monotonic(), sync=sync, health=health, sentence=self._sentence())
        last = self.verdicts[-1] if self.verdicts else None
        if sync and health and (last is None or not verdict.says(last.sync, last.health) or verdict.sentence != last.sentence):
            self.verdicts.append(verdict)
            self._on_change(verdict)

    def said(self, sync: str, health: str, sentence: str = "", *, since: float) -> bool:
        """Tell whether it ever said so since then."""
        return any(verdict.says(sync, health, sentence) for verdict in list(self.verdicts) if verdict.at >= since)
