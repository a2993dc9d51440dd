"""Releases of every shape that the bench plans: an order exists, it is safe, and planning it stays quick as they grow."""

from random import Random

import pytest

from bench.planning.releases import SHAPES
from bench.planning.timing import PROMISED_SECONDS, PROMISED_SIZE, growth, planned, timing
from saferollout.core.conflicts import violations
from saferollout.core.contracts import stored_now
from saferollout.core.plans import Roll

FACTOR = 8


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(5))
def test_each_shape_has_an_order_for_every_workload_that_changes(shape: str, seed: int) -> None:
    release = SHAPES[shape](60, Random(seed))
    outlook = planned(release)
    rolls = {step.workload for step in outlook.plan.steps if isinstance(step, Roll)}
    assert rolls == set(release.workloads)
    # Without anything in the way any order would do, and nothing would be measured.
    assert any(not violation.both_final for violation in violations(outlook.world, stored_now(outlook.world)))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_promised_size_is_planned_in_time(shape: str) -> None:
    taken = timing(SHAPES[shape], PROMISED_SIZE)
    assert max(taken.first, taken.again) < PROMISED_SECONDS


@pytest.mark.parametrize("shape", SHAPES)
def test_planning_grows_near_linearly(shape: str) -> None:
    small, large = timing(SHAPES[shape], 100), timing(SHAPES[shape], 100 * FACTOR)
    assert growth(small.again, large.again, times_the_size=FACTOR) < 3, f"{small} -> {large}"
