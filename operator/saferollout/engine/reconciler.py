"""One look at one SafeRollout: see, ask, decide, confirm, write, tell.

The decision itself is pure and stands elsewhere (core/decide). What is decided here is only in which order things happen:

1. the scene from the store (read anew where the spec has changed), the questions it raises, their answers, the decision;
2. an irreversible action is decided once more on what was read from the API server just now, and dropped unless it comes out again;
3. the status, if it differs: what the action makes true is on record before it is true;
4. the action: one guarded write; 5. what happened is told.

A conflict anywhere means only: look again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from saferollout.core.actions import Action, AnyAction
from saferollout.core.decision import Decision, Marks, Note, Snapshot
from saferollout.core.event_reasons import EventReason
from saferollout.core.measurements import Observations, Question
from saferollout.engine.errors import ClusterError, Conflict, NotFound
from saferollout.engine.orphans import Orphans
from saferollout.engine.ports import Aside, Observer, Recorder, Telemetry
from saferollout.engine.repeats import Repeats
from saferollout.engine.resources import Kind
from saferollout.engine.resync import Resync
from saferollout.engine.scenes import Scene, Scenes
from saferollout.engine.store import Place, Store
from saferollout.engine.trimming import Raw
from saferollout.engine.writing import Writer
from saferollout.workloads.protocol import CannotWrite


class Brain(Protocol):
    """The pure part; core/decide has it."""

    def questions(self, snapshot: Snapshot, now: datetime) -> tuple[Question, ...]:
        """Say what must be measured to decide."""
        ...

    def follow_up(self, snapshot: Snapshot, found: Observations, now: datetime) -> tuple[Question, ...]:
        """Say what must be measured besides, now that the first answers are known."""
        ...

    def decide(self, snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        """Decide."""
        ...


@dataclass(frozen=True, slots=True)
class _Thought:
    scene: Scene
    decision: Decision
    now: datetime


class Reconciler:
    """Looks at keys. `clock` gives the time in UTC; one instance may look at many keys at once, at each key only once at a time."""

    def __init__(
        self,
        *,
        store: Store,
        scenes: Scenes,
        resync: Resync,
        writer: Writer,
        orphans: Orphans,
        brain: Brain,
        aside: Aside,
        observer: Observer,
        recorder: Recorder,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._scenes = scenes
        self._resync = resync
        self._writer = writer
        self._orphans = orphans
        self._brain = brain
        self._aside = aside
        self._observer = observer
        self._recorder = recorder
        self._telemetry = telemetry
        self._clock = clock
        self._marks: dict[str, tuple[str, Marks]] = {}
        self._repeats = Repeats()

    async def reconcile(self, key: str) -> float | None:
        """Look once; return in how many seconds to look again, None for when something changes. Raises ClusterError."""
        place = Place.parse(key)
        safe_rollout = self._store.get(Kind.SAFE_ROLLOUT, place)
        if safe_rollout is None:
            self._forget(key)
            return await self._orphans.of_missing(place, now=self._now())
        await self._resync.ensure_namespaces(safe_rollout)
        if _is_unseen(safe_rollout):
            await self._resync.read_live(place)
        thought = await self._think(key, place)
        if thought is not None and _is_irreversible(thought.decision.action):
            thought = await self._confirmed(key, place, thought)
        if thought is None:
            return 0.0
        try:
            await self._carry_out(key, thought)
        except (Conflict, NotFound) as error:
            # Somebody changed or deleted the object between the look and the write; a watch that hangs would never say so.
            await self._resync.read_live(place)
            raise Conflict(str(error)) from error
        if thought.decision.action is not None:
            return self._repeats.pause_after(key, thought.decision.action)
        self._repeats.forget(key)
        await self._orphans.of_existing(place, now=thought.now)
        return self._pause(thought)

    def refused(self, key: str, error: ClusterError | CannotWrite) -> None:
        """Tell people on the SafeRollout that what the operator has to do can't be done."""
        safe_rollout = self._store.get(Kind.SAFE_ROLLOUT, Place.parse(key))
        note = Note(reason=EventReason.WRITE_REFUSED, message=str(error))
        self._recorder.record(note, safe_rollout=safe_rollout, workload=None)

    async def _think(self, key: str, place: Place) -> _Thought | None:
        now = self._now()
        scene = self._scenes.at(place, now=now)
        if scene is None:
            return None
        questions = self._brain.questions(scene.snapshot, now)
        observations = await self._observer.observe(questions) if questions else Observations(answers={})
        more = self._brain.follow_up(scene.snapshot, observations, now)
        if more:
            also = await self._observer.observe(more)
            observations = Observations(answers={**observations.answers, **also.answers})
        # A look at some hundred watched pods takes seconds. The marks are this look's alone: nobody else looks at the key meanwhile (engine/queue.py).
        decide = partial(self._brain.decide, scene.snapshot, observations, now, self._marks_of(key, scene.snapshot))
        decision = await self._aside.do(decide)
        return _Thought(scene=scene, decision=decision, now=now)

    async def _confirmed(self, key: str, place: Place, thought: _Thought) -> _Thought | None:
        await self._resync.read_live(place)
        again = await self._think(key, place)
        if again is None or again.decision.action != thought.decision.action:
            return None
        return again

    async def _carry_out(self, key: str, thought: _Thought) -> None:
        scene, decision = thought.scene, thought.decision
        written = await self._writer.write_status(scene, decision.status)
        self._marks[key] = (scene.snapshot.uid, decision.marks)
        try:
            if decision.action is not None:
                await self._act(decision.action, thought, safe_rollout=written or scene.safe_rollout)
        except (ClusterError, CannotWrite):
            # Whatever became of the write, the same transitions won't be noted again, now that they are on record.
            if written is not None:
                self._tell(decision.notes, scene)
            raise
        self._tell(decision.notes, scene)
        self._telemetry.decided(key, scene.snapshot, decision)

    async def _act(self, action: AnyAction, thought: _Thought, *, safe_rollout: Raw) -> None:
        raw_workload = thought.scene.raw_workloads.get(action.workload) if isinstance(action, Action) else None
        await self._writer.act(action, safe_rollout=safe_rollout, raw_workload=raw_workload, now=thought.now)

    def _tell(self, notes: tuple[Note, ...], scene: Scene) -> None:
        for note in notes:
            raw_workload = scene.raw_workloads.get(note.workload) if note.workload is not None else None
            workload = raw_workload.workload if raw_workload is not None else None
            self._recorder.record(note, safe_rollout=scene.safe_rollout, workload=workload)

    def _marks_of(self, key: str, snapshot: Snapshot) -> Marks:
        uid, marks = self._marks.get(key, ("", Marks()))
        return marks if uid == snapshot.uid else Marks()

    def _forget(self, key: str) -> None:
        self._marks.pop(key, None)
        self._repeats.forget(key)
        self._telemetry.forget(key)

    def _now(self) -> datetime:
        # Status knows whole seconds; a decision must see the same instant again when it reads its own status.
        return self._clock().replace(microsecond=0)

    def _pause(self, thought: _Thought) -> float | None:
        after = thought.decision.requeue_after
        if after is None:
            return None
        due = thought.now + timedelta(seconds=after)
        return max((due - self._clock()).total_seconds(), 0.0)


def _is_unseen(safe_rollout: Raw) -> bool:
    """Tell whether this look is the first at a generation.

    Who delivered it waits for the answer (kstatus), and delivered workloads before it; the watches of two kinds don't keep that order.
    """
    metadata, status = safe_rollout["metadata"], safe_rollout.get("status") or {}
    return "deletionTimestamp" not in metadata and metadata.get("generation") != status.get("observedGeneration")


def _is_irreversible(action: AnyAction | None) -> bool:
    return isinstance(action, Action) and action.irreversible
