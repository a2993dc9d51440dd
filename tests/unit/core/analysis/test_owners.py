"""Whose pods are whose."""

from datetime import UTC, datetime, timedelta

from saferollout.core.analysis.owners import Owners, split_interval, split_look
from saferollout.core.counting import Interval, Look, Remark

START = datetime(2026, 1, 1, tzinfo=UTC)
OWNERS = Owners.of({"a": lambda pod: pod.startswith("a"), "b": lambda pod: pod.startswith("b")})
ONE = {(("status", "200"),): 1.0}


def test_everybody_gets_its_own_pods_with_what_is_to_be_known_of_them_and_nobody_the_pods_of_none() -> None:
    interval = Interval(START, START + timedelta(seconds=15), grown={"a1": ONE, "b1": ONE, "c1": ONE}, remarks={"b1": Remark.BORN})
    split = split_interval(interval, OWNERS)
    assert {name: (found.grown, found.remarks) for name, found in split.items()} == {"a": ({"a1": ONE}, {}), "b": ({"b1": ONE}, {"b1": Remark.BORN})}


def test_a_look_at_which_a_workload_had_no_pods_stays_a_look() -> None:
    look = Look(START, {"a1": {"": ONE}})
    assert split_look(look, OWNERS) == {"a": look, "b": Look(START, {})}
