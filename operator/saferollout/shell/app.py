"""The operator as a process: what starts when, and how it ends.

The order matters. The store is filled by lists before kopf starts, so that the CRD is known to be there (kopf would ignore one
that comes later). Everything that must outlive kopf starts before it, because kopf cancels, at its end, each task it did not find at
its start. A standby does all of this too; only the workers wait for the Lease.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine
from enum import IntEnum
from random import Random
from typing import Any, Final

import kopf
import structlog
from kubernetes.aio.client.configuration import Configuration

from saferollout.engine.errors import ClusterError
from saferollout.engine.lease import LeaseLost
from saferollout.engine.ports import Observer
from saferollout.engine.reconciler import Brain
from saferollout.engine.resources import Kind
from saferollout.shell.config import OperatorConfig
from saferollout.shell.connection import connect, kopf_credentials
from saferollout.shell.handlers import registry_for, watching_settings
from saferollout.shell.health import serve
from saferollout.shell.metrics import Metrics
from saferollout.shell.wiring import Identity, Parts, assemble, released

# A definition is deleted in steps: its watches end before its list does.
_AFTER_DEFINITION_SECONDS: Final = 2.0
_UNDISCOVERED_SECONDS: Final = 0.5
# A write under way is answered within the client's time-out; the pod's grace period is longer still.
_NOT_FOUND: Final = 404
_LAST_WORDS_SECONDS: Final = 12.0
_LAST_EVENTS_SECONDS: Final = 3.0
_KOPF_EXIT_SECONDS: Final = 8.0

_log = structlog.get_logger(__name__)


class Ending(IntEnum):
    """Exit codes of the process."""

    ASKED = 0
    FAILED = 1
    LEASE_LOST = 2


async def run_operator(
    config: OperatorConfig, *, configuration: Configuration, identity: Identity, brain: Brain, observer: Observer
) -> Ending:
    """Run until a signal comes, the Lease is lost, or a part ends that should not."""
    clock = asyncio.get_running_loop().time
    metrics = Metrics()
    async with connect(configuration, count_request=metrics.requested) as cluster:
        parts = assemble(
            config, cluster=cluster, identity=identity, brain=brain, observer=observer, metrics=metrics, clock=clock, random=Random(),
        )
        async with serve(
            health=parts.health, exposition=metrics.exposition, health_port=config.health_port, metrics_port=config.metrics_port
        ):
            return await Process(
                config, parts=parts, configuration=configuration, metrics=metrics, discovered=lambda: cluster.discovers(Kind.SAFE_ROLLOUT.resource)
            ).live()


class Process:
    """The tasks of one operator process."""

    def __init__(
        self, config: OperatorConfig, *, parts: Parts, configuration: Configuration, metrics: Metrics, discovered: Callable[[], Awaitable[bool]]
    ) -> None:
        self._config = config
        self._parts = parts
        self._configuration = configuration
        self._metrics = metrics
        self._discovered = discovered
        self._asked_to_stop = asyncio.Event()
        self._kopf_stop = asyncio.Event()
        self._kopf_tasks: Collection[asyncio.Task[Any]] = ()
        self._not_kopfs: set[asyncio.Task[Any]] = set()

    async def live(self) -> Ending:
        """Live from the first list to the last word."""
        self._listen_to_signals()
        asked = _task("signals", self._asked_to_stop.wait())
        helpers = [_task("lag", self._parts.lag.run()), _task("events", self._parts.recorder.run()), _task("resync", self._parts.resync.run())]
        leading = _task("leading", self._lead())
        watching = _task("watching", self._watch())
        try:
            return self._ending(await _first(asked, leading, watching, *helpers), asked)
        finally:
            await self._leave(leading, watching)
            await _cancel(asked, *helpers)

    def _ending(self, ended: asyncio.Task[Any], asked: asyncio.Task[Any]) -> Ending:
        if ended is asked:
            _log.info("Operator was asked to stop")
            return Ending.ASKED
        error = None if ended.cancelled() else ended.exception()
        if isinstance(error, LeaseLost):
            _log.error("Operator stops acting", error=str(error))
            return Ending.LEASE_LOST
        _log.error("A part of the operator ended", part=ended.get_name(), exc_info=error)
        return Ending.FAILED

    async def _lead(self) -> None:
        """Wait for the Lease and work while it is held; ends when the queue is closed, or by raising LeaseLost."""
        await self._parts.resync.wait_for_first_pass()
        _log.info("Operator waits for the Lease")
        await self._parts.lock.acquire()
        _log.info("Operator leads")
        self._metrics.lead(True)
        lease, work = _task("lease", self._parts.lock.keep()), _task("work", self._work())
        try:
            await (await _first(lease, work))
        finally:
            await _cancel(lease, work)

    async def _work(self) -> None:
        # What the last leader wrote may not have reached our watches yet.
        await self._parts.resync.full_pass()
        await self._parts.workers.run()

    async def _watch(self) -> None:
        """Let kopf watch, anew each time the definition comes back; raises what ended it otherwise."""
        while True:
            try:
                # kopf never serves a definition that it did not find at its start, and ends with one that goes.
                await self._parts.resync.wait_for_definition()
                await self._until_discovered()
                await self._watch_once()
                return
            except Exception as error:
                if not _is_not_found(error):
                    raise
                _log.warning("The definition of SafeRollout is gone; what was borrowed is given back", error=str(error))
                await _cancel(*self._kopf_tasks)
                await self._look_for_definition()

    async def _until_discovered(self) -> None:
        """Wait until discovery names the definition: it is behind what is served, and kopf looks there, once."""
        while not await self._discovered():
            await asyncio.sleep(_UNDISCOVERED_SECONDS)

    async def _look_for_definition(self) -> None:
        """List until the definition is served again; the passes in between are minutes apart."""
        while True:
            await asyncio.sleep(_AFTER_DEFINITION_SECONDS)
            try:
                await self._parts.resync.full_pass()
            except ClusterError as error:
                _log.warning("Resync failed", error=str(error))
            if self._parts.resync.is_defined:
                return

    async def _watch_once(self) -> None:
        """Let kopf watch until any of its tasks ends, and raise what that one raised."""
        registry = registry_for(self._parts.intake, login=lambda: kopf_credentials(self._configuration), workloads=released(self._config))
        namespaces = self._config.watch_namespaces
        self._not_kopfs = asyncio.all_tasks()
        self._kopf_tasks = await kopf.spawn_tasks(
            registry=registry, settings=watching_settings(), standalone=True, clusterwide=not namespaces, namespaces=namespaces,
            stop_flag=self._kopf_stop,
        )
        # kopf has just taken the signals for itself; it would stop the watches first and cut the writes under way.
        self._listen_to_signals()
        await (await _first(*self._kopf_tasks))

    async def _leave(self, leading: asyncio.Task[Any], watching: asyncio.Task[Any]) -> None:
        """Finish the writes under way, hand the Lease over, and let kopf go last, because it takes what is left with it."""
        self._parts.queue.close()
        if self._parts.lock.held:
            await asyncio.wait([leading], timeout=_LAST_WORDS_SECONDS)
        await _cancel(leading)
        self._parts.aside.close()
        self._metrics.lead(False)
        await self._parts.lock.release()
        await self._parts.recorder.drain(seconds=_LAST_EVENTS_SECONDS)
        await _cancel(watching)
        self._kopf_stop.set()
        if self._kopf_tasks:
            ending = _task("kopf's ending", kopf.run_tasks(self._kopf_tasks, ignored=self._not_kopfs))
            await asyncio.wait([ending], timeout=_KOPF_EXIT_SECONDS)
            await _cancel(ending)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop.set)


def _is_not_found(error: Exception) -> bool:
    # kopf's errors of the API have the status, but no public type of their own.
    return getattr(error, "status", None) == _NOT_FOUND


def _task(name: str, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.create_task(coroutine, name=name)


async def _first(*tasks: asyncio.Task[Any]) -> asyncio.Task[Any]:
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return next(task for task in tasks if task in done)


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
