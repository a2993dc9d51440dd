"""A release as its SafeRollout tells it: states, findings, whether anything went back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcluster.demo.kubectl import Tools

Status = Mapping[str, Any]
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What the analysis said first at `seconds` after the release was applied."""

    cause: str
    certainty: str
    action: str
    workload: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.cause} {self.certainty}{f' ({self.workload})' if self.workload else ''}: {self.action}, after {self.seconds:.0f} s"


@dataclass(slots=True)
class Followed:
    """What was seen of one release. `state` is empty until it is the new release that is told of."""

    state: str = ""
    findings: list[Found] = field(default_factory=list)
    went_back: bool = False
    is_stopped: bool = False
    acted_after: float | None = None
    seconds: float = 0.0

    def look(self, status: Status, *, seconds: float) -> None:
        """Take in what the status says now."""
        release = status.get("release") or {}
        self.state, self.seconds = state_of(status), seconds
        self.went_back = self.went_back or release.get("rollback") is not None
        self.is_stopped = is_spread_stopped(status)
        if self.acted_after is None and (self.went_back or self.is_stopped):
            self.acted_after = seconds
        finding = release.get("finding")
        if finding is None:
            return
        now = Found(finding["cause"], finding["certainty"], finding["action"], finding.get("workload", ""), seconds)
        if not self.findings or _words(self.findings[-1]) != _words(now):
            self.findings.append(now)


def state_of(status: Status) -> str:
    """Return the state's word; empty before the operator has seen anything."""
    return str((status.get("summary") or {}).get("state", ""))


def is_spread_stopped(status: Status) -> bool:
    """Tell whether the release neither goes on nor back until a person decides (failure mode 5)."""
    conditions = status.get("conditions") or []
    return any((one["type"], one["status"], one.get("reason")) == ("Stalled", "True", "ForwardOnly") for one in conditions)


def release_id(tools: Tools) -> str:
    """Return which release the status is about; empty where there is none."""
    return str((tools.status().get("release") or {}).get("id", ""))


def follow(
    tools: Tools, *, after: str, until: Callable[[Followed], bool], seconds: float, tell: Callable[[str], None], so_far: Followed | None = None
) -> Followed:
    """Tell every change of a release other than `after`, until it is as wanted or the time is over; return what was seen."""
    seen, begun, told = so_far or Followed(), time.monotonic(), ""
    before = seen.seconds
    while (spent := time.monotonic() - begun) < seconds:
        status = tools.status()
        line = line_of(status)
        if line and line != told:
            tell(f"  {line}")
            told = line
        if state_of(status) == "Refused" or (status.get("release") or {}).get("id", "") != after:
            seen.look(status, seconds=before + spent)
            if until(seen):
                return seen
        time.sleep(_LOOK_AGAIN_SECONDS)
    return seen


def line_of(status: Status) -> str:
    """Return state, step and message in one line."""
    summary = status.get("summary") or {}
    return "  ".join(part for part in (summary.get("state", ""), summary.get("step", ""), summary.get("message", "")) if part)


def _words(found: Found) -> tuple[str, ...]:
    return found.cause, found.certainty, found.action, found.workload
