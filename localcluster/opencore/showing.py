"""A failure mode declared, so that the order prevents it, or undeclared; an outage in the middle of a healthy release. What each costs is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from localcluster.demo import stage as demo_stage
from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import SAFEROLLOUT
from localcluster.demo.narration import Narrator
from localcluster.opencore.counts import Counts, count
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.measuring import go_back, wait_until_quiet
from localcluster.opencore.outages import Outage, last
from localcluster.opencore.series import ask
from localcluster.opencore.stage import Stage, apply_folder, wait_for_workloads

# Each a commit; what is refused is shown, and followed by what is not.
DECLARED: Mapping[str, Sequence[str]] = {
    "mode-1": ("mode-1",),
    "mode-2": ("mode-2",),
    "mode-3": ("mode-3/1-before", "mode-3/2-release"),
    "mode-4": ("mode-4/0-refused", "mode-4/1-expand", "mode-4/2-migrate"),
    "mode-5": ("mode-5/0-refused", "mode-5/1-expand", "mode-5/2-migrate"),
}
_RELEASE_SECONDS = 600.0
_AFTERWARDS_SECONDS = 15.0
_UNDER_WAY_SECONDS = 15.0
_OUTAGE_SECONDS = 25.0
_LOOK_AGAIN_SECONDS = 1.0
_END = 'kafka_topic_partition_current_offset{namespace="opencore",topic="user.events"}'
_READ = 'kafka_consumergroup_current_offset{namespace="opencore",topic="user.events",consumergroup="billing"}'


def guard(stage: Stage, kind: str) -> None:
    """Have SafeRollout look after the scene with examples/opencore/KIND/saferollout.yaml; the operator is installed if need be."""
    demo_stage.install_operator(stage.tools)
    stage.tools.apply([OPENCORE / kind / "saferollout.yaml"])
    _follow(stage, "it has seen the four", {"Idle", "Completed"}, tell=lambda _: None)


def unguard(stage: Stage) -> None:
    """Delete the SafeRollout, so that its workloads are given back."""
    stage.tools.kubectl("delete", "saferollout", SAFEROLLOUT, "--ignore-not-found", "--timeout=100s")


def show_declared(stage: Stage, mode: str, narrator: Narrator) -> Counts:
    """Release the mode's commits one after the other and return what they cost together."""
    unguard_and_go_back(stage, "declared/running")
    guard(stage, "declared")
    before = count(stage.prometheus_url)
    for commit in DECLARED[mode]:
        narrator.say(f"declared/{commit}:")
        before_release = _release_id(stage)
        narrator.show(apply_folder(stage.tools, OPENCORE / "declared" / commit))
        wanted = {"Refused"} if commit.endswith("refused") else {"Completed"}
        reached = _follow(stage, f"declared/{commit}", wanted | {"AwaitingApproval"}, tell=narrator.say, after=before_release)
        if reached == "AwaitingApproval":
            _approve_when_drained(stage, narrator)
            _follow(stage, f"declared/{commit}", wanted, tell=narrator.say, after=before_release)
        narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    time.sleep(_AFTERWARDS_SECONDS)
    return count(stage.prometheus_url).since(before)


def show_undeclared(stage: Stage, mode: str, narrator: Narrator) -> Counts:
    """Release the mode that nobody declared, until SafeRollout has done with it whatever it does; return what it cost."""
    unguard_and_go_back(stage, "workloads")
    guard(stage, "undeclared")
    before, before_release = count(stage.prometheus_url), _release_id(stage)
    narrator.say(f"undeclared/{mode}:")
    narrator.show(apply_folder(stage.tools, OPENCORE / "undeclared" / mode))
    _follow(stage, f"undeclared/{mode}", {"Completed", "RolledBack", "Stalled", "Failed", "Paused"}, tell=narrator.say, after=before_release)
    narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    time.sleep(_AFTERWARDS_SECONDS)
    return count(stage.prometheus_url).since(before)


def show_outage(stage: Stage, kind: Outage, narrator: Narrator) -> Counts:
    """Break something while a healthy release is under way, and return what it cost until the release was complete."""
    unguard_and_go_back(stage, "declared/running")
    guard(stage, "declared")
    before, before_release = count(stage.prometheus_url), _release_id(stage)
    narrator.show(apply_folder(stage.tools, OPENCORE / "declared" / "healthy"))
    _follow(stage, "the healthy release begins", {"Progressing"}, tell=narrator.say, after=before_release)
    time.sleep(_UNDER_WAY_SECONDS)
    narrator.say(f"{kind}, for {_OUTAGE_SECONDS:.0f} s")
    last(stage.tools, kind, seconds=_OUTAGE_SECONDS)
    narrator.say("it is over")
    _follow(stage, "the healthy release", {"Completed", "RolledBack", "Failed"}, tell=narrator.say, after=before_release)
    narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    time.sleep(_AFTERWARDS_SECONDS)
    return count(stage.prometheus_url).since(before)


def unguard_and_go_back(stage: Stage, folder: str) -> None:
    """Have the scene as it was before any release, quiet and without SafeRollout."""
    if _is_installed(stage):
        unguard(stage)
    go_back(stage)
    apply_folder(stage.tools, OPENCORE / folder)
    wait_for_workloads(stage.tools)
    wait_until_quiet(stage)


def _approve_when_drained(stage: Stage, narrator: Narrator) -> None:
    """Do what a person would who is asked for the proof: wait until billing has read all that was written until now, then say so."""
    ends = {series.labels["partition"]: series.value for series in ask(stage.prometheus_url, _END)}
    deadline = time.monotonic() + _RELEASE_SECONDS
    while True:
        read = {series.labels["partition"]: series.value for series in ask(stage.prometheus_url, _READ)}
        if all(read.get(partition, 0.0) >= end for partition, end in ends.items()):
            break
        if time.monotonic() > deadline:
            raise StoryFailed("billing has not read the events that were there")
        time.sleep(_LOOK_AGAIN_SECONDS)
    reason = "billing has read past the last event without a currency"
    narrator.say(f"$ saferollout approve {SAFEROLLOUT} --reason '{reason}'")
    narrator.show(stage.tools.screen("approve", SAFEROLLOUT, f"--reason={reason}"))


def _is_installed(stage: Stage) -> bool:
    return bool(stage.tools.kubectl("get", "crd", "saferollouts.saferollout.io", "--ignore-not-found"))


def _release_id(stage: Stage) -> str:
    return str((stage.tools.status().get("release") or {}).get("id", ""))


def _follow(stage: Stage, what: str, states: set[str], *, tell: Callable[[str], None], after: str | None = None) -> str:
    """Tell every change until one of the states is reached, in a release other than `after`; return it."""
    deadline, told = time.monotonic() + _RELEASE_SECONDS, ""
    while time.monotonic() < deadline:
        status = stage.tools.status()
        summary = status.get("summary") or {}
        line = "  ".join(part for part in (summary.get("state", ""), summary.get("step", ""), summary.get("message", "")) if part)
        if line and line != told:
            tell(f"  {line}")
            told = line
        is_new = after is None or summary.get("state") == "Refused" or (status.get("release") or {}).get("id", "") != after
        if is_new and summary.get("state") in states:
            return str(summary["state"])
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise StoryFailed(f"{what} is not done after {_RELEASE_SECONDS:.0f} s\n{stage.tools.screen('status', SAFEROLLOUT)}")
