"""A workload whose SafeRollout is missing is told so once, and gets back what was borrowed."""

import asyncio
from typing import Any

import pytest

from saferollout.api import names
from saferollout.engine.errors import Conflict
from saferollout.engine.resources import Kind
from saferollout.engine.store import Place
from tests.unit.engine.fake_cluster import FakeCluster
from tests.unit.engine.objects import NAMESPACE, deployment, pod, replica_set, safe_rollout
from tests.unit.engine.stage import Stage, nothing
from tests.unit.engine.virtual_time import run_in_virtual_time

BILLING = Place(namespace=NAMESPACE, name="billing")


def held(label: str = "mistyped") -> dict[str, Any]:
    return deployment(labels={names.LABEL_HELD: "true", names.LABEL_MANAGED_BY: label})


def paced(label: str = "mistyped") -> dict[str, Any]:
    return deployment(labels={names.LABEL_MANAGED_BY: label}, annotations={names.ANNOTATION_ORIGINAL: "{}"})


async def stage_with(*objects: tuple[Kind, dict[str, Any]]) -> Stage:
    cluster = FakeCluster()
    for kind, raw in objects:
        cluster.put(kind, raw)
    stage = Stage(cluster, nothing)
    await stage.resync.full_pass()
    return stage


def test_a_held_workload_learns_which_safe_rollout_is_missing_and_the_way_out_once() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.DEPLOYMENT, held()))
        working = asyncio.create_task(stage.settle(seconds=100))
        await asyncio.sleep(50)
        await stage.resync.full_pass()
        await working
        ((note, _, workload),) = stage.listener.notes
        assert (note.reason, workload) == ("HeldWithoutSafeRollout", "billing")
        assert "'mistyped'" in note.message
        assert names.LABEL_MANAGED_BY in note.message
        assert stage.cluster.writes == []

    run_in_virtual_time(scene())


def test_a_safe_rollout_that_comes_a_moment_later_is_waited_for() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.DEPLOYMENT, held("shop")))
        working = asyncio.create_task(stage.settle(seconds=60))
        await asyncio.sleep(5)
        stage.intake.changed(Kind.SAFE_ROLLOUT, stage.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout()))
        await working
        assert stage.listener.notes == []

    run_in_virtual_time(scene())


def test_a_safe_rollout_that_no_event_told_of_is_found_before_anything_is_said() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.DEPLOYMENT, held("shop")))
        stage.cluster.put(Kind.SAFE_ROLLOUT, safe_rollout())
        await stage.settle(seconds=60)
        assert stage.listener.notes == []

    run_in_virtual_time(scene())


def test_what_was_given_back_is_let_go_of_although_the_native_controller_writes_at_once() -> None:
    async def scene() -> None:
        raw = paced()
        raw["metadata"]["managedFields"] = [{"manager": names.FIELD_MANAGER, "fieldsV1": {"f:spec": {"f:strategy": {}}}}]
        stage = await stage_with((Kind.DEPLOYMENT, raw), (Kind.REPLICA_SET, replica_set()), (Kind.POD, pod()))
        failures = iter([None, Conflict("faster")])
        stage.cluster.fault = lambda verb, resource, place: next(failures, None) if verb == "patch" and place == BILLING else None
        await stage.settle(seconds=60)
        assert stage.cluster.objects[Kind.DEPLOYMENT.resource, BILLING]["metadata"]["managedFields"] == []
        assert stage.listener.reasons == ["GivenBack"]

    run_in_virtual_time(scene())


def test_a_paced_workload_gets_its_fields_back() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.DEPLOYMENT, paced()), (Kind.REPLICA_SET, replica_set()), (Kind.POD, pod()))
        await stage.settle(seconds=60)
        raw = stage.cluster.objects[Kind.DEPLOYMENT.resource, BILLING]
        assert raw["metadata"]["annotations"]["test/action"] == "GiveBack"
        assert stage.cluster.writes.count(("patch", "deployments", "shop/billing")) == 1
        assert stage.listener.reasons == ["GivenBack"]
        assert "stays paused" in stage.listener.notes[0][0].message

    run_in_virtual_time(scene())


def test_a_workload_that_its_labels_safe_rollout_does_not_name_is_cared_for_as_well() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.SAFE_ROLLOUT, safe_rollout(workloads=("cart",))), (Kind.DEPLOYMENT, held("shop")))
        await stage.settle(seconds=60)
        assert [note.message for note, _, _ in stage.listener.notes if "does not name it" in note.message]

    run_in_virtual_time(scene())


def test_a_labelled_workload_that_is_neither_held_nor_paced_is_left_in_peace() -> None:
    async def scene() -> None:
        stage = await stage_with((Kind.DEPLOYMENT, deployment(label="mistyped")))
        await stage.settle(seconds=60)
        assert stage.listener.notes == []
        assert stage.cluster.writes == []

    run_in_virtual_time(scene())


def test_a_pinned_workload_gets_its_template_back() -> None:
    """A pin borrows no field, so it has no annotation with originals; a policy would keep the old template in spec for ever."""
    async def scene() -> None:
        pinned = deployment(labels={names.LABEL_MANAGED_BY: "mistyped", names.LABEL_PINNED: "true"})
        stage = await stage_with((Kind.DEPLOYMENT, pinned), (Kind.REPLICA_SET, replica_set()), (Kind.POD, pod()))
        await stage.settle(seconds=60)
        assert stage.listener.reasons == ["GivenBack"]

    run_in_virtual_time(scene())


@pytest.mark.parametrize(("manager", "told"), [(names.FIELD_MANAGER, ["GivenBack"]), ("argocd", [])])
def test_the_operator_takes_its_own_label_off_what_a_safe_rollout_no_longer_names(manager: str, told: list[str]) -> None:
    async def scene() -> None:
        owned = {"f:metadata": {"f:labels": {f"f:{names.LABEL_MANAGED_BY}": {}}}}
        labelled = deployment("cart", label="shop", managedFields=[{"manager": manager, "fieldsV1": owned}])
        stage = await stage_with((Kind.SAFE_ROLLOUT, safe_rollout()), (Kind.DEPLOYMENT, labelled), (Kind.REPLICA_SET, replica_set("cart-1", of="cart")))
        for _ in range(3):
            await stage.look()
        assert stage.listener.reasons[:1] == told
        if not told:
            assert sum(plural == "deployments" and verb == "get" for verb, plural, _ in stage.cluster.reads) == 1, "asked once"

    run_in_virtual_time(scene())
