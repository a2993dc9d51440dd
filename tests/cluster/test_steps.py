"""What a step costs, as the bench counts it: one release with no gates, and one with gates whose numbers change all the time."""

import pytest

from bench.cluster.plane import control_plane as plane_on
from bench.steps.measuring import WANTED_WRITES, writes_by_step
from bench.steps.releases import record, story
from localcluster.testing import RunningCluster

pytestmark = pytest.mark.long


def test_a_step_costs_few_status_writes_and_changing_numbers_cost_none(control_plane: RunningCluster, namespace: str) -> None:
    with plane_on(control_plane) as plane:
        plain, gated = record(plane, {f"{namespace}-plain": story(gated=False), f"{namespace}-gated": story(gated=True)})
    assert len(writes_by_step(plain)) == len(writes_by_step(gated)) == 6
    assert max(writes_by_step(plain)) <= WANTED_WRITES
    # A gate that finds no data, too few requests and then enough says each of it once in the first batch of a workload.
    assert max(writes_by_step(gated)) <= WANTED_WRITES + 3
