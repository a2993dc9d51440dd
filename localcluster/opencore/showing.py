"""A failure mode declared, so that the order prevents it, or undeclared; an outage in the middle of a healthy release. What each costs is counted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import SAFEROLLOUT
from localcluster.demo.narration import Narrator
from localcluster.opencore.counts import Counts, count
from localcluster.opencore.following import Followed, follow, release_id
from localcluster.opencore.guarding import guard
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.outages import Outage, outage
from localcluster.opencore.series import ask
from localcluster.opencore.stage import Stage, apply_folder

# Each a commit; what is refused is shown, and followed by what is not.
DECLARED: Mapping[str, Sequence[str]] = {
    "mode-1": ("mode-1",),
    "mode-2": ("mode-2",),
    "mode-3": ("mode-3/1-before", "mode-3/2-release"),
    "mode-4": ("mode-4/0-refused", "mode-4/1-expand", "mode-4/2-migrate"),
    "mode-5": ("mode-5/0-refused", "mode-5/1-expand", "mode-5/2-migrate"),
}
_SETTING = "the scene is set, and some minutes pass in which all is well ..."
_RELEASE_SECONDS = 600.0
# How long an undeclared mode may go on before what was decided until then is what counts; named and acted on within two minutes, where it is.
_DECISION_SECONDS = 300.0
_AFTERWARDS_SECONDS = 15.0
_UNDER_WAY_SECONDS = 15.0
_OUTAGE_SECONDS = 25.0
_LOOK_AGAIN_SECONDS = 1.0
_ENDED = frozenset({"Completed", "RolledBack", "Failed"})
_END = 'kafka_topic_partition_current_offset{namespace="opencore",topic="user.events"}'
_READ = 'kafka_consumergroup_current_offset{namespace="opencore",topic="user.events",consumergroup="billing"}'


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of it: the releases one after the other, what they cost together, and whether they came out as the scene promises."""

    counts: Counts
    releases: list[Followed]
    is_as_promised: bool


def show_declared(stage: Stage, mode: str, narrator: Narrator) -> Shown:
    """Release the mode's commits one after the other; the first that does not end as it should is the last."""
    narrator.say(_SETTING)
    guard(stage, "declared", running="declared/running")
    before, releases = count(stage.prometheus_url), list[Followed]()
    for commit in DECLARED[mode]:
        narrator.say(f"declared/{commit}:")
        # What is refused is mended in the same release.
        earlier = "" if releases and releases[-1].state == "Refused" else release_id(stage.tools)
        narrator.show(apply_folder(stage.tools, OPENCORE / "declared" / commit))
        wanted = "Refused" if commit.endswith("refused") else "Completed"
        seen = _follow_to(stage, {wanted, "AwaitingApproval", *_ENDED}, narrator, after=earlier)
        if seen.state == "AwaitingApproval":
            _approve_when_drained(stage, narrator)
            seen = _follow_to(stage, {wanted, *_ENDED}, narrator, after=earlier, so_far=seen)
        narrator.show(stage.tools.screen("status", SAFEROLLOUT))
        releases.append(seen)
        if seen.state != wanted:
            break
    time.sleep(_AFTERWARDS_SECONDS)
    return Shown(counts=count(stage.prometheus_url).since(before), releases=releases, is_as_promised=releases[-1].state == "Completed")


def show_undeclared(stage: Stage, mode: str, narrator: Narrator) -> Shown:
    """Release the mode that nobody declared, until SafeRollout has taken it back or stopped it; where it does neither, for some minutes."""
    narrator.say(_SETTING)
    guard(stage, "undeclared", running="workloads")
    before, earlier = count(stage.prometheus_url), release_id(stage.tools)
    narrator.say(f"undeclared/{mode}:")
    narrator.show(apply_folder(stage.tools, OPENCORE / "undeclared" / mode))
    seen = follow(stage.tools, after=earlier, until=_is_decided, seconds=_DECISION_SECONDS, tell=narrator.say)
    narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    time.sleep(_AFTERWARDS_SECONDS)
    is_acted_on = seen.went_back or seen.is_stopped
    return Shown(counts=count(stage.prometheus_url).since(before), releases=[seen], is_as_promised=is_acted_on)


def go_forward(stage: Stage, narrator: Narrator) -> None:
    """Finish a release that was stopped, as a person may decide. Raises StoryFailed where it does not complete."""
    reason = "no old pod is to meet the new rows"
    narrator.say(f"$ saferollout forward {SAFEROLLOUT} --reason '{reason}'")
    narrator.show(stage.tools.screen("forward", SAFEROLLOUT, f"--reason={reason}"))
    seen = _follow_to(stage, set(_ENDED), narrator, after="")
    narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    if seen.state != "Completed":
        raise StoryFailed(f"the release is {seen.state} after forward, not Completed")


def show_outage(stage: Stage, kind: Outage, narrator: Narrator) -> Shown:
    """Break something while a healthy release is under way, and go on until the release has ended, without anybody's help."""
    narrator.say(_SETTING)
    guard(stage, "declared", running="declared/running")
    before, earlier = count(stage.prometheus_url), release_id(stage.tools)
    narrator.show(apply_folder(stage.tools, OPENCORE / "declared" / "healthy"))
    seen = _follow_to(stage, {"Progressing"}, narrator, after=earlier)
    _follow_for(stage, _UNDER_WAY_SECONDS, narrator, after=earlier, so_far=seen)
    narrator.say(f"{kind}, for {_OUTAGE_SECONDS:.0f} s")
    with outage(stage.tools, kind):
        _follow_for(stage, _OUTAGE_SECONDS, narrator, after=earlier, so_far=seen)
        narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    narrator.say("it is over")
    seen = _follow_to(stage, set(_ENDED), narrator, after=earlier, so_far=seen)
    narrator.show(stage.tools.screen("status", SAFEROLLOUT))
    time.sleep(_AFTERWARDS_SECONDS)
    completes = seen.state == "Completed" and not seen.went_back
    return Shown(counts=count(stage.prometheus_url).since(before), releases=[seen], is_as_promised=completes)


def _is_decided(seen: Followed) -> bool:
    """Tell whether nothing more comes by itself: it is over, or it is stopped and named."""
    return seen.state in _ENDED or (seen.is_stopped and any(one.certainty == "Named" for one in seen.findings))


def _follow_to(stage: Stage, states: set[str], narrator: Narrator, *, after: str, so_far: Followed | None = None) -> Followed:
    return follow(
        stage.tools, after=after, until=lambda seen: seen.state in states, seconds=_RELEASE_SECONDS, tell=narrator.say, so_far=so_far
    )


def _follow_for(stage: Stage, seconds: float, narrator: Narrator, *, after: str, so_far: Followed) -> None:
    follow(stage.tools, after=after, until=lambda _: False, seconds=seconds, tell=narrator.say, so_far=so_far)


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
    step = waiting_step(stage.tools.status())
    narrator.say(f"$ saferollout approve {step} -s {SAFEROLLOUT} --reason '{reason}'")
    narrator.show(stage.tools.screen("approve", step, "-s", SAFEROLLOUT, f"--reason={reason}"))


def waiting_step(status: dict[str, Any]) -> str:
    """Return the step of the plan that waits for a person. Raises StoryFailed where none does."""
    for step in status["release"]["steps"]:
        if step["kind"] in ("Prove", "Approve") and step["state"] == "Waiting":
            return str(step["id"])
    raise StoryFailed("no step waits for an approval")
