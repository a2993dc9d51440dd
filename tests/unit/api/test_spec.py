"""Small answers that the models themselves give."""

from decimal import Decimal

import pytest

from saferollout.api.contracts import ContractKind
from saferollout.api.gates import Gate
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import Workload, WorkloadRef, measurements, percent
from tests.data.manifests import example


def test_a_workload_is_the_deployment_of_its_name() -> None:
    assert Workload(name="shop").reference == WorkloadRef(api_version="apps/v1", kind="Deployment", name="shop")


def test_a_workload_is_what_it_refers_to() -> None:
    assert Workload(name="shop", workload_ref=WorkloadRef(name="shop-v2")).reference.name == "shop-v2"


def test_a_contract_says_what_it_is() -> None:
    kinds = [contract.kind for contract in SafeRollout.parse_strict(example()).spec.contracts]
    assert kinds == [ContractKind.TOPIC, ContractKind.API, ContractKind.TABLE, ContractKind.CACHE, ContractKind.TOPIC]


def test_a_batch_is_its_number() -> None:
    assert percent("20%") == 20


def test_thresholds_are_exact() -> None:
    assert SafeRollout.parse_strict(example()).spec.gates[1].maximum == Decimal("0.02")


@pytest.mark.parametrize(
    ("bake_seconds", "delay", "count", "expected"),
    [(120, 0, 1, 9), (120, 30, 1, 7), (0, 0, 1, 1), (10, 60, 1, 1), (0, 0, 5, 5), (120, 0, 20, 20)],
)
def test_a_bake_takes_at_least_count_measurements(bake_seconds: int, delay: int, count: int, expected: int) -> None:
    gate = Gate(name="errors", promql="up", maximum=Decimal(1), interval_seconds=15, initial_delay_seconds=delay, count=count)
    assert measurements(gate, bake_seconds=bake_seconds) == expected
