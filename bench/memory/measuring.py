"""Read the operator's resident memory from the kernel: at rest, and while every SafeRollout releases."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cluster.plane import Plane, control_plane
from bench.steps.releases import story
from bench.stories.telling import run_first_revisions, tell
from bench.table import Row

SAFE_ROLLOUTS: Final = 100

_REST_SECONDS = 20.0
_MEBIBYTE: Final = 1024


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory in KiB: before anything is released, the most while everything is, and when it is over."""

    at_rest: int
    peak: int
    after: int
    pods: int
    seconds: float


def rows(safe_rollouts: int = SAFE_ROLLOUTS) -> list[Row]:
    """Measure one SafeRollout, and many."""
    with control_plane() as plane:
        one = measure(plane, 1)
        many = measure(plane, safe_rollouts)
    return [_row(f"{name} with {safe_rollouts} SafeRollouts", getattr(one, field), getattr(many, field), many) for name, field in _NAMES.items()]


def measure(plane: Plane, safe_rollouts: int) -> Memory:
    """Have that many SafeRollouts, each with two Deployments of four pods in a namespace of its own, release in batches at once."""
    stories = {f"memory-{os.getpid()}-{safe_rollouts}-{number}": story(gated=False) for number in range(safe_rollouts)}
    plane.create_namespaces(list(stories))
    try:
        with plane.running_operator():
            run_first_revisions(plane, stories)
        # Another process, so that its first hours do not show in the measure.
        with plane.running_operator() as operator:
            time.sleep(_REST_SECONDS)
            at_rest = _resident(operator.process.pid)
            began = time.monotonic()
            late = tell(plane, stories)
            if late:
                raise TimeoutError("; ".join(late))
            seconds = time.monotonic() - began
            peak = _resident(operator.process.pid, "VmHWM")
            time.sleep(_REST_SECONDS)
            pods = sum(len(found) for namespace, found in plane.by_namespace("pods").items() if namespace in stories)
            return Memory(at_rest, peak, _resident(operator.process.pid), pods, seconds)
    finally:
        plane.delete_namespaces(list(stories))


_NAMES: Final = {"memory at rest": "at_rest", "highest memory in a release": "peak", "memory after the release": "after"}


def _row(what: str, one: int, many: int, measured: Memory) -> Row:
    return Row(
        what=what,
        wanted="a number",
        measured=f"{many / _MEBIBYTE:.0f} MiB, {many / one:.2f} times what one takes ({one / _MEBIBYTE:.0f} MiB)",
        measured_on=f"resident memory; 2 Deployments each, {measured.pods} pods in all; the release took {measured.seconds:.0f} s",
    )


def _resident(pid: int, field: str = "VmRSS") -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), flags=re.MULTILINE)
    if found is None:
        raise ValueError(f"process {pid} has no {field}")
    return int(found[1])
