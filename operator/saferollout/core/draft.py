"""A decision in the making: the snapshot, and the parts of the new status as they are being worked out.

Each step of `decide` reads and changes the draft; nothing else is changed anywhere. `conclude` turns it into a Decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from saferollout.api.spec import OnInconclusive, Workload
from saferollout.api.status import (
    ActiveRoll,
    CommandResult,
    ContractStatus,
    GateStatus,
    Release,
    Target,
    WorkloadStatus,
)
from saferollout.core.analysis.assess import Assessment, Unable
from saferollout.core.contracts import World
from saferollout.core.decision import Note, Progress, Snapshot
from saferollout.core.event_reasons import EventReason
from saferollout.core.facts import Facts
from saferollout.core.measurements import Observations
from saferollout.core.planning import Outlook
from saferollout.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Stall:
    """Why nothing moves although it should: a reason and a sentence."""

    reason: Reason
    message: str


@dataclass(slots=True)
class Draft:
    """What is known and decided so far.

    `problems` says by workload why its template can't be considered; `blockers` why no step may start at all; `unread` what foreign
    workloads do not tell; `held_by_gates` are workloads whose batch has baked long enough and waits for a gate; `spared` says
    why a step that failed holds for now instead of going back; `waits` are sentences on what the release waits for, the most important first; `wakes` are seconds after
    which it is worth looking again.
    """

    snapshot: Snapshot
    observations: Observations
    now: datetime
    facts: dict[str, Facts]
    workloads: dict[str, WorkloadStatus]
    contracts: dict[str, ContractStatus]
    release: Release | None
    commands: list[CommandResult]
    marks: dict[str, Progress]
    outlook: Outlook
    gates: dict[str, GateStatus] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    blockers: tuple[Stall, ...] = ()
    unread: tuple[str, ...] = ()
    held_by_gates: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    approvals_wanted: list[str] = field(default_factory=list)
    wakes: list[float] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    spared: str | None = None
    assessment: Assessment | Unable | None = None
    assessed: tuple[object, object, object] | None = None

    @property
    def open_release(self) -> Release | None:
        """The release that is still in work."""
        return self.release if self.release is not None and self.release.end_time is None else None

    def offer_approval(self, subject: str) -> None:
        """Ask for a person's word at once where the spec says so; a word that nobody asked for counts all the same."""
        if self.snapshot.spec.on_inconclusive is OnInconclusive.APPROVE:
            self.approvals_wanted.append(subject)

    def spec_of(self, workload: str) -> Workload:
        """Return the spec's entry of a workload."""
        return next(entry for entry in self.snapshot.spec.workloads if entry.name == workload)

    def target(self, workload: str) -> Target | None:
        """Return the workload's part in the open release."""
        targets = self.open_release.targets if self.open_release else ()
        return next((target for target in targets if target.workload == workload), None)

    def roll(self, workload: str) -> ActiveRoll | None:
        """Return the workload's roll, if one has started and is not done."""
        rolls = self.open_release.rolls if self.open_release else ()
        return next((roll for roll in rolls if roll.workload == workload), None)

    def goes_back(self, workload: str) -> bool:
        """Tell whether a rollback is bringing the workload's old revision back and is not done with it."""
        way = self.open_release.rollback if self.open_release is not None else None
        return way is not None and workload in way.back and workload not in way.returned

    def world_as_it_is(self) -> World:
        """Return the planned world without the revisions that count as alive only because they may come back."""
        parties = tuple(
            replace(party, alive=tuple(revision for revision in party.alive if revision.key in self.facts[party.name].alive))
            if party.name in self.facts
            else party
            for party in self.outlook.world.parties
        )
        return replace(self.outlook.world, parties=parties)

    def change_release(self, **changes: object) -> None:
        """Replace fields of the open release."""
        if self.release is None:
            raise ValueError("there is no release to change")
        self.release = self.release.model_copy(update=changes)

    def put_roll(self, roll: ActiveRoll) -> None:
        """Add or replace a workload's roll, keeping the order in which rolls started."""
        rolls = list(self.release.rolls) if self.release else []
        names = [known.workload for known in rolls]
        if roll.workload in names:
            rolls[names.index(roll.workload)] = roll
        else:
            rolls.append(roll)
        self.change_release(rolls=rolls)
        if self.release is not None and self.release.watch_start_time is None:
            self.change_release(watch_start_time=roll.start_time)

    def drop_rolls(self, workloads: Iterable[str]) -> None:
        """Forget rolls; whatever they left half-done is seen in the cluster."""
        gone = set(workloads)
        if self.release is not None:
            self.change_release(rolls=[roll for roll in self.release.rolls if roll.workload not in gone])

    def put_target(self, target: Target) -> None:
        """Replace the workload's part in the release, or add it at the end."""
        targets = list(self.release.targets) if self.release else []
        names = [known.workload for known in targets]
        if target.workload in names:
            targets[names.index(target.workload)] = target
        else:
            targets.append(target)
        self.change_release(targets=targets)

    def mark_forward_only(self, workload: str) -> None:
        """Have nothing but a person take a workload's part in the release back: old pods can't read what its new ones wrote."""
        target = self.target(workload)
        if target is not None and not target.forward_only:
            self.put_target(target.model_copy(update={"forward_only": True}))

    def change_workload(self, name: str, **changes: object) -> None:
        """Replace fields of a workload's status."""
        self.workloads[name] = self.workloads[name].model_copy(update=changes)

    def note(self, reason: EventReason, message: str, *, workload: str | None = None) -> None:
        """Record that something happened."""
        self.notes.append(Note(reason=reason, message=message, workload=workload))

    def wake_at(self, instant: datetime) -> None:
        """Look again at that time, should nothing change before."""
        self.wakes.append(max((instant - self.now).total_seconds(), 0.0))

    def wake_in(self, seconds: float) -> None:
        """Look again after so many seconds."""
        self.wake_at(self.now + timedelta(seconds=seconds))
