"""How far consumer groups are behind: each by itself, and one that nobody reports is not one that has read everything."""

from saferollout.core.diagnosis.evidence import Reading, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import USERS, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster

GROUPS = [{"group": "clients", "workload": "client"}, {"group": "servers", "workload": "server"}]
EVENTS = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400, "consumerGroups": GROUPS}, "writers": ["server"]}


def lags(told: Released) -> dict[str, Reading]:
    assert told.told is not None
    return {one.workload: one for one in told.told.evidence.readings if one.symptom is Symptom.LAG}


def reported(shop: WatchedCluster, *groups: str) -> None:
    shop.set("kafka_brokers", 1.0)
    shop.count("kafka_topic_partition_current_offset", 10, topic="events", partition="0")
    for group in groups:
        shop.set("kafka_consumergroup_lag", 1.0, consumergroup=group, topic="events", partition="0")


def test_each_group_that_is_reported_is_judged_by_itself() -> None:
    told = lags(released(answers(), once=lambda shop: reported(shop, "clients", "servers"), contracts=[USERS, EVENTS]).after(60))
    assert {workload: one.standing for workload, one in told.items()} == {"client": Standing.CLEAR, "server": Standing.CLEAR}


def test_a_group_that_was_never_reported_is_not_known_to_be_well_because_another_one_is() -> None:
    told = lags(released(answers(), once=lambda shop: reported(shop, "clients"), contracts=[USERS, EVENTS]).after(60))
    assert {workload: one.standing for workload, one in told.items()} == {"client": Standing.CLEAR}


def test_of_a_group_that_is_not_reported_any_more_nothing_can_be_told() -> None:
    def once(shop: WatchedCluster) -> None:
        shop.drop("kafka_consumergroup_lag")
        reported(shop, "clients", *([] if "server2" in shop.pods("server") else ["servers"]))

    told = lags(released(answers(), once=once, contracts=[USERS, EVENTS]).after(60))
    assert {workload: one.standing for workload, one in told.items()} == {"client": Standing.CLEAR, "server": Standing.CANNOT_TELL}
    assert told["server"].detail == "no series has consumer group servers of events: see that it is spelled as the broker has it"
