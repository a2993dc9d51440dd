"""Whether pods are ready, began anew, or are at their limit, from looks at what kube-state-metrics, cAdvisor and pools say of each."""

from saferollout.core.diagnosis.evidence import Against, Arm, Standing
from saferollout.core.diagnosis.finding import Cause
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import EVENTS, ROWS, USERS, answers, is_ready, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new


def _since_first_new(shop: WatchedCluster, seconds: float) -> bool:
    """Tell whether the first new pods are so old."""
    if not any(is_new(revision) for _, revision in shop.pod_names("server")):
        shop.marked = None
        return False
    shop.marked = shop.marked or shop.clock
    return (shop.clock - shop.marked).total_seconds() >= seconds  # type: ignore[operator]


def test_new_pods_that_stop_being_ready_are_worse_than_old_ones_and_named_a_plain_bug() -> None:
    told = released(answers(), is_ready(lambda shop, pod, new: not (new and _since_first_new(shop, 60)))).after(150)
    assert told.reading(Symptom.NOT_READY, Arm.NEW, Against.OTHER_ARM).standing is Standing.WORSE
    assert told.told is not None and (told.told.finding.cause, told.told.finding.workload) == (Cause.PLAIN_BUG, "server")


def test_one_new_pod_that_is_not_ready_for_long_is_no_verdict() -> None:
    told = released(answers(), is_ready(lambda shop, pod, new: not (new and pod.endswith("00000") and _since_first_new(shop, 60)))).after(400)
    assert not told.worse()


def test_a_pod_that_takes_its_time_to_start_is_not_yet_unready() -> None:
    told = released(answers(), is_ready(lambda shop, pod, new: not new or _since_first_new(shop, 90)), progressDeadlineSeconds=600).after(150)
    assert not told.worse()


def test_pods_that_are_still_not_ready_at_half_of_the_progress_deadline_are_late() -> None:
    told = released(answers(), is_ready(lambda shop, pod, new: not new), broken=True, progressDeadlineSeconds=200).after(140)
    assert told.reading(Symptom.NOT_READY, Arm.NEW, Against.OTHER_ARM).standing is Standing.WORSE


def test_old_pods_that_are_being_deleted_are_not_unready() -> None:
    def going(shop: WatchedCluster, pod: str, revision: str) -> None:
        leaves = not is_new(revision) and pod[-1] in "12345" and _since_first_new(shop, 60)
        shop.set("kube_pod_status_ready", float(not leaves), namespace="shop", pod=pod, condition="true")
        if leaves:
            shop.set("kube_pod_deletion_timestamp", 1.0, namespace="shop", pod=pod)

    assert not released(answers(), going).after(200).worse()


def test_a_readiness_that_fails_on_all_pods_at_once_is_told_against_the_time_before_and_is_no_difference_between_arms() -> None:
    told = released(answers(), is_ready(lambda shop, pod, new: not _since_first_new(shop, 60))).after(150)
    assert told.reading(Symptom.NOT_READY, Arm.ALL).standing is Standing.WORSE
    assert told.reading(Symptom.NOT_READY, Arm.NEW, Against.OTHER_ARM).standing is not Standing.WORSE


def test_restarts_are_counted_by_start_times_where_only_these_are_known() -> None:
    def restarts(shop: WatchedCluster, pod: str, revision: str) -> None:
        second = shop.clock.timestamp()  # type: ignore[union-attr]
        began = second - second % 20 if is_new(revision) else 1.0
        shop.set("container_start_time_seconds", began, namespace="shop", pod=pod, container="main")

    told = released(answers(), restarts).after(150)
    found = told.reading(Symptom.RESTARTS, Arm.NEW, Against.OTHER_ARM)
    assert found.standing is Standing.WORSE and told.reading(Symptom.RESTARTS, Arm.OLD).count == 0


def _throttled(share: float) -> float:
    return 10 * share


def test_pods_that_are_throttled_new_and_old_alike_and_slow_are_too_little_capacity() -> None:
    def throttled(shop: WatchedCluster, pod: str, revision: str) -> None:
        busy = _since_first_new(shop, 60)
        shop.count("container_cpu_cfs_throttled_periods_total", _throttled(0.6 if busy else 0.05), namespace="shop", pod=pod, container="main")

    told = released(answers(bad=lambda new: 0.005), throttled).after(200)
    assert told.reading(Symptom.SATURATED, Arm.ALL).standing is Standing.WORSE
    assert told.reading(Symptom.SATURATED, Arm.NEW, Against.OTHER_ARM).standing is not Standing.WORSE


def test_threads_that_wait_for_a_connection_are_pods_at_their_limit() -> None:
    def waits(shop: WatchedCluster, pod: str, revision: str) -> None:
        full = _since_first_new(shop, 60)
        shop.set("hikaricp_connections_pending", 3.0 if full else 0.0, namespace="shop", pod=pod, pool="main")

    told = released(answers(), waits, contracts=[USERS, ROWS]).after(200)
    assert told.reading(Symptom.SATURATED, Arm.ALL).standing is Standing.WORSE


def test_new_pods_that_are_throttled_while_they_start_are_not_at_their_limit() -> None:
    def starts(shop: WatchedCluster, pod: str, revision: str) -> None:
        busy = is_new(revision) and not _since_first_new(shop, 90)
        shop.count("container_cpu_cfs_throttled_periods_total", _throttled(0.9 if busy else 0.05), namespace="shop", pod=pod, container="main")
        shop.set("hikaricp_connections_pending", 3.0 if busy else 0.0, namespace="shop", pod=pod, pool="main")

    assert not released(answers(), starts, contracts=[USERS, ROWS]).after(300).worse()


def test_records_that_new_pods_cannot_send_are_told_among_those_that_they_send() -> None:
    def sends(shop: WatchedCluster, pod: str, revision: str) -> None:
        fails = is_new(revision) and shop.rng.random() < 0.3
        shop.count("kafka_producer_record_send_total", 2.0, namespace="shop", pod=pod)
        shop.count("kafka_producer_record_error_total", float(fails), namespace="shop", pod=pod)

    told = released(answers(), sends, contracts=[USERS, EVENTS]).after(120)
    found = told.reading(Symptom.SEND_FAILURES, Arm.NEW, Against.OTHER_ARM)
    assert found.standing is Standing.WORSE and found.value > 0.05


def test_a_new_revision_that_is_throttled_more_fails_only_if_somebody_suffers() -> None:
    def hungry(shop: WatchedCluster, pod: str, revision: str) -> None:
        shop.count("container_cpu_cfs_throttled_periods_total", _throttled(0.6 if is_new(revision) else 0.05), namespace="shop", pod=pod, container="main")

    told = released(answers(), hungry).after(400)
    assert told.reading(Symptom.SATURATED, Arm.NEW, Against.OTHER_ARM).standing is Standing.WORSE
    assert told.told is not None and told.told.finding.cause is Cause.NOTHING
