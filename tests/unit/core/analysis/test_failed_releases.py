"""A fix comes soon after the release that it mends went back: the time of that one is nothing to compare the next with."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from saferollout.api.status import Release, State, Target
from saferollout.core.analysis.material import material_of
from saferollout.core.analysis.memory import Memory
from saferollout.core.analysis.schedule import BASELINE_LOOKS, schedule_of
from saferollout.core.analysis.slowness import boundary
from saferollout.core.catalogue.series import SignalName
from saferollout.core.failed_releases import failed_times
from tests.unit.core.analysis.played_releases import USERS, answer_requests, cluster, finding
from tests.unit.core.analysis.released_shop import PROFILES
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new
from tests.unit.core.little_cluster import BORN
from tests.unit.core.shop import state

ROLLED, OVER = BORN + timedelta(minutes=20), BORN + timedelta(minutes=25)


def two_formats(rng: random.Random) -> Callable[[WatchedCluster], None]:
    """Have new pods write what old ones can't read (failure mode 4): everybody misses more and writes more."""

    def works(shop: WatchedCluster) -> None:
        shop.set("redis_up", 1.0)
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))
        pods = shop.pod_names("server")
        share = sum(is_new(revision) for _, revision in pods) / max(1, len(pods))
        for pod, revision in pods:
            look_up(shop, pod, rng, foreign=1 - share if is_new(revision) else share)

    return works


def look_up(shop: WatchedCluster, pod: str, rng: random.Random, *, foreign: float) -> None:
    """Have a pod look three entries up, of which so large a share is in the other format: it misses those, and writes them anew."""
    for _ in range(3):
        missed = rng.random() < 0.03 + 0.9 * foreign
        shop.count("cache_gets_total", namespace="shop", pod=pod, cache="profiles", result="miss" if missed else "hit")
        shop.count("cache_puts_total", float(missed), namespace="shop", pod=pod, cache="profiles")


def play_until(shop: WatchedCluster, wanted: Callable[[], bool], *, seconds: int) -> None:
    for _ in range(seconds):
        if wanted():
            return
        shop.look()
        shop.now += timedelta(seconds=1)
    raise AssertionError(f"not in {seconds} s: {shop.status.summary}")


def test_what_went_wrong_once_is_named_as_soon_when_it_comes_again_a_minute_later() -> None:
    shop = cluster(two_formats(random.Random(1)), "server", "client", contracts=[USERS, PROFILES])
    took = []
    for revision in ("server2", "server-b2", "server-c2"):
        shop.apply("server", revision, None)
        shop.play_until_new_pods("server", revision)
        began = shop.now
        play_until(shop, lambda: shop.status.release is not None and shop.status.release.rollback is not None, seconds=200)
        assert (finding(shop).cause, finding(shop).certainty) == ("Mode4", "Named")
        took.append((shop.now - began).total_seconds())
        play_until(shop, lambda: state(shop) is State.ROLLED_BACK, seconds=60)
        shop.now += timedelta(seconds=60)
    assert max(took) <= min(took) + 10, took
    assert shop.status.release is not None
    assert len(shop.status.release.failed_times) == 2


def release(**fields: object) -> Release:
    times = {"id": "r", "startTime": ROLLED, "changedTime": ROLLED, "watchStartTime": ROLLED, "endTime": OVER}
    return Release.model_validate({**times, "targets": [target()], **fields})


def target(**fields: object) -> Target:
    return Target.model_validate({"workload": "reader", "fromHash": "r1", "toHash": "r2", "done": True, "rolled": True, **fields})


FAILED = {"failure": {"workload": "reader", "hash": "r2", "reason": "GateFailed", "message": "letters", "time": OVER}}


@pytest.mark.parametrize(
    ("last", "left_out"),
    [
        pytest.param(release(), False, id="it went through"),
        pytest.param(release(**FAILED), True, id="it failed"),
        pytest.param(release(rollback={"back": ["reader"], "startTime": ROLLED, "turnTime": ROLLED}), True, id="it was taken back"),
        pytest.param(release(targets=[]), True, id="all of it was reverted before it was over"),
        pytest.param(release(targets=[target(toHash="r1")]), True, id="it was led back"),
        pytest.param(release(targets=[target(done=False)]), True, id="it never came to all pods"),
        pytest.param(release(**FAILED, watchStartTime=None), False, id="it failed before any new pod ran"),
        pytest.param(release(**FAILED, endTime=None), False, id="it is not over"),
        pytest.param(None, False, id="there was none"),
    ],
)
def test_the_time_of_a_release_that_did_not_go_through_is_left_out(last: Release | None, left_out: bool) -> None:
    assert [(one.start, one.end) for one in failed_times(last, now=OVER + timedelta(minutes=1))] == [(ROLLED, OVER)] * left_out


def test_what_a_release_knew_of_is_handed_on_for_six_hours_and_no_more_than_ten_times() -> None:
    earlier = [{"start": ROLLED - timedelta(minutes=number + 1), "end": ROLLED - timedelta(minutes=number)} for number in range(12, 0, -1)]
    last = release(failedTimes=earlier[:10])
    assert failed_times(last, now=OVER) == last.failed_times
    assert [one.start for one in failed_times(release(failedTimes=earlier[:10], **FAILED), now=OVER)][-1] == ROLLED
    assert len(failed_times(release(failedTimes=earlier, **FAILED), now=OVER)) == 10
    assert failed_times(last, now=OVER + timedelta(hours=7)) == []


def looks(*spans: tuple[float, float], quiet: int = 20) -> tuple[list[int], list[int]]:
    """Return at how many looks before the first roll is looked, and for which of them nothing counts since the look before; spans in looks before it too."""
    shop = cluster(lambda shop: None, "server", contracts=[USERS | {"api": {"server": "server"}}])
    start, interval = BORN + timedelta(hours=2), timedelta(seconds=5)
    times = [{"start": start - begin * interval, "end": start - end * interval} for begin, end in spans]
    shop.status = shop.status.model_copy(update={"release": release(watchStartTime=start, endTime=None, failedTimes=times)})
    assert shop.spec.analysis.quiet_seconds == quiet
    found = schedule_of(shop.snapshot(), start + interval)
    assert found is not None
    return [round((start - at) / interval) for at in found.before], [round((start - at) / interval) for at in found.before if not found.is_before(at)]


def count_down(first: int, last: int) -> list[int]:
    return list(range(first, last - 1, -1))


def test_a_baseline_is_of_the_looks_right_before_the_first_roll() -> None:
    assert looks() == (count_down(BASELINE_LOOKS, 0), [])


def test_a_baseline_reaches_over_the_time_that_is_left_out_and_a_quiet_time_after_it() -> None:
    before, left_out = looks((20.0, 14.0))
    assert left_out == count_down(19, 10)
    assert before == count_down(BASELINE_LOOKS + 10, 0), "so that as many count as ever"


def test_nothing_is_left_out_for_a_release_that_starts_within_the_quiet_time() -> None:
    assert looks((6.5, 1.0)) == (count_down(BASELINE_LOOKS, 0), [])


def test_two_times_that_are_left_out_leave_what_lies_between() -> None:
    before, left_out = looks((60.0, 50.0), (20.0, 14.0))
    assert left_out == [*count_down(59, 46), *count_down(19, 10)]
    assert before == count_down(BASELINE_LOOKS + 14 + 10, 0)


def test_a_baseline_reaches_back_120_looks_at_most() -> None:
    before, left_out = looks((10000.0, 20.0))
    assert (before, left_out) == (count_down(16, 0), [16]), "further back nothing counts; what the first look counts from is where it all begins"
    assert looks((130.0, 24.0), (14.0, 10.0))[0][0] == 20


def test_where_hardly_anything_would_be_left_nothing_is_left_out() -> None:
    assert looks((10000.0, 15.0)) == (count_down(BASELINE_LOOKS, 0), [])


def test_a_fix_is_not_blamed_for_what_the_release_before_it_left_in_the_cache() -> None:
    """What was written in two formats is met until it expires, before its first new pod as after it."""
    foreign = [0.0]

    def works(shop: WatchedCluster) -> None:
        shop.set("redis_up", 1.0)
        answer_requests(shop, rng, bad=lambda revision: (0.002, "500"))
        pods = shop.pod_names("server")
        share = sum(revision == "server2" for _, revision in pods) / len(pods)
        foreign[0] = max(share, foreign[0] - 0.01)
        for pod, revision in pods:
            look_up(shop, pod, rng, foreign=1 - foreign[0] if revision == "server2" else foreign[0])

    rng = random.Random(1)
    shop = cluster(works, "server", "client", contracts=[USERS, PROFILES])
    shop.apply("server", "server2", None)
    play_until(shop, lambda: state(shop) is State.ROLLED_BACK, seconds=300)
    shop.apply("server", "server-b", None)
    play_until(shop, lambda: state(shop) is State.COMPLETED, seconds=600)
    assert shop.pods("server") == {"server-b": 10}


def test_what_was_usual_is_told_without_the_slow_answers_of_a_release_that_failed() -> None:
    def works(shop: WatchedCluster) -> None:
        seconds = 0.4 if any(is_new(revision) for _, revision in shop.pod_names("server")) else 0.03
        for pod, _ in shop.pod_names("server"):
            for _ in range(5):
                for edge in (0.05, 0.1, 0.25, 0.5, 1.0):
                    shop.count("http_server_requests_seconds_bucket", float(seconds <= edge), namespace="shop", pod=pod, status="200", le=str(edge))
                shop.count("http_server_requests_seconds_bucket", namespace="shop", pod=pod, status="200", le="+Inf")
                shop.count("http_server_requests_seconds_count", namespace="shop", pod=pod, status="200")

    shop = cluster(works, "server", contracts=[USERS | {"api": {"server": "server"}}], mode="DryRun")
    edges = []
    for revision in ("server2", "server-b2"):
        shop.apply("server", revision, None)
        shop.play_until_new_pods("server", revision)
        shop.now += timedelta(seconds=120)
        shop.look()
        snapshot = shop.snapshot()
        material = material_of(snapshot, shop._answers(snapshot), shop.now, Memory())
        assert material is not None
        series = material.series_for(SignalName.LATENCY, workload="server")
        assert series is not None
        edges.append(boundary(material, series, "server"))
        shop.say("rollback")
        play_until(shop, lambda: state(shop) is State.ROLLED_BACK, seconds=60)
        shop.now += timedelta(seconds=30)
    assert edges == [0.05, 0.05]
