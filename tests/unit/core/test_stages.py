"""Stages, and how they settle ties."""

import pytest

from saferollout.core.contracts import Use
from saferollout.core.planner import plan
from saferollout.core.plans import Stage
from saferollout.core.stages import stage_of
from tests.unit.core.kernel import CACHE, RESPONSE, TABLE, party, reads, steps, world, writes


@pytest.mark.parametrize(
    ("old", "new", "stage"),
    [
        (reads("1"), reads("12"), Stage.EXPAND),
        (reads("1"), reads("1"), Stage.EXPAND),
        (reads("12"), reads("2"), Stage.CONTRACT),
        (reads("12"), reads("23"), Stage.CONTRACT),
        (reads("1"), Use(), Stage.CONTRACT),
        (writes("1"), writes("2"), Stage.MIGRATE),
        (writes("1"), Use(), Stage.MIGRATE),
        (reads("12", writes="1"), reads("2", writes="2"), Stage.CONTRACT),
        (None, writes("1"), Stage.MIGRATE),
        (None, reads("1"), Stage.EXPAND),
    ],
)
def test_the_stage_tells_what_the_roll_does_to_its_contracts(old: Use | None, new: Use, stage: Stage) -> None:
    assert stage_of(party("it", old, new)) is stage


def test_ties_are_expand_then_migrate_then_contract_then_readers_then_the_spec() -> None:
    answer = plan(
        world(
            party("contract", reads("12"), reads("2"), on=RESPONSE),
            party("migrate", writes("1"), writes("2"), on=TABLE),
            party("writer", writes("1"), writes("1")),
            party("both", reads("1", writes="1"), reads("1", writes="1"), on=CACHE),
            party("second", reads("1"), reads("1")),
            party("first", reads("1"), reads("1")),
        )
    )
    assert steps(answer) == ["second", "first", "both", "writer", "migrate", "contract"]
