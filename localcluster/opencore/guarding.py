"""The scene with SafeRollout beside it, from whatever state it is in, and with a past to compare a release with."""

from __future__ import annotations

import time

from localcluster.demo import stage as demo_stage
from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import SAFEROLLOUT, Tools
from localcluster.opencore.counts import count
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.measuring import go_back, wait_until_quiet
from localcluster.opencore.series import ask
from localcluster.opencore.stage import Stage, apply_folder

# What the analysis compares with: 40 looks before the first roll, `intervalSeconds` of the scene's SafeRollouts apart.
BASELINE_SECONDS = 200.0
_CHANCE = 0.001
_LOOK_AGAIN_SECONDS = 5.0
# Misses of a scene in which nothing is wrong: 30 well-known entries expire after two minutes, all of them soon after one another. A minute of two formats makes more.
_MOST_MISSES = 0.06
_MISSES = (
    'sum(increase(cache_gets_total{{namespace="opencore",result="miss"}}[{seconds:.0f}s]))'
    ' / sum(increase(cache_gets_total{{namespace="opencore"}}[{seconds:.0f}s]))'
)


def guard(stage: Stage, kind: str, *, running: str, with_past: bool = True) -> None:
    """Have SafeRollout look after the scene with examples/opencore/KIND/saferollout.yaml while the folder RUNNING runs, `with_past`: with a calm one.

    Whatever was released, held or refused before is undone; the operator is installed if need be.
    """
    go_back(stage, running)
    wait_until_quiet(stage)
    demo_stage.install_operator(stage.tools)
    stage.tools.apply([OPENCORE / kind / "saferollout.yaml"])
    apply_folder(stage.tools, OPENCORE / running)  # the same templates, opted in again
    _wait_until_seen(stage.tools)
    if with_past:
        wait_for_calm_past(stage)


def wait_for_calm_past(stage: Stage, *, seconds: float = BASELINE_SECONDS, patience: float = 600.0) -> None:
    """Wait until nothing has failed for so long that a release is compared with a time in which all was well. Raises StoryFailed."""
    deadline = time.monotonic() + patience
    while not is_past_calm(stage.prometheus_url, seconds=seconds):
        if time.monotonic() > deadline:
            raise StoryFailed(f"the scene had no {seconds:.0f} s without trouble within {patience:.0f} s")
        time.sleep(_LOOK_AGAIN_SECONDS)


def is_past_calm(url: str, *, seconds: float) -> bool:
    """Tell whether people were served all that time, hardly a request failed, no dead letter came and few look-ups in the cache missed."""
    before = count(url, at=time.time() - seconds)
    new = count(url).since(before)
    misses = ask(url, _MISSES.format(seconds=seconds))
    is_cache_calm = all(not series.value > _MOST_MISSES for series in misses)  # not a number where nobody looks anything up
    return before.requests > 0 and new.dead_letters == 0 and new.failed <= _CHANCE * new.requests and is_cache_calm


def _wait_until_seen(tools: Tools, *, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while (tools.status().get("summary") or {}).get("state") not in ("Idle", "Completed"):
        if time.monotonic() > deadline:
            raise StoryFailed(f"SafeRollout has not taken the four over after {seconds:.0f} s\n{tools.screen('status', SAFEROLLOUT)}")
        time.sleep(1.0)
