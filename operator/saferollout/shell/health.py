"""What probes and Prometheus ask over HTTP: alive, ready, metrics."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from saferollout.engine.queue import WorkQueue
from saferollout.engine.resync import INTERVAL, Resync

LONGEST_QUEUE_WAIT: Final = 120.0
LONGEST_RESYNC_AGE: Final = 4 * INTERVAL
LONGEST_LOOP_LAG: Final = 10.0

_TICK: Final = 1.0


class LoopLag:
    """How late the event loop is: something that blocks it stops renewing the Lease as well. `clock` gives monotonic seconds."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ticked = clock()

    async def run(self) -> None:
        """Tick; never returns."""
        while True:
            self._ticked = self._clock()
            await asyncio.sleep(_TICK)

    @property
    def seconds(self) -> float:
        """Return the seconds by which the last tick is overdue."""
        return max(self._clock() - self._ticked - _TICK, 0.0)


class Health:
    """Judges the process by what it should have done by now."""

    def __init__(self, *, queue: WorkQueue, resync: Resync, lag: LoopLag, working: Callable[[], bool]) -> None:
        self._queue = queue
        self._resync = resync
        self._lag = lag
        self._working = working

    def complaints(self) -> Mapping[str, str]:
        """Say what is wrong; empty while the process is alive. A server that does not answer is no reason to restart us."""
        found = {}
        if self._working() and self._queue.oldest_wait > LONGEST_QUEUE_WAIT:
            found["queue"] = f"a key has waited for {self._queue.oldest_wait:.0f} s"
        age = self._resync.attempt_age
        if age is not None and age > LONGEST_RESYNC_AGE:
            found["resync"] = f"the last attempt was {age:.0f} s ago"
        if self._lag.seconds > LONGEST_LOOP_LAG:
            found["loop"] = f"late by {self._lag.seconds:.0f} s"
        return found

    def ready(self) -> bool:
        """Tell whether the store is filled, so that this process could lead."""
        return self._resync.age is not None


@asynccontextmanager
async def serve(*, health: Health, exposition: Callable[[], bytes], health_port: int, metrics_port: int) -> AsyncIterator[None]:
    """Answer probes and scrapes while the block runs."""
    runners = [await _listen(_health_app(health), health_port), await _listen(_metrics_app(exposition), metrics_port)]
    try:
        yield
    finally:
        for runner in runners:
            await runner.cleanup()


def _health_app(health: Health) -> web.Application:
    async def alive(request: web.Request) -> web.Response:
        complaints = health.complaints()
        text = "".join(f"{part}: {complaint}\n" for part, complaint in complaints.items()) or "ok\n"
        return web.Response(text=text, status=503 if complaints else 200)

    async def ready(request: web.Request) -> web.Response:
        return web.Response(text="ok\n") if health.ready() else web.Response(text="not synced yet\n", status=503)

    app = web.Application()
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    return app


def _metrics_app(exposition: Callable[[], bytes]) -> web.Application:
    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    return app


async def _listen(app: web.Application, port: int) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, port=port).start()
    return runner
