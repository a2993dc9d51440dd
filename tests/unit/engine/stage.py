"""A whole engine around a fake API server, with a brain that each test writes for itself."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar

from saferollout.api import names
from saferollout.api.status import State, Status, Summary
from saferollout.core.actions import Action, Disown, LetThrough
from saferollout.core.decision import Decision, Marks, Note, Snapshot
from saferollout.core.measurements import Observations, Question
from saferollout.core.views import HoldMode, ReplicaSetView, Strategy, WorkloadView
from saferollout.engine.defects import Defects
from saferollout.engine.hold_mode import HoldModeProbe
from saferollout.engine.intake import Intake
from saferollout.engine.orphans import Orphans
from saferollout.engine.ports import Aside
from saferollout.engine.queue import WorkQueue
from saferollout.engine.reconciler import Reconciler
from saferollout.engine.resync import Resync
from saferollout.engine.scenes import Scenes
from saferollout.engine.store import Store
from saferollout.engine.workers import Workers
from saferollout.engine.writing import Writer
from saferollout.workloads.field_ownership import owned_spec_fields
from saferollout.workloads.protocol import MERGE_PATCH, RawWorkload, Verb, Write
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import NAMESPACE

START = datetime(2026, 11, 24, 1, 0, 0, tzinfo=UTC)


class PlainKind:
    """A Deployment as far as the engine cares: its image is its revision, letting through un-pauses."""

    def view(self, raw: RawWorkload, *, restart_annotations: Sequence[str], now: datetime) -> WorkloadView:
        """Show what is there."""
        deployment = raw.workload
        labels, annotations = (deployment["metadata"].get(key) or {} for key in ("labels", "annotations"))
        return WorkloadView(
            name=deployment["metadata"]["name"], kind="Deployment", uid=deployment["metadata"]["uid"],
            resource_version=deployment["metadata"]["resourceVersion"],
            template=deployment["spec"]["template"]["spec"]["containers"][0]["image"], contracts=None, template_restarted_at="",
            replicas=1, settled=True, paused=bool(deployment["spec"].get("paused")), held=names.LABEL_HELD in labels, paced=None,
            pinned=names.LABEL_PINNED in labels, pace_left=names.ANNOTATION_ORIGINAL in annotations or names.LABEL_PACED in labels,
            strategy=Strategy(type="RollingUpdate", max_unavailable=1, max_surge=1, min_ready_seconds=0, revision_history_limit=10),
            managed_by=None, left_paused=names.ANNOTATION_LEFT_PAUSED in annotations,
            owns_returned=bool(owned_spec_fields(deployment["metadata"])),
            replica_sets=tuple(_replica_set_view(replica_set, raw, now) for replica_set in raw.revisions),
        )

    def refusals(self, view: WorkloadView, *, batches: Sequence[object]) -> tuple[str, ...]:
        """Refuse nothing."""
        return ()

    def write(self, action: Action, raw: RawWorkload, *, now: datetime) -> Write:
        """Write down which action it was, guarded."""
        metadata = raw.workload["metadata"]
        if isinstance(action, Disown):
            body: dict[str, Any] = {"metadata": {"resourceVersion": metadata["resourceVersion"], "managedFields": []}}
            return self._patch(metadata, body)
        body = {
            "metadata": {"resourceVersion": metadata["resourceVersion"], "annotations": {"test/action": type(action).__name__}},
            "spec": {"paused": not isinstance(action, LetThrough)},
        }
        return self._patch(metadata, body)

    @staticmethod
    def _patch(metadata: Mapping[str, Any], body: dict[str, Any]) -> Write:
        return Write(
            verb=Verb.PATCH, group="apps", version="v1", plural="deployments", namespace=metadata["namespace"], name=metadata["name"],
            body=body, content_type=MERGE_PATCH,
        )


def _replica_set_view(replica_set: Any, raw: RawWorkload, now: datetime) -> ReplicaSetView:
    owned = [pod for pod in raw.pods if pod["metadata"]["ownerReferences"][0]["uid"] == replica_set["metadata"]["uid"]]
    name = replica_set["metadata"]["name"]
    return ReplicaSetView(
        name=name, uid=replica_set["metadata"]["uid"], resource_version="", hash=name, pod_hash=name, contracts=None, created=now,
        replicas=1, pods=len(owned), ready=0, available=0, steady=0,
    )


T = TypeVar("T")


class AtOnce:
    """Does aside work at once, so that hours of a test stay in virtual time."""

    async def do(self, work: Callable[[], T]) -> T:
        """Do it."""
        return work()


Decide = Callable[[Snapshot, Observations, datetime, Marks], Decision]


@dataclass
class ScriptedBrain:
    """Decides as the test says."""

    deciding: Decide
    asking: Callable[[Snapshot, datetime], tuple[Question, ...]] = lambda snapshot, now: ()
    seen: list[Snapshot] = field(default_factory=list)

    def questions(self, snapshot: Snapshot, now: datetime) -> tuple[Question, ...]:
        """Ask as the test says."""
        return self.asking(snapshot, now)

    def follow_up(self, snapshot: Snapshot, found: Observations, now: datetime) -> tuple[Question, ...]:
        """Ask nothing besides."""
        return ()

    def decide(self, snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
        """Decide as the test says."""
        self.seen.append(snapshot)
        return self.deciding(snapshot, observations, now, marks)


@dataclass
class Listener:
    """Hears everything that is told and counted."""

    notes: list[tuple[Note, str, str]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    decisions: int = 0

    def record(self, note: Note, *, safe_rollout: Any, workload: Any) -> None:
        """Remember a note and on which objects it was told."""
        self.notes.append((note, *(raw["metadata"]["name"] if raw else "" for raw in (safe_rollout, workload))))

    def decided(self, key: str, snapshot: Snapshot, decision: Decision) -> None:
        """Count a decision."""
        self.decisions += 1

    def reconciled(self, result: str, *, seconds: float) -> None:
        """Remember how a look ended."""
        self.results.append(result)

    def forget(self, key: str) -> None:
        """Remember who is gone."""
        self.forgotten.append(key)

    async def observe(self, questions: tuple[Question, ...]) -> Observations:
        """Answer every question with nothing."""
        return Observations(answers={question.name: () for question in questions})

    @property
    def reasons(self) -> list[str]:
        """Return the reasons of all notes."""
        return [note.reason for note, _, _ in self.notes]


class Stage:
    """One process of the operator; a second Stage on the same cluster is the operator after a restart."""

    def __init__(self, cluster: FakeCluster, deciding: Decide, *, aside: Aside | None = None, workers: int = 1) -> None:
        self.cluster = cluster
        self.brain = ScriptedBrain(deciding)
        self.listener = Listener()
        self.store = Store()
        self.queue = WorkQueue(clock=self._monotonic, random=Random(1))
        self.intake = Intake(store=self.store, queue=self.queue)
        hold_mode = HoldModeProbe(cluster, policy="")
        self.resync = Resync(
            cluster=cluster, store=self.store, queue=self.queue, hold_mode=hold_mode, clock=self._monotonic, random=Random(1)
        )
        self.moment = START
        kind = PlainKind()
        self.scenes = Scenes(store=self.store, kind=kind, hold_mode=lambda: HoldMode.POLICY, restart_annotations=())
        self.writer = Writer(cluster=cluster, store=self.store, kind=kind)
        self.orphans = Orphans(
            cluster=cluster, store=self.store, scenes=self.scenes, writer=self.writer, recorder=self.listener, clock=self._monotonic
        )
        self.reconciler = Reconciler(
            store=self.store, scenes=self.scenes, resync=self.resync, writer=self.writer, orphans=self.orphans, brain=self.brain,
            aside=aside or AtOnce(), observer=self.listener, recorder=self.listener, telemetry=self.listener, clock=lambda: self.moment,
        )
        self.defects = Defects(cluster=cluster, store=self.store, recorder=self.listener, clock=lambda: self.moment)
        self.workers = Workers(
            queue=self.queue, reconciler=self.reconciler, telemetry=self.listener, clock=self._monotonic,
            on_refused=self.reconciler.refused, on_defect=self.defects.tell, count=workers,
        )

    async def look(self, name: str = "shop") -> float | None:
        """Look once at a SafeRollout."""
        return await self.reconciler.reconcile(f"{NAMESPACE}/{name}")

    async def settle(self, *, seconds: float = 30.0) -> None:
        """Let the workers work for some (virtual) seconds."""
        working = asyncio.create_task(self.workers.run())
        await asyncio.sleep(seconds)
        self.queue.close()
        await working

    def _monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def nothing(snapshot: Snapshot, observations: Observations, now: datetime, marks: Marks) -> Decision:
    """Decide to leave everything as it is."""
    return Decision(status=snapshot.status)


def saying(message: str) -> Status:
    """Return a status with a message."""
    return Status(observed_generation=1, summary=Summary(state=State.IDLE, message=message))
