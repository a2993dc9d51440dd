"""A few workers that look at keys, and what becomes of a look that failed: the type of the error says it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from saferollout.engine.errors import ClusterError, Conflict, TerminalError, Throttled, TransientError
from saferollout.engine.ports import Telemetry
from saferollout.engine.queue import QueueClosed, WorkQueue
from saferollout.workloads.protocol import CannotWrite

# A right that is missing is granted by a person, not by hurry.
_TERMINAL_PAUSE: Final = 30.0

_log = structlog.get_logger(__name__)


class Looks(Protocol):
    """Whoever looks at a key; see Reconciler."""

    async def reconcile(self, key: str) -> float | None:
        """Look once; return in how many seconds to look again."""
        ...


class Workers:
    """Takes keys from the queue until it is closed. `clock` gives monotonic seconds; `on_refused` and `on_defect` hear what a person
    must know."""

    def __init__(
        self,
        *,
        queue: WorkQueue,
        reconciler: Looks,
        telemetry: Telemetry,
        clock: Callable[[], float],
        on_refused: Callable[[str, ClusterError | CannotWrite], None],
        on_defect: Callable[[str, Exception], Awaitable[None]],
        count: int = 4,
    ) -> None:
        self._queue = queue
        self._reconciler = reconciler
        self._telemetry = telemetry
        self._clock = clock
        self._on_refused = on_refused
        self._on_defect = on_defect
        self._count = count

    async def run(self) -> None:
        """Work until the queue is closed; a key in work is finished first."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._work(), name=f"worker {number}")

    async def _work(self) -> None:
        while True:
            try:
                key = await self._queue.get()
            except QueueClosed:
                return
            started = self._clock()
            with structlog.contextvars.bound_contextvars(safe_rollout=key):
                result = await self._look(key)
            self._telemetry.reconciled(result, seconds=self._clock() - started)
            self._queue.done(key)

    async def _look(self, key: str) -> str:
        try:
            after = await self._reconciler.reconcile(key)
        except Conflict:
            self._queue.retry(key)
            return "conflict"
        except Throttled as error:
            self._queue.retry(key, at_least=error.retry_after)
            return "throttled"
        except TransientError as error:
            _log.warning("Reconcile failed", error=str(error), retry_seconds=round(self._queue.retry(key), 1))
            return "transient"
        except TerminalError as error:
            _log.error("Reconcile refused by the API server", error=str(error), kind=type(error).__name__)
            self._queue.retry(key, at_least=_TERMINAL_PAUSE)
            self._on_refused(key, error)
            return "terminal"
        except CannotWrite as error:
            _log.warning("Action did not fit", error=str(error), retry_seconds=round(self._queue.retry(key, at_least=1.0), 1))
            self._on_refused(key, error)
            return "unfit"
        except Exception as error:  # noqa: BLE001 - a defect in one SafeRollout's path must not stop the others
            _log.exception("Reconcile failed by a defect", retry_seconds=round(self._queue.retry(key, at_least=1.0), 1))
            await self._tell_defect(key, error)
            return "defect"
        self._queue.forget(key)
        if after is not None:
            self._queue.add_after(key, seconds=after)
        return "success"

    async def _tell_defect(self, key: str, defect: Exception) -> None:
        try:
            await self._on_defect(key, defect)
        except ClusterError as error:
            _log.warning("A defect could not be told; it will be at the next one", error=str(error))
        except Exception:  # noqa: BLE001 - whatever the defect is in, the worker goes on
            _log.exception("Telling of a defect failed by another one")
