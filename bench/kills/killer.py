"""Start the operator and kill it, again and again, at moments that nobody chose."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from random import Random

from bench.cluster.plane import Plane, wait_until_ready
from tests.cluster.processes import Operator

_KILLED_WHILE_STARTING = 0.15
_LONGEST_LIFE_SECONDS = 4.0
_LONGEST_LIFE_IN_STARTS = 2.0


@dataclass
class Killer:
    """Runs one operator after the other in a thread of its own; `kills` counts those that had been ready, `early` the others."""

    plane: Plane
    random: Random
    kills: int = 0
    early: int = 0
    _stopping: bool = False
    _problem: TimeoutError | None = None
    _thread: threading.Thread | None = None

    def start(self) -> Killer:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End; no operator is left running. Raises TimeoutError where one ended without being killed."""
        self._stopping = True
        if self._thread is not None:
            self._thread.join()
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        while not self._stopping and self._problem is None:
            operator = self.plane.operator()
            try:
                self._live(operator)
            except TimeoutError as problem:
                self._problem = problem
            finally:
                operator.kill()

    def _live(self, operator: Operator) -> None:
        if self.random.random() < _KILLED_WHILE_STARTING:
            self._wait(self.random.uniform(0.1, 2.0))
            self.early += 1
            return
        began = time.monotonic()
        wait_until_ready(operator)
        # Where starting takes long the machine is busy, and an operator that only starts never does anything worth interrupting.
        longest = max(_LONGEST_LIFE_SECONDS, _LONGEST_LIFE_IN_STARTS * (time.monotonic() - began))
        self._wait(self.random.uniform(0.1, longest))
        self.kills += 1

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(min(0.05, max(0.0, until - time.monotonic())))
