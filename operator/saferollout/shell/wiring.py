"""Which part knows which other part: the only place where the engine and the shell are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

from saferollout.engine.aside import Threads
from saferollout.engine.defects import Defects
from saferollout.engine.hold_mode import HoldModeProbe
from saferollout.engine.intake import Intake
from saferollout.engine.lease import LeaseLock
from saferollout.engine.orphans import Orphans
from saferollout.engine.ports import Cluster, Observer
from saferollout.engine.queue import WorkQueue
from saferollout.engine.reconciler import Brain, Reconciler
from saferollout.engine.resources import RELEASED, Kind
from saferollout.engine.resync import Resync
from saferollout.engine.scenes import Scenes
from saferollout.engine.store import Place, Store
from saferollout.engine.workers import Workers
from saferollout.engine.writing import Writer
from saferollout.shell.config import OperatorConfig
from saferollout.shell.events import EventRecorder
from saferollout.shell.health import Health, LoopLag
from saferollout.shell.metrics import Metrics
from saferollout.workloads.kinds import all_kinds

# A look may wait ten seconds for a slow Prometheus; the others must not wait with it.
WORKERS: Final = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this process is, and the namespace that its Lease is in."""

    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process runs."""

    intake: Intake
    queue: WorkQueue
    resync: Resync
    workers: Workers
    aside: Threads
    lock: LeaseLock
    recorder: EventRecorder
    health: Health
    lag: LoopLag


def released(config: OperatorConfig) -> tuple[Kind, ...]:
    """Return the kinds of workload that this operator releases."""
    return (*RELEASED, Kind.STATEFUL_SET) if config.stateful_sets else RELEASED


def assemble(
    config: OperatorConfig,
    *,
    cluster: Cluster,
    identity: Identity,
    brain: Brain,
    observer: Observer,
    metrics: Metrics,
    clock: Callable[[], float],
    random: Random,
) -> Parts:
    """Put the parts together; `clock` gives monotonic seconds."""
    store = Store(workloads=released(config))
    kind = all_kinds()
    queue = WorkQueue(clock=clock, random=random)
    hold_mode = HoldModeProbe(cluster, policy=config.hold_policy)
    resync = Resync(
        cluster=cluster, store=store, queue=queue, hold_mode=hold_mode, clock=clock, random=random, watched=config.watch_namespaces
    )
    scenes = Scenes(
        store=store, kind=kind, hold_mode=lambda: hold_mode.mode, restart_annotations=config.all_restart_annotations,
        labels=config.prometheus.labels.as_labels, catalogue=config.prometheus.catalogue, has_prometheus=bool(config.prometheus.url),
        watched=config.watch_namespaces,
    )
    writer = Writer(cluster=cluster, store=store, kind=kind)
    recorder = EventRecorder(cluster, instance=identity.name, clock=clock)
    orphans = Orphans(cluster=cluster, store=store, scenes=scenes, writer=writer, recorder=recorder, clock=clock)
    aside = Threads(WORKERS)
    reconciler = Reconciler(
        store=store, scenes=scenes, resync=resync, writer=writer, orphans=orphans, brain=brain, aside=aside, observer=observer, recorder=recorder,
        telemetry=metrics, clock=lambda: datetime.now(UTC),
    )
    defects = Defects(cluster=cluster, store=store, recorder=recorder, clock=lambda: datetime.now(UTC))
    workers = Workers(
        queue=queue, reconciler=reconciler, telemetry=metrics, clock=clock, on_refused=reconciler.refused, on_defect=defects.tell,
        count=WORKERS,
    )
    lock = LeaseLock(cluster, Place(namespace=identity.namespace, name=config.lease.name), identity=identity.name, clock=clock)
    lag = LoopLag(clock=clock)
    metrics.watch_queue(lambda: queue.depth)
    return Parts(
        intake=Intake(store=store, queue=queue), queue=queue, resync=resync, workers=workers, aside=aside, lock=lock, recorder=recorder,
        health=Health(queue=queue, resync=resync, lag=lag, working=lambda: lock.held), lag=lag,
    )
