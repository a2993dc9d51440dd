"""Play a case: the operator's own `decide` in a small cluster, with a clock that jumps to where the operator wants to look again.

Prometheus' answers go through the code that reads the real ones; what the release does is what `decide` decided. Nothing here judges.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from saferollout.api.gates import Gate
from saferollout.api.status import GateStart, GateStatus, Release, Status, Target, Waiver
from saferollout.cli.gate_tests.files import Event
from saferollout.cli.gate_tests.reading import Case
from saferollout.cli.gate_tests.replies import Point
from saferollout.cli.gate_tests.series import LONGEST_AGE
from saferollout.cli.gate_tests.stage import RUNNING, Stage
from saferollout.cli.gate_tests.words import NewTemplate, Phase
from saferollout.core.actions import Action, ClearCommands
from saferollout.core.decide import decide, questions
from saferollout.core.decision import Command, Decision, Marks, Snapshot
from saferollout.core.gates import baseline_of
from saferollout.core.measurements import Measurement, Observations, Outcome, Query, Question
from saferollout.core.views import HoldMode

ORIGIN: Final = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
_MOST_LOOKS: Final = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stood after every look of one second; `at` is in seconds from the start, below 0 before it.

    `gates` are judged anew at each look, while `status` keeps older rows (core/gate_news.py); `judged` are those judged in this
    second, not before. `notes` are reasons of what happened.
    """

    at: int
    gates: dict[str, GateStatus]
    judged: frozenset[str]
    status: Status
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """A played case.

    `never`: why the start that its measurements count from never came. `unsaid`: what was to be said before the first step, which
    waited for nothing.
    """

    moments: tuple[Moment, ...]
    never: str = ""
    unsaid: tuple[Event, ...] = ()


def play(case: Case) -> Played:
    """Play a case to its last measurement, event and expectation (reading has bounded them); raise NotAsked where it tells what is never asked."""
    return _Player(case).play()


@dataclass
class _Player:
    """The state of a play: clock, cluster, and what the operator has on record."""

    case: Case
    now: datetime = ORIGIN
    start: datetime | None = None
    status: Status = field(default_factory=Status)
    marks: Marks = field(default_factory=Marks)
    commands: tuple[Command, ...] = ()
    templates: int = 0
    happened: int = 0
    gates: dict[str, GateStatus] = field(default_factory=dict)
    judged: set[str] = field(default_factory=set)
    remembered: dict[tuple[Query, datetime, bool], Measurement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cast = self.case.rehearsed
        names = [workload.name for workload in cast.spec.workloads]
        ready = self.case.test.release.ready_seconds
        self.stage = Stage(names, managed_by=cast.name, ready_seconds=ready, now=self.now)
        self.events = sorted((event for event in self.case.events if event.at is not None), key=_time_of)
        self.first_words = [event for event in self.case.events if event.at is None]

    def play(self) -> Played:
        self._look_until_quiet()
        self._git_asks_for(NewTemplate.NEWER)
        if self.case.phase is Phase.WAITING:
            self._wait_between_steps()
        moments: list[tuple[datetime, Moment]] = []
        while True:
            self._let_events_happen()
            self.judged.clear()
            requeue, notes = self._look_until_quiet()
            moments.append((self.now, Moment(0, dict(self.gates), frozenset(self.judged), self.status, notes)))
            following = self._next(requeue)
            if following is None:
                break
            self.now = following
            self.stage.pass_to(self.now)
        start = self.start or self.now + timedelta(seconds=1)
        timeline = tuple(replace(moment, at=_seconds(at - start)) for at, moment in moments)
        return Played(timeline, never=self._why_never(), unsaid=tuple(self.first_words))

    def _why_never(self) -> str:
        if self.start is not None:
            return ""
        waiting = self.status.summary.waiting_for if self.status.summary is not None else ""
        return f"the first step never started, it waits for: {waiting or 'nothing'}"

    def _look_until_quiet(self) -> tuple[float | None, tuple[str, ...]]:
        """Look as often as the operator does in this second: after each write, its own included."""
        notes: list[str] = []
        for _ in range(_MOST_LOOKS):
            before = self.status
            decision = self._look()
            notes.extend(note.reason for note in decision.notes)
            if self.first_words and self._waits_before_first_step():
                self._say(self.first_words.pop(0))
                continue
            if decision.action is None and decision.status == before and decision.requeue_after != 0:
                return decision.requeue_after, tuple(notes)
        raise RuntimeError(f"the release does not come to rest at {self.now}: {notes[-5:]}")

    def _look(self) -> Decision:
        snapshot = self._snapshot()
        observed = Observations({question.name: self._answers(question) for question in questions(snapshot, self.now)})
        # With no row on record those that come out were judged now.
        unknown = replace(snapshot, status=self.status.model_copy(update={"gates": []}), commands=())
        told = {gate.name: gate for gate in decide(unknown, observed, self.now, self.marks).gates}
        self.gates.update(told)
        self.judged.update(told)
        decision = decide(snapshot, observed, self.now, self.marks)
        self.status, self.marks = decision.status, decision.marks
        if isinstance(decision.action, ClearCommands):
            self.commands = ()
        elif isinstance(decision.action, Action):
            self.stage.carry_out(decision.action, now=self.now)
        self._notice_start()
        return decision

    def _snapshot(self) -> Snapshot:
        cast = self.case.rehearsed
        return Snapshot(
            namespace=cast.namespace, name=cast.name, uid="gate-test", resource_version="1", generation=1, spec=cast.spec, status=self.status,
            world=self.stage.world, hold_mode=HoldMode.POLICY, commands=self.commands, has_finalizer=True,
        )  # fmt: skip

    def _notice_start(self) -> None:
        release = self.status.release
        if self.start is not None or release is None:
            return
        if self.case.phase is not Phase.ROLL:
            self.start = release.start_time
        elif release.rolls:
            self.start = release.rolls[0].start_time

    def _answers(self, question: Question) -> tuple[Measurement, ...]:
        gate = next((gate for gate in self.case.gates if gate.name == question.name), None)
        if gate is None:
            return tuple(Measurement(at=at, outcome=Outcome.NO_DATA) for at in question.instants)
        return tuple(self._measure(gate, question.query, at) for at in question.instants)

    def _measure(self, gate: Gate, query: Query, at: datetime) -> Measurement:
        # The measurement before the first step and the first one of the step may be of one instant.
        key = (query, at, self.start is None)
        known = self.remembered.get(key)
        if known is not None:
            return known
        waited = (self.now - at).total_seconds()
        point = self._point(gate, at)
        measured = point.measure(query, at=at, waited=waited, longest_age=LONGEST_AGE)
        if waited >= point.late:
            self.remembered[key] = measured
        return measured

    def _point(self, gate: Gate, at: datetime) -> Point:
        """Return what is told of an instant: each entry stands for one interval, from its own instant on."""
        if self.start is None or at < self.start:
            told = self.case.before[gate.name]
            return told[min(_seconds(at - self._opened()) // gate.interval_seconds, len(told) - 1)]
        told = self.case.measurements[gate.name]
        index = max((_seconds(at - self.start) - self.case.delay(gate)) // gate.interval_seconds, 0)
        return told[index] if index < len(told) else Point()

    def _opened(self) -> datetime:
        release = self.status.release
        return release.start_time if release is not None else self.now

    def _let_events_happen(self) -> None:
        while self.start is not None and self.events and self.start + timedelta(seconds=_time_of(self.events[0])) <= self.now:
            event = self.events.pop(0)
            if event.template is not None:
                self._git_asks_for(event.template)
                continue
            self._say(event)

    def _git_asks_for(self, template: NewTemplate) -> None:
        self.templates += template is NewTemplate.NEWER
        revision = RUNNING if template is NewTemplate.BEFORE else f"new-{self.templates}"
        self.stage.apply(self.case.rehearsed.workload, revision)

    def _say(self, event: Event) -> None:
        assert event.say is not None  # the format demands it where there is no template
        self.happened += 1
        said = f"said-{self.happened}"
        release = self.status.release.id if self.status.release is not None else ""
        self.commands = (*self.commands, Command(f"command/{said}", said, event.say.value, "test", event.reason, release, event.subject))

    def _waits_before_first_step(self) -> bool:
        release = self.status.release
        waiting = self.status.summary.waiting_for if self.status.summary is not None else ""
        return release is not None and not release.preflight_done and not self.commands and bool(waiting and self.status.gates)

    def _wait_between_steps(self) -> None:
        """Put a release on record that was judged before its first step and waits, as it does between two steps."""
        workload = self.case.rehearsed.workload
        release = Release(
            id="waiting", start_time=self.now, changed_time=self.now, preflight_done=True,
            targets=[Target(workload=workload, from_hash=RUNNING, to_hash=f"new-{self.templates}")],
            gates=[self._started_at(gate) for gate in self.case.gates],
            paused=Waiver(by="test", reason="a test between two steps", time=self.now),
        )  # fmt: skip
        self.status = self.status.model_copy(update={"release": release})
        self.start = self.now

    def _started_at(self, gate: Gate) -> GateStart:
        measured = self.case.before[gate.name][0].value.read()
        start = baseline_of(gate, Measurement(at=self.now, outcome=measured.outcome, value=measured.value))
        return GateStart(name=gate.name, value=None if start is None else repr(start))

    def _next(self, requeue: float | None) -> datetime | None:
        """Return when to look next: when the operator wants to, when pods come, when an event or expectation is due; None at the end."""
        wakes = [] if requeue is None else [self.now + timedelta(seconds=max(math.ceil(requeue), 1))]
        ready = self.stage.next_ready()
        due = [*wakes, *([] if ready is None else [ready])]
        if self.start is None:
            last = ORIGIN + timedelta(seconds=self._longest_before())
            return min((at for at in due if self.now < at <= last), default=None)
        told = [self.start + timedelta(seconds=seconds) for seconds in self._times_told()]
        return min((at for at in (*due, *told) if self.now < at <= max(told)), default=None)

    def _longest_before(self) -> int:
        return max(len(self.case.before[gate.name]) * gate.interval_seconds for gate in self.case.gates)

    def _times_told(self) -> list[int]:
        last = [self.case.instant(gate, len(self.case.measurements[gate.name]) - 1) for gate in self.case.gates]
        expected = [self.case.time_of(one) for one in self.case.test.expect]
        return [*last, *expected, *(_time_of(event) for event in self.events)]


def _time_of(event: Event) -> int:
    return event.at or 0


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
