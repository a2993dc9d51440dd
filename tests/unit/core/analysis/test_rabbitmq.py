"""What RabbitMQ tells of a queue is read as it tells it: by depths, and by counters of the whole broker."""

from collections.abc import Callable

import pytest

from saferollout.core.diagnosis.evidence import Reading, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import USERS, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

QUEUE = {
    "name": "events", "writers": ["server"],
    "topic": {
        "name": "events", "deadLetterTopic": "events-dead", "retentionSeconds": 86400, "consumerGroups": [{"group": "clients", "workload": "client"}],
    },
}  # fmt: skip
DEPTH, REJECTED, RECEIVED = "rabbitmq_detailed_queue_messages_ready", "rabbitmq_global_messages_dead_lettered_rejected_total", "rabbitmq_global_messages_received_total"


def _is_released(shop: WatchedCluster) -> bool:
    return any(is_new(revision) for _, revision in shop.pod_names("server"))


def by_depth(shop: WatchedCluster) -> None:
    for queue in ("events", "events-dead"):
        shop.count(DEPTH, 30 if _is_released(shop) else 0, queue=queue)


def by_broker(shop: WatchedCluster) -> None:
    shop.count(REJECTED, 30 if _is_released(shop) else 0)


def told(*work: Callable[[WatchedCluster], None]) -> Released:
    def once(shop: WatchedCluster) -> None:
        shop.set("rabbitmq_build_info", 1.0)
        for one in work:
            one(shop)

    return released(answers(), once=once, contracts=[USERS, QUEUE]).after(120)


def reading(shop: Released, symptom: Symptom) -> Reading:
    assert shop.told is not None
    return next(one for one in shop.told.evidence.readings if (one.symptom, one.contract) == (symptom, "events"))


def test_a_queue_that_grows_deeper_is_a_group_that_falls_behind() -> None:
    assert reading(told(by_depth), Symptom.LAG).standing is Standing.WORSE


@pytest.mark.parametrize("tells", [by_depth, by_broker])
def test_dead_letters_are_counted_by_the_depth_of_their_queue_or_by_the_broker(tells: Callable[[WatchedCluster], None]) -> None:
    dead = reading(told(tells), Symptom.DEAD_LETTERS)
    assert dead.standing is Standing.WORSE and dead.count > 1000, dead


def test_a_broker_to_which_nothing_comes_is_silent_and_one_to_which_something_comes_says_nothing_of_a_queue() -> None:
    silent = told(lambda shop: shop.count(RECEIVED, 0 if _is_released(shop) else 50))
    assert reading(silent, Symptom.TOPIC_SILENT).standing is Standing.WORSE
    busy = told(lambda shop: shop.count(RECEIVED, 50))
    assert reading(busy, Symptom.TOPIC_SILENT).standing is Standing.CANNOT_TELL
    stalls = reading(busy, Symptom.STALLED)
    assert (stalls.standing, stalls.detail) == (Standing.CANNOT_TELL, f"{RECEIVED} counts what came to all topics and queues together")
