"""Releases of a consumer group: pods without partitions are well, pods that leave theirs alone are mode 3, and what nobody reports is only suspected."""

import pytest

from saferollout.api.status import Finding
from saferollout.core.diagnosis.blind_spots import blind_spots
from saferollout.core.diagnosis.evidence import Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.consumers import ASSIGNED, LAG, Group, Place, Pod, new_first, sticky
from tests.unit.core.analysis.played_releases import cluster, finding, summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def topic(name: str) -> dict[str, object]:
    groups = [{"group": "reader", "workload": "reader"}]
    return {"name": name.replace(".", "-"), "topic": {"name": name, "retentionSeconds": 86400, "deadLetterTopic": f"{name}.dlt", "consumerGroups": groups}, "writers": ["writer"]}


def released(group: Group, *, looks: int, topics: tuple[str, ...] = ("events",), replicas: int = 10) -> WatchedCluster:
    shop = cluster(group, "reader", "writer", contracts=[topic(name) for name in topics])
    if replicas != 10:
        shop.running("reader", "reader1", None, replicas=replicas)
    shop.apply("reader", "reader2", None)
    shop.play(looks=looks)
    return shop


def found(shop: WatchedCluster) -> Finding | None:
    return shop.status.release.finding if shop.status.release is not None else None


EVERY_WAY = pytest.mark.parametrize("reports", [(ASSIGNED, LAG), (ASSIGNED,), (LAG,)], ids=["which and how many", "how many", "which"])


@EVERY_WAY
def test_with_as_many_partitions_as_pods_a_healthy_release_completes(reports: tuple[str, ...]) -> None:
    shop = released(Group(partitions=10, reports=reports, assigns=new_first), looks=200)
    assert summary(shop).startswith("Completed"), (summary(shop), found(shop))
    assert not any("Found" in line for line in shop.log), shop.log


@pytest.mark.parametrize("reports", [(ASSIGNED, LAG), (ASSIGNED,), (LAG,), ()], ids=["which and how many", "how many", "which", "neither"])
def test_new_pods_that_own_no_partition_do_not_stand_still_and_have_nothing_to_show_either(reports: tuple[str, ...]) -> None:
    shop = released(Group(partitions=10, reports=reports, assigns=sticky), looks=120)
    assert found(shop) is None and "no records handled were seen" in summary(shop), (summary(shop), found(shop))
    shop.say("approve", subject="analysis", reason="they are one more than there are partitions")
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), (summary(shop), found(shop))


@EVERY_WAY
@pytest.mark.parametrize("partitions", [10, 24])
def test_new_pods_that_leave_their_own_partitions_alone_are_named_mode_3_and_go_back(reports: tuple[str, ...], partitions: int) -> None:
    shop = released(Group(partitions=partitions, stalls=("events",), reports=reports, assigns=new_first), looks=120)
    assert (finding(shop).cause, finding(shop).certainty, finding(shop).workload) == ("Mode3", "Named", "reader"), finding(shop)
    assert shop.pods("reader") == {"reader1": 10}, summary(shop)


def test_new_pods_that_report_no_lag_while_they_wait_are_known_to_own_partitions_by_their_number() -> None:
    shop = released(Group(partitions=12, stalls=("events",), assigns=new_first, tells_lag_while_waiting=False), looks=120)
    assert (finding(shop).cause, finding(shop).certainty) == ("Mode3", "Named"), finding(shop)
    assert shop.pods("reader") == {"reader1": 10}, summary(shop)


def test_a_stall_of_which_nobody_tells_who_owns_the_partitions_is_suspected_and_holds() -> None:
    shop = released(Group(stalls=("events",), reports=(), partitions=24, assigns=new_first), looks=120)
    said = finding(shop)
    assert (said.cause, said.certainty, said.action) == ("Mode3", "Suspected", "Hold"), said
    assert any("own partitions is not known" in one for one in said.doubts), said
    assert shop.pods("reader")["reader2"] > 0 and "RollbackStarted" not in " ".join(shop.log), "it stays where it is"


def test_a_pod_that_owns_only_partitions_to_which_nothing_comes_does_not_stand_still() -> None:
    for reports in ((ASSIGNED, LAG), (ASSIGNED,), (LAG,)):
        # New pods own the first ones, which are dead.
        shop = released(Group(partitions=10, dead=(0, 1), reports=reports, assigns=new_first), looks=40)
        assert found(shop) is None or found(shop).cause == "Nothing", found(shop)  # type: ignore[union-attr]


def test_where_what_came_is_counted_of_the_whole_topic_pods_that_own_dead_partitions_are_not_named() -> None:
    """That the topic grew says nothing of the one partition of a pod, and neither does how many it owns."""
    group = Group(partitions=10, dead=(0, 1), reports=(ASSIGNED,), assigns=new_first, by_partition=False)
    shop = cluster(group, "reader", "writer", contracts=[topic("events")])
    shop.apply("reader", "reader2", None)
    shop.play_until_new_pods("reader", "reader2")
    told = shop.assessed_after(120)
    assert told.finding.cause == Cause.NOTHING, told.finding


@EVERY_WAY
def test_where_what_came_is_counted_of_the_whole_topic_a_stall_is_suspected_and_holds(reports: tuple[str, ...]) -> None:
    shop = released(Group(partitions=24, stalls=("events",), reports=reports, assigns=new_first, by_partition=False), looks=120)
    said = finding(shop)
    assert (said.cause, said.certainty, said.action) == ("Mode3", "Suspected", "Hold"), said
    assert any("own partitions is not known" in one for one in said.doubts), said


@pytest.mark.parametrize("by_partition", [True, False])
def test_a_pod_that_is_known_to_own_no_partition_any_more_does_not_stand_still(by_partition: bool) -> None:
    seconds = {"with new pods": 0}

    def briefly(pods: list[Pod], places: list[Place]) -> dict[str, list[Place]]:
        """Give new pods partitions for their first 12 seconds; from then on everything belongs to the old ones again."""
        new = [name for name, revision in pods if is_new(revision)]
        seconds["with new pods"] += bool(new)
        if not new or seconds["with new pods"] < 12:
            return new_first(pods, places)
        return {**{name: [] for name in new}, **sticky([one for one in pods if one[0] not in new], places)}

    shop = released(Group(partitions=24, reports=(ASSIGNED,), assigns=briefly, by_partition=by_partition), looks=60)
    assert seconds["with new pods"] > 40
    assert found(shop) is None or found(shop).cause == "Nothing", found(shop)  # type: ignore[union-attr]


def test_while_a_group_rebalances_nobody_stands_still() -> None:
    seconds = [0]

    def restless(pods: list[Pod], places: list[Place]) -> dict[str, list[Place]]:
        seconds[0] += 1
        owned = new_first(pods, places)
        # A look is every 5 s, so what changes every second is different at each.
        return {pod: own[: 1 + seconds[0] % 2] for pod, own in owned.items()}

    shop = released(Group(partitions=24, stalls=("events",), assigns=restless), looks=60)
    assert found(shop) is None, found(shop)


TWO = ("events", "orders.placed")


def test_a_stall_of_one_of_two_topics_is_named_by_the_topic_that_the_client_reports() -> None:
    shop = released(Group(topics=TWO, stalls=("orders.placed",), assigns=new_first, partitions=12), topics=TWO, looks=120)
    assert (finding(shop).cause, finding(shop).certainty, finding(shop).contract) == ("Mode3", "Named", "orders-placed"), finding(shop)
    assert shop.pods("reader") == {"reader1": 10}


def test_a_pod_that_owns_partitions_of_another_topic_only_does_not_stand_still_on_this_one() -> None:
    def one_sided(pods: list[Pod], places: list[Place]) -> dict[str, list[Place]]:
        new = [name for name, revision in pods if is_new(revision)]
        if len(new) in (0, len(pods)):
            return sticky(pods, places)
        # Each new pod owns one partition of the first topic; all others stay with the old ones.
        return {**{name: [place] for name, place in zip(new, places, strict=False)}, **sticky([one for one in pods if one[0] not in new], places[len(new) :])}

    shop = released(Group(topics=TWO, partitions=12, assigns=one_sided), topics=TWO, looks=200)
    assert summary(shop).startswith("Completed"), (summary(shop), found(shop))
    assert not any("Found" in line for line in shop.log), shop.log


def test_of_how_many_partitions_of_several_topics_pods_own_mode_3_is_only_suspected() -> None:
    shop = released(Group(topics=TWO, stalls=TWO, reports=(ASSIGNED,), assigns=new_first, partitions=12), topics=TWO, looks=60)
    assert (finding(shop).cause, finding(shop).certainty, finding(shop).action) == ("Mode3", "Suspected", "Hold"), finding(shop)


def test_where_topics_are_not_told_apart_that_records_are_taken_does_not_show_that_all_topics_are_read() -> None:
    group = Group(topics=TWO, stalls=("orders.placed",), by_topic=False, assigns=new_first, partitions=12)
    shop = cluster(group, "reader", "writer", contracts=[topic(name) for name in TWO])
    shop.apply("reader", "reader2", None)
    shop.play_until_new_pods("reader", "reader2")
    told = shop.assessed_after(60)
    stalls = [one for one in told.evidence.readings if one.symptom is Symptom.STALLED]
    assert stalls, "it was looked for"
    assert {one.standing for one in stalls} == {Standing.CANNOT_TELL}
    why = "reader reads several topics, and its records are counted of all of them together"
    assert f"mode 3 on orders-placed can't be seen: {Symptom.STALLED.meaning} of reader are not known: {why}" in blind_spots(Scene.of(told.evidence))
