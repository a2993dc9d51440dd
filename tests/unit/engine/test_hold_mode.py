"""The policy holds only where both it and its binding are there."""

import pytest

from saferollout.core.views import HoldMode
from saferollout.engine.errors import Forbidden, Unreachable
from saferollout.engine.hold_mode import HoldModeProbe
from saferollout.engine.resources import HOLD_POLICIES, HOLD_POLICY_BINDINGS
from tests.unit.engine.fake_cluster import FakeCluster

POLICY = {"metadata": {"name": "saferollout-hold"}}


@pytest.mark.parametrize(("policy", "binding", "mode"), [
    (True, True, HoldMode.POLICY), (True, False, HoldMode.REACTIVE), (False, True, HoldMode.REACTIVE), (False, False, HoldMode.REACTIVE),
])
async def test_policy_and_binding_are_both_needed(policy: bool, binding: bool, mode: HoldMode) -> None:
    cluster = FakeCluster()
    if policy:
        cluster.put(HOLD_POLICIES, POLICY)
    if binding:
        cluster.put(HOLD_POLICY_BINDINGS, POLICY)
    probe = HoldModeProbe(cluster, policy="saferollout-hold")
    await probe.look()
    assert probe.mode is mode


async def test_a_server_that_does_not_answer_changes_nothing() -> None:
    cluster = FakeCluster()
    cluster.put(HOLD_POLICIES, POLICY)
    cluster.put(HOLD_POLICY_BINDINGS, POLICY)
    probe = HoldModeProbe(cluster, policy="saferollout-hold")
    await probe.look()
    cluster.fault = lambda verb, resource, place: Unreachable("down")
    await probe.look()
    assert probe.mode is HoldMode.POLICY


async def test_no_policy_name_asks_nothing() -> None:
    cluster = FakeCluster()
    probe = HoldModeProbe(cluster, policy="")
    await probe.look()
    assert probe.mode is HoldMode.REACTIVE
    assert cluster.reads == []


async def test_a_server_that_never_answered_is_no_reason_to_guess() -> None:
    cluster = FakeCluster()
    cluster.fault = lambda verb, resource, place: Unreachable("down")
    probe = HoldModeProbe(cluster, policy="saferollout-hold")
    with pytest.raises(Unreachable):
        await probe.look()


async def test_a_missing_right_to_ask_counts_as_the_weaker_mode() -> None:
    cluster = FakeCluster()
    cluster.fault = lambda verb, resource, place: Forbidden("no right")
    probe = HoldModeProbe(cluster, policy="saferollout-hold")
    await probe.look()
    assert probe.mode is HoldMode.REACTIVE
