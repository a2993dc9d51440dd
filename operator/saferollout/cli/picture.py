"""Everything one screen is drawn from: a SafeRollout as read, its workloads as far as they may be read, and the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from saferollout.api.names import COMMAND_PREFIX
from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import SafeRolloutSpec, Workload
from saferollout.api.status import ActiveRoll, Release, State, Status, Summary, Target, WorkloadStatus
from saferollout.core.views import WorkloadView

STALE_SECONDS: Final = 60
"""A live operator renews its Lease every few seconds; after this long nobody is there."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The operator's Lease: who holds it and when it was last renewed."""

    holder: str
    renewed: datetime


@dataclass(frozen=True, slots=True)
class Picture:
    """A SafeRollout at one moment. `spec` is None where this version can't read it, `heartbeat` where the Lease may not be read."""

    name: str
    namespace: str
    generation: int
    spec: SafeRolloutSpec | None
    status: Status
    now: datetime
    views: Mapping[str, WorkloadView] = field(default_factory=dict)
    waiting_commands: tuple[str, ...] = ()
    heartbeat: Heartbeat | None = None

    @property
    def summary(self) -> Summary:
        """Return the operator's own summary; Idle before it has said anything."""
        return self.status.summary or Summary(state=State.IDLE)

    @property
    def release(self) -> Release | None:
        """Return the release in work, or the last one."""
        return self.status.release

    def target(self, workload: str) -> Target | None:
        """Return what the release wants of a workload."""
        targets = self.release.targets if self.release else []
        return next((target for target in targets if target.workload == workload), None)

    def roll(self, workload: str) -> ActiveRoll | None:
        """Return the roll of a workload that has started."""
        rolls = self.release.rolls if self.release else []
        return next((roll for roll in rolls if roll.workload == workload), None)

    def known(self, workload: str) -> WorkloadStatus | None:
        """Return what status says of a workload."""
        return next((known for known in self.status.workloads if known.name == workload), None)

    def described(self, workload: str) -> Workload | None:
        """Return what the spec says of a workload."""
        workloads = self.spec.workloads if self.spec else ()
        return next((entry for entry in workloads if entry.name == workload), None)

    def silence(self) -> str:
        """Say why the status may be out of date; empty where nothing points to it."""
        heartbeat = self.heartbeat
        if heartbeat is not None and (self.now - heartbeat.renewed).total_seconds() > STALE_SECONDS:
            silent_seconds = round((self.now - heartbeat.renewed).total_seconds())
            return f"the operator is silent: its Lease was last renewed {silent_seconds} s ago by {heartbeat.holder or 'nobody'}"
        if not self.status.conditions and self.status.summary is None:
            return "no operator has looked at this SafeRollout yet"
        if self.status.observed_generation < self.generation:
            return f"the operator has seen generation {self.status.observed_generation} of the spec, not yet {self.generation}"
        if unnoticed := self.unnoticed():
            return f"a new template of {', '.join(unnoticed)} is held, and the operator has not taken it up yet"
        return ""

    def unnoticed(self) -> tuple[str, ...]:
        """Name workloads that the API server holds while status still calls them stable: the release after this one."""
        if self.summary.state not in (State.IDLE, State.COMPLETED):
            return ()
        stable = [known.name for known in self.status.workloads if known.state == "Stable"]
        return tuple(name for name in stable if name in self.views and self.views[name].held)


def picture_of(
    raw: Mapping[str, Any], *, now: datetime, views: Mapping[str, WorkloadView] | None = None, heartbeat: Heartbeat | None = None
) -> Picture:
    """Read a raw SafeRollout; what can't be read is left out rather than hiding the rest."""
    metadata = raw.get("metadata", {})
    annotations = metadata.get("annotations") or {}
    return Picture(
        name=metadata.get("name", ""),
        namespace=metadata.get("namespace", ""),
        generation=int(metadata.get("generation", 0)),
        spec=_spec(raw),
        status=_status(raw),
        now=now,
        views=views or {},
        waiting_commands=tuple(sorted(key.removeprefix(COMMAND_PREFIX) for key in annotations if key.startswith(COMMAND_PREFIX))),
        heartbeat=heartbeat,
    )


def _spec(raw: Mapping[str, Any]) -> SafeRolloutSpec | None:
    try:
        return SafeRollout.parse_lenient({key: value for key, value in raw.items() if key != "status"}).spec
    except InvalidSafeRollout:
        return None


def _status(raw: Mapping[str, Any]) -> Status:
    try:
        return Status.model_validate(raw.get("status") or {})
    except ValidationError:
        return Status()
