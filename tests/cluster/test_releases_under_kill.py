"""A few releases of different shapes at once, with the operator killed at random moments: the bench's own judge finds nothing."""

import pytest

from bench.cluster.plane import control_plane as plane_on
from bench.kills.rounds import play_rounds
from localcluster.testing import RunningCluster

pytestmark = pytest.mark.long

RELEASES = 8


def test_no_pod_starts_before_its_turn_however_often_the_operator_is_killed(control_plane: RunningCluster) -> None:
    with plane_on(control_plane) as plane:
        played = play_rounds(plane, releases=RELEASES, at_once=RELEASES, seed=40)
    assert played.faults == []
    assert played.releases == RELEASES
    assert played.kills + played.early_kills >= 3, "an operator that lives through it all proves nothing"
