"""Run every mode and outage on the real scene, and keep each run as soon as it is over: all of them together take hours."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Final

from bench.scene.run import Run, Way, of, read
from bench.scene.telling import rows_of
from bench.table import Row
from localcluster.demo.failure import StoryFailed
from localcluster.demo.narration import Narrator
from localcluster.lifecycle import down
from localcluster.opencore.measuring import MODES, OUTAGES, measure
from localcluster.opencore.outages import Outage
from localcluster.opencore.showing import show_declared, show_outage, show_undeclared
from localcluster.opencore.stage import Stage, fetch, find_stage, start
from localcluster.paths import CHECKOUT
from localcluster.testing import REUSE_NODE_VARIABLE

RUNS: Final = 3
_CLUSTER: Final = "bench-scene"
# What a run depends on: runs of other code are not counted together.
_CODE: Final = ("operator/saferollout", "examples/opencore")


def rows(runs: int = RUNS) -> list[Row]:
    """Run each mode in three ways and each outage, until there are so many runs of each for this code; return the table."""
    file = CHECKOUT / "build" / "bench" / f"scene-{code_digest(CHECKOUT)}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with _stage() as stage, redirect_stdout(sys.stderr):
        for what, way in tasks(runs):
            if len(of(read(file), what, way)) < runs:
                _keep(file, _run(stage, what, way))
    return rows_of(read(file), wanted=runs)


def tasks(runs: int) -> Iterator[tuple[str, Way]]:
    """Yield what is to be run, one round after the other; those that cost nothing first, because the next need not wait for a calm past."""
    for _ in range(runs):
        yield from ((mode, Way.DECLARED) for mode in MODES)
        yield from ((outage, Way.OUTAGE) for outage in OUTAGES)
        yield from ((mode, Way.UNDECLARED) for mode in MODES)
        yield from ((mode, Way.PLAIN) for mode in MODES)


def code_digest(checkout: Path) -> str:
    """Return what tells one state of the operator and of the scene's services from another."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted((checkout / folder).rglob("*")):
            if file.is_file() and file.suffix in (".py", ".yaml", ".sql"):
                digest.update(f"{file.relative_to(checkout)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _run(stage: Stage, what: str, way: Way) -> Run:
    """Run one of them; whatever goes wrong is what came of it."""
    try:
        return _WAYS[way](stage, what)
    except (StoryFailed, RuntimeError, LookupError, OSError) as failure:
        return Run(what=what, way=way, trouble=" ".join(str(failure).split())[:200] or repr(failure))


def _plain(stage: Stage, what: str) -> Run:
    counts = measure(stage, what).counts
    return Run(what=what, way=Way.PLAIN, dead_letters=counts.dead_letters, failed=counts.failed, requests=counts.requests)


_WAYS: Final[Mapping[Way, Callable[[Stage, str], Run]]] = {
    Way.PLAIN: _plain,
    Way.UNDECLARED: lambda stage, what: Run.of(what, Way.UNDECLARED, show_undeclared(stage, what, Narrator())),
    Way.DECLARED: lambda stage, what: Run.of(what, Way.DECLARED, show_declared(stage, what, Narrator())),
    Way.OUTAGE: lambda stage, what: Run.of(what, Way.OUTAGE, show_outage(stage, Outage(what), Narrator())),
}


def _keep(file: Path, run: Run) -> None:
    print(f"  {run.line()}", flush=True)
    with file.open("a") as lines:
        lines.write(f"{run.line()}\n")


@contextmanager
def _stage() -> Iterator[Stage]:
    """The running scene that SAFEROLLOUT_TEST_NODE_CLUSTER names, else one of the bench's own."""
    running = os.environ.get(REUSE_NODE_VARIABLE)
    if running:
        yield find_stage(running)
        return
    fetch()
    try:
        yield start(_CLUSTER, postgres_port=None)
    finally:
        down(_CLUSTER)
