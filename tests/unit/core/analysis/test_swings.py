"""A latency that swings, as two formats in one cache make it; and what only looks like it."""

from collections.abc import Callable

import pytest

from saferollout.core.diagnosis.evidence import Arm, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.analysis.released_shop import BUCKETS, PROFILES, USERS, PodWork, Released, answers, released
from tests.unit.core.analysis.watched_cluster import WatchedCluster, is_new

Share = Callable[[WatchedCluster, float], float]


def latency(slow: Share) -> PodWork:
    """Have a share of the answers take 0.4 s and the others 0.03 s; `slow` takes the seconds since the first new pods, below 0 before."""

    def work(shop: WatchedCluster, pod: str, revision: str) -> None:
        if shop.marked is None and any(is_new(one) for _, one in shop.pod_names("server")):
            shop.marked = shop.clock
        since = (shop.clock - shop.marked).total_seconds() if shop.marked is not None else -1.0  # type: ignore[operator]
        share = slow(shop, since)
        for _ in range(5):
            took = 0.4 if shop.rng.random() < share else 0.03
            for edge in (*BUCKETS, float("inf")):
                le = "+Inf" if edge == float("inf") else f"{edge:g}"
                shop.count("http_server_requests_seconds_bucket", float(took <= edge), namespace="shop", pod=pod, le=le)

    return work


def _played(slow: Share, seconds: float) -> Released:
    return released(answers(), latency(slow), contracts=[USERS, PROFILES]).after(seconds)


def test_a_latency_that_swings_where_misses_are_not_known_makes_two_formats_suspected() -> None:
    told = _played(lambda shop, since: 0.1 if since < 30 or int(since / 5) % 3 else 0.5, 260)
    assert told.reading(Symptom.LATENCY_SWINGS, Arm.ALL).standing is Standing.WORSE
    assert told.told is not None
    finding = told.told.finding
    assert (finding.cause, finding.certainty, finding.action, finding.workload) == (Cause.MODE_4, Certainty.SUSPECTED, Action.HOLD, "server")


@pytest.mark.parametrize(
    ("why", "slow"),
    [
        ("as ever", lambda shop, since: 0.1),
        ("as wildly as before", lambda shop, since: 0.1 if int((shop.clock.timestamp()) / 5) % 3 else 0.5),
        ("slower once, for good", lambda shop, since: 0.1 if since < 60 else 0.22),
        ("a short burst", lambda shop, since: 0.4 if 60 < since < 70 else 0.1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_swing_more_than_before_is_no_swing(why: str, slow: Share) -> None:
    told = _played(slow, 400)
    assert told.reading(Symptom.LATENCY_SWINGS, Arm.ALL).standing is not Standing.WORSE, why
