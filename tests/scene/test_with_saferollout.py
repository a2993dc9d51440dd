"""The scene with SafeRollout beside it: a mode that nobody declared is held, named and taken back; an outage takes nothing back."""

import json
from pathlib import Path

from localcluster.opencore.counts import count
from localcluster.opencore.following import Followed, follow, release_id
from localcluster.opencore.guarding import guard
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.outages import Outage, outage
from localcluster.opencore.stage import Stage, apply_folder
from localcluster.testing import wait_for
from tests.scene.counting import counted

# On a loaded machine new pods alone may take a minute; a release that hangs ends by the SafeRollout's own deadlines.
_LONG_SECONDS = 600.0
_ENDED = ("Completed", "RolledBack", "Failed")


def guarded(scene: Stage, kind: str, *, running: str) -> None:
    """Have a SafeRollout with short bakes and two batches look after the scene, whatever the test before it left."""
    # Without a calm past: new and old pods are compared at the same time, and the rest only becomes slower to tell.
    guard(scene, kind, running=running, with_past=False)
    shorter = [
        {"op": "replace", "path": "/spec/bakeSeconds", "value": 10},
        {"op": "replace", "path": "/spec/workloads/1", "value": {"name": "user-service", "batches": ["50%"]}},
    ]
    scene.tools.kubectl("patch", "saferollout", "opencore", "--type=json", f"--patch={json.dumps(shorter)}")


def released(scene: Stage, folder: Path) -> str:
    """Have the folder applied; return what tells its release from an earlier one."""
    earlier = release_id(scene.tools)
    apply_folder(scene.tools, folder)
    return earlier


def test_a_validation_that_nobody_declared_is_held_named_and_taken_back_from_its_first_pods(running_scene: Stage) -> None:
    scene = running_scene
    guarded(scene, "undeclared", running="workloads")
    before = count(scene.prometheus_url)
    earlier = released(scene, OPENCORE / "undeclared" / "mode-2")
    seen = follow(scene.tools, after=earlier, until=lambda seen: seen.state in _ENDED, seconds=_LONG_SECONDS, tell=print)

    assert seen.state == "RolledBack", scene.tools.screen("status", "opencore")
    named = {(one.cause, one.workload) for one in seen.findings if one.certainty == "Named"}
    assert named == {("Mode2", "user-service")}, seen.findings
    assert scene.tools.status()["release"]["rollback"]["back"] == ["user-service"]
    wait_for("refused registrations, as people saw them", counted(scene, before, lambda new: new.failed > 0), seconds=60)


def test_a_release_that_meets_a_killed_broker_goes_on_alone_when_it_is_back_and_takes_nothing_back(running_scene: Stage) -> None:
    scene, seen = running_scene, Followed()
    guarded(scene, "declared", running="declared/running")
    earlier = released(scene, OPENCORE / "declared" / "healthy")

    def until(wanted: str, *states: str) -> None:
        follow(scene.tools, after=earlier, until=lambda seen: seen.state in states, seconds=_LONG_SECONDS, tell=print, so_far=seen)
        assert seen.state in states, f"{wanted}\n{scene.tools.screen('status', 'opencore')}"

    until("new pods of user-service", "Progressing")
    with outage(scene.tools, Outage.KAFKA_DOWN):
        follow(scene.tools, after=earlier, until=is_outage_found, seconds=_LONG_SECONDS, tell=print, so_far=seen)
        assert is_outage_found(seen), scene.tools.screen("status", "opencore")
    until("the end of the release", *_ENDED)
    assert (seen.state, seen.went_back) == ("Completed", False), seen.findings
    assert {one.cause for one in seen.findings if one.certainty == "Named"} == {"BrokerDown"}, seen.findings


def is_outage_found(seen: Followed) -> bool:
    return any((one.cause, one.action) == ("BrokerDown", "ResumeAfterQuiet") for one in seen.findings)
