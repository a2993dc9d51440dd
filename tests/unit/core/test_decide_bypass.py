"""What a bypass is taken for, and what is left of it."""

from dataclasses import replace
from typing import Any

import pytest

from saferollout.core.actions import ClearBypass, GiveBack, Hold
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_BOTH, little_cluster


def loose(**marks: Any) -> LittleCluster:
    """Return a reader that runs a new template, which nobody held, on one pod."""
    cluster = little_cluster(gating="Disabled", mode="Paused")
    view = cluster.views["reader"]
    cluster.texts["r2"], cluster.bodies["r2"] = READS_BOTH, "r2"
    cluster.views["reader"] = replace(view, template="r2", contracts=READS_BOTH, body="r2", bypass="fire", **marks)
    cluster.log.clear()
    return cluster


def test_a_bypass_that_the_api_server_let_count_is_taken_as_what_runs() -> None:
    cluster = loose(bypass_counted=True)
    assert cluster.look().action == ClearBypass("reader")
    assert "Bypassed reader" in cluster.log


@pytest.mark.parametrize(
    "marks",
    [
        {"bypass_counted": False},
        {"bypass_counted": False, "managed_by": None},
        {"bypass_counted": True, "managed_by": None},
    ],
    ids=["labelled again by its owner", "unlabelled", "unlabelled and forged"],
)
def test_a_bypass_that_admission_did_not_see_releases_nothing_and_never_counts_later(marks: dict[str, Any]) -> None:
    cluster = loose(**marks)
    assert cluster.look().action == Hold("reader")
    ignored = cluster.look()
    assert ignored.action == ClearBypass("reader")
    [note] = [note for note in ignored.notes if note.reason == "BypassIgnored"]
    assert "did not count" in note.message and "fire" in note.message
    cluster.play(looks=20)
    view = cluster.views["reader"]
    assert (view.held, view.managed_by, view.bypass, view.bypasses_used) == (True, "shop", None, True)
    assert cluster.status.workloads[1].stable_hash == "r1"
    assert "Bypassed reader" not in cluster.log


def test_used_reasons_are_given_back_with_the_rest() -> None:
    cluster = little_cluster()
    cluster.views["reader"] = replace(cluster.views["reader"], bypasses_used=True)
    cluster.deleting = True
    assert cluster.look().action == GiveBack("reader", leave_paused=False, drop_managed_by=False)
    cluster.play(looks=5)
    assert not cluster.views["reader"].bypasses_used and not cluster.finalizer
