"""How long a release still takes."""

from typing import Any

import pytest

from saferollout.cli.estimate import Estimate, estimate
from tests.unit.cli.pictures import NOW, STEPS, before, picture, raw, release, status


def guess(state: str = "Progressing", *, changed_spec: dict[str, Any] | None = None, **changes: Any) -> Estimate | None:
    seen = picture(raw(status(state, release=release(**changes)), **(changed_spec or {})))
    assert seen.spec is not None
    return estimate(seen.spec, seen.status, NOW)


def surely(found: Estimate | None) -> Estimate:
    assert found is not None
    return found


def test_a_bake_under_way_counts_only_what_is_left_of_it() -> None:
    # 45 of 120 s are left of this bake; two more batches take 45 s (as observed) and bake 120 s each.
    assert surely(guess()).of("Roll/billing-service") == 45 + 2 * (45 + 120)


def test_a_roll_to_come_counts_all_its_batches_and_bakes() -> None:
    assert surely(guess()).of("Roll/user-service") == 3 * (45 + 120)


def test_a_proof_has_no_estimate_and_is_named() -> None:
    found = surely(guess())
    assert found.open_ended == ("Prove/user-events/1",)
    assert found.seconds == sum(step.seconds for step in found.steps if step.seconds is not None)


def test_without_observations_the_assumption_is_said() -> None:
    found = surely(guess(rolls=[]))
    assert found.of("Roll/gateway") == 30 + 120
    assert "batches take 30 s each" in found.assumes


def test_earlier_batches_of_a_roll_are_observations_without_their_bakes() -> None:
    roll = {
        "workload": "billing-service", "hash": "b2", "startTime": before(400), "batch": 2, "batches": 3, "batchStartTime": before(0),
    }  # fmt: skip
    # Two batches took 400 s with 2 * 120 s of bakes: 80 s each.
    assert surely(guess(rolls=[roll])).of("Roll/gateway") == 80 + 120


def test_an_expedited_release_bakes_nothing() -> None:
    found = surely(guess(rolls=[], expedited={"by": "ada", "reason": "outage", "time": before(5)}))
    assert found.of("Roll/gateway") == 30
    assert found.assumes == ("batches take 30 s each",)


def test_a_first_creation_has_no_batches() -> None:
    assert surely(guess(rolls=[], targets=[{"workload": "user-service", "toHash": "u2"}])).of("Roll/user-service") == 30 + 120


def test_a_workloads_own_bake_wins() -> None:
    found = surely(guess(rolls=[], changed_spec={"workloads": [{"name": "gateway", "bakeSeconds": 10}]}))
    assert found.of("Roll/gateway") == 40


def test_a_gate_that_needs_many_measurements_lengthens_the_bake() -> None:
    gate = {"name": "slow", "promql": "vector(1)", "max": "1", "count": 21, "intervalSeconds": 15, "initialDelaySeconds": 20}
    assert surely(guess(rolls=[], changed_spec={"gates": [gate]})).of("Roll/gateway") == 30 + 320


def test_side_by_side_rolls_are_said_to_be_counted_one_after_the_other() -> None:
    assert "steps run one after the other" in surely(guess(changed_spec={"maxParallel": 2})).assumes


HELD = {
    "workload": "billing-service", "hash": "b2", "startTime": before(320), "batch": 1, "batches": 3, "batchStartTime": before(300), "readyTime": before(290),
}  # fmt: skip


@pytest.mark.parametrize("state", ["Waiting", "Progressing"])
def test_nobody_knows_how_long_a_gate_holds_a_batch_that_has_baked(state: str) -> None:
    found = surely(guess(state, rolls=[HELD]))
    assert found.of("Roll/billing-service") is None and "Roll/billing-service" in found.open_ended


def test_without_gates_a_bake_that_is_over_has_nothing_left() -> None:
    assert surely(guess(rolls=[HELD], changed_spec={"gating": "Disabled"})).of("Roll/billing-service") == 0 + 1 * (5 + 120)


@pytest.mark.parametrize("state", ["Completed", "RolledBack", "Failed", "Refused", "Idle"])
def test_what_has_ended_has_no_estimate(state: str) -> None:
    assert guess(state) is None


def test_a_way_back_has_no_estimate() -> None:
    assert guess(rollback={"startTime": before(5), "turnTime": before(5)}) is None


def test_a_plan_with_nothing_left_has_no_estimate() -> None:
    assert guess(steps=[{**step, "state": "Done"} for step in STEPS]) is None


def test_a_batch_that_waits_for_traffic_has_no_estimate() -> None:
    roll = {
        "workload": "billing-service", "hash": "b2", "startTime": before(400), "batch": 1, "batches": 3, "batchStartTime": before(200),
        "readyTime": before(150), "missingExposure": "some 200 more answers on new pods of billing-service",
    }  # fmt: skip
    assert surely(guess(rolls=[roll])).open_ended[0] == "Roll/billing-service"
