"""A plain rolling update, without SafeRollout, and what Prometheus saw of it: proves that the scene breaks as intended."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import Tools
from localcluster.opencore.counts import Counts, count
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.outages import Outage, last
from localcluster.opencore.plainly import roll_out_plainly
from localcluster.opencore.series import Between
from localcluster.opencore.stage import WORKLOADS, Stage, apply_folder, wait_for_workloads

MODES = tuple(f"mode-{number}" for number in range(1, 6))
OUTAGES = tuple(Outage)
_HEALTHY = "healthy"
_SETTLE_SECONDS = 12.0
_QUIET_SECONDS = 8.0
_OUTAGE_SECONDS = 20.0
_LOAD_LASTS_SECONDS = 2400.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What was done, when, to which pods, and what it cost."""

    what: str
    span: Between
    versions: dict[str, str]
    counts: Counts


def measure(stage: Stage, what: str) -> Measured:
    """Roll out examples/opencore/undeclared/WHAT, or a healthy release through an outage, from a quiet scene, and go back to it."""
    go_back(stage)
    wait_until_quiet(stage)
    with _versions_of_pods(stage) as versions:
        before, start = count(stage.prometheus_url), time.time()
        _do(stage, what)
        time.sleep(_SETTLE_SECONDS)
        span = Between(url=stage.prometheus_url, start=start, end=time.time())
        counts = count(stage.prometheus_url).since(before)
    go_back(stage)
    return Measured(what=what, span=span, versions=dict(versions), counts=counts)


def go_back(stage: Stage, folder: str = "workloads") -> None:
    """Have version 1.0.0 of everything again, as in this folder, without SafeRollout and with people at the gateway."""
    roll_out_plainly(stage.tools, OPENCORE / folder)
    wait_for_workloads(stage.tools)
    keep_people(stage.tools)


def keep_people(tools: Tools) -> None:
    """Have people who stay for a while: the load ends by itself after an hour, and is replaced before it would."""
    running = tools.get("pods", "--selector=app=load", "--field-selector=status.phase=Running")["items"]
    if not any(_age_seconds(pod["status"]["startTime"]) < _LOAD_LASTS_SECONDS for pod in running):
        tools.kubectl("delete", "job", "load", "--ignore-not-found")
        apply_folder(tools, OPENCORE / "load")


def _age_seconds(start: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(start)).total_seconds()


def wait_until_quiet(stage: Stage, *, seconds: float = 120.0) -> None:
    """Wait until people are served and nothing has failed for a while. Raises StoryFailed."""
    deadline = time.monotonic() + seconds
    seen = count(stage.prometheus_url)
    while time.monotonic() < deadline:
        time.sleep(_QUIET_SECONDS)
        now = count(stage.prometheus_url)
        new, seen = now.since(seen), now
        if new.requests > 0 and new.failed == 0 and new.dead_letters == 0:
            return
    raise StoryFailed(f"the scene is not quiet after {seconds:.0f} s; in the last {_QUIET_SECONDS:.0f} s: {new}")


def _do(stage: Stage, what: str) -> None:
    if what in MODES:
        roll_out_plainly(stage.tools, OPENCORE / "undeclared" / what)
    else:
        roll_out_plainly(stage.tools, OPENCORE / "undeclared" / _HEALTHY)
        last(stage.tools, Outage(what), seconds=_OUTAGE_SECONDS)
    wait_for_workloads(stage.tools)


@dataclass
class _Watch:
    versions: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def _versions_of_pods(stage: Stage) -> Iterator[dict[str, str]]:
    """Remember the version of every pod of the five services that is seen meanwhile."""
    watch = _Watch()
    thread = threading.Thread(target=_look, args=(stage, watch), daemon=True)
    thread.start()
    try:
        yield watch.versions
    finally:
        watch.over.set()
        thread.join()


def _look(stage: Stage, watch: _Watch) -> None:
    while True:
        for pod in stage.tools.get("pods", f"--selector=app in ({','.join(WORKLOADS)})")["items"]:
            image = pod["spec"]["containers"][0]["image"]
            watch.versions[pod["metadata"]["name"]] = image.rpartition("/")[2].replace(":", " ")
        if watch.over.wait(1.5):
            return
