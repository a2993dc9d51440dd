"""The bench of the diagnosis: a small run of it, and that its score can tell good from bad."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from bench.diagnosis.playing import Ending, play
from bench.diagnosis.scoring import endings_of, precision, recall, rows_of, wrongly_named
from bench.diagnosis.worlds import WORLDS, World, mode_2, plain_bug
from saferollout.core.diagnosis.finding import Cause, Certainty

SEED = 26


@pytest.fixture(scope="module")
def endings() -> list[Ending]:
    return endings_of(1, seed=SEED)


def test_no_world_gets_the_name_of_another_cause(endings: list[Ending]) -> None:
    assert len(endings) == len(WORLDS)
    assert wrongly_named(endings) == []


def test_every_cause_that_can_be_seen_is_named(endings: list[Ending]) -> None:
    seen = [one for one in endings if one.seen and one.cause is not Cause.NOTHING]
    assert len(seen) > 5
    assert all(one.named is one.cause for one in seen)


def test_the_same_seed_gives_the_same_endings(endings: list[Ending]) -> None:
    random = Random(f"{SEED}/1/0")
    assert play(mode_2(random), random, missing=0.08).finding == endings[1].finding


def test_a_name_that_is_wrong_costs_precision_and_one_that_is_not_given_costs_recall() -> None:
    right = played(mode_2)
    named_bug = replace(right, finding=replace(right.finding, cause=Cause.PLAIN_BUG))
    suspected = replace(right, finding=replace(right.finding, certainty=Certainty.SUSPECTED))
    assert right.named is Cause.MODE_2
    assert (precision([right], Cause.MODE_2), recall([right], Cause.MODE_2)) == (1.0, 1.0)
    assert precision([played(plain_bug), named_bug], Cause.PLAIN_BUG) == 0.5
    assert recall([right, suspected, named_bug], Cause.MODE_2) == pytest.approx(1 / 3)
    assert wrongly_named([right, suspected, named_bug]) == [named_bug]


def test_the_table_says_where_a_number_misses_what_was_wanted() -> None:
    right = played(mode_2)
    blind_and_wrong = replace(right, seen=False, finding=replace(right.finding, cause=Cause.PLAIN_BUG))
    table = rows_of([right, blind_and_wrong], seed=SEED)
    assert [row.kept for row in table] == [True, True, False]


def played(draw: Callable[[Random], World]) -> Ending:
    random = Random(1)
    return play(draw(random), random, missing=0.0)
