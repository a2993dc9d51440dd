"""Of which revision a pod was that keeps its name: what each interval between two looks says, and what is nobody's."""

from datetime import UTC, datetime, timedelta

import pytest

from saferollout.core.analysis.births import Births
from saferollout.core.analysis.incarnations import Incarnations, Sides, incarnations_of
from saferollout.core.analysis.material import Material, material_of
from saferollout.core.analysis.memory import Memory
from saferollout.core.catalogue.series import SignalName
from saferollout.core.counting import Remark
from saferollout.core.statistics.windows import PodCounts, Window
from tests.unit.core.analysis.stateful_cluster import StatefulCluster, answers, ledger

START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


KNOWN = Incarnations(
    made={"new": at(100), "back": at(100), "there": at(-1000)}, new=frozenset({"new"}), first_until={"new": at(90), "back": at(40), "going": at(90)}
)


@pytest.mark.parametrize(
    ("pod", "start", "end", "is_new"),
    [
        ("new", 100, 115, True),
        ("new", 300, 315, True),
        ("new", 90, 105, None),  # made in between
        ("new", 85, 100, None),  # the process from before the roll was seen last at 90
        ("new", 75, 90, False),
        ("back", 100, 115, False),  # it went back: the pod that is there now is of the old revision
        ("back", 90, 105, None),
        ("back", 45, 60, None),  # may have been a new pod's
        ("back", 25, 40, False),
        ("there", 0, 15, False),
        ("going", 75, 90, False),  # on its way out, or its revision is not known
        ("going", 90, 105, None),
        ("never seen", 0, 15, None),
    ],
)
def test_an_interval_is_a_new_pods_an_old_pods_or_nobodys(pod: str, start: float, end: float, is_new: bool | None) -> None:
    assert KNOWN.is_new(pod, at(start), at(end)) is is_new


def test_sides_add_up_to_a_window() -> None:
    sides = Sides(new=PodCounts(at=at(15), pods={"a": (1, 10), "b": (2, 20)}), old=PodCounts(at=at(15), pods={}))
    assert sides.window == Window(at=at(15), new_events=3, new_total=30, old_events=0, old_total=0)


def test_births_are_told_to_the_looks_that_may_see_them_first() -> None:
    births = Births(((at(0), "a"), (at(700), "b"), (at(705), "c"), (at(2000), "d")))
    assert [pod for _, pod in births.between(at(690), at(705))] == ["b", "c"]
    assert [pod for _, pod in births.between(at(590), at(705))] == ["a", "b", "c"], "a pod may take minutes until it is scraped"


def material(shop: StatefulCluster) -> Material:
    snapshot = shop.snapshot()
    found = material_of(snapshot, shop._answers(snapshot), shop.now, Memory())
    assert found is not None
    return found


def rolled(*, rate: float = 1.0, looks: int = 30, batches: tuple[str, ...] = ("10%",)) -> StatefulCluster:
    shop = ledger(answers(lambda new: rate if new else 1.0), analysis={"mode": "DryRun"}, bakeSeconds=600, batches=batches)
    shop.play(looks=looks)
    return shop


def test_a_quick_pod_in_the_place_of_another_has_begun_anew_by_however_little_its_counters_fell() -> None:
    shop = rolled(rate=60.0)
    found = material(shop)
    [series] = [line.found.series for line in found.lines if line.found.signal is SignalName.HTTP_SERVER and line.workload == "ledger"]
    assert series is not None
    remarks = [one for one in found.intervals(series, workload="ledger") if "ledger-9" in one.remarks]
    assert [one.remarks["ledger-9"] for one in remarks] == [Remark.RESTARTED]
    counted = sum(remarks[0].grown["ledger-9"].values())
    assert counted > 130, "more than half of what the old pod had counted: without its birth nobody could tell that it began anew"


def test_pods_whose_names_tell_their_revision_have_no_incarnations() -> None:
    shop = rolled()
    assert incarnations_of(material(shop), "client") is None
    assert incarnations_of(material(shop), "ledger") is not None


def test_where_there_were_new_pods_before_the_first_roll_the_past_of_others_is_nobodys() -> None:
    shop = rolled(batches=("50%",))
    [release] = [shop.status.release]
    assert release is not None and release.watch_start_time is not None
    first = incarnations_of(material(shop), "ledger")
    assert first is not None and set(first.first_until) == {f"ledger-{ordinal}" for ordinal in range(5, 10)}
    revision, pod = shop.natives["ledger"].pods[9]
    pod.born = shop.lived["ledger-9"] = release.watch_start_time - timedelta(seconds=30)
    shop.play(looks=1)
    early = incarnations_of(material(shop), "ledger")
    assert early is not None and revision == "ledger2" and not early.first_until
    assert early.is_new("ledger-0", release.watch_start_time, shop.now) is False, "an old pod that is there since is known by itself"


def test_a_pod_that_was_missing_in_a_look_is_not_known_to_be_the_same_when_it_is_replaced() -> None:
    shop = rolled(looks=15)
    gone = shop.now
    shop.play(looks=20)
    for second in [one for one in shop.history if gone <= one <= gone + timedelta(seconds=6)]:
        shop.history[second] = {key: value for key, value in shop.history[second].items() if dict(key[1]).get("pod") != "ledger-3"}
    shop.past.clear()
    for pod in ("ledger-3", "ledger-4"):
        shop.evict(pod)
    evicted = shop.now
    shop.play(looks=10)
    found = incarnations_of(material(shop), "ledger")
    assert found is not None and set(found.first_until) == {"ledger-3", "ledger-4", "ledger-9"}
    assert found.first_until["ledger-3"] < gone < evicted - timedelta(seconds=6) < found.first_until["ledger-4"] <= evicted


def test_what_is_known_of_pods_changes_only_when_one_is_replaced_so_that_a_look_costs_only_what_is_new() -> None:
    shop = rolled(looks=25)
    first = incarnations_of(material(shop), "ledger")
    shop.play(looks=20)
    second = incarnations_of(material(shop), "ledger")
    assert first is not None and second is not None and first.key == second.key
