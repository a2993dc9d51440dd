"""Raw counters read from a real Prometheus: pods that are born, restart and vanish, and looks that fail."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from localcluster.prometheus import Prometheus, Target, standalone_prometheus
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Key, Series, SignalName
from saferollout.core.counting import Interval, Remark, among
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.measuring import measure
from saferollout.shell.prometheus import Endpoint, PrometheusClient
from tests.cluster.scraped import Exposed, serving
from tests.cluster.test_prometheus import COUNT
from tests.unit.core.counted import intervals_for, of_arm

OLD, NEW = "web-1-aaaaa", "web-2-bbbbb"
PODS = ("web-1-[a-z0-9]{5}", "web-2-[a-z0-9]{5}")


class Looking:
    """Takes looks at the requests of two pods, each when it shows what a test waits for."""

    def __init__(self, prometheus: Prometheus, pods: dict[str, Exposed]) -> None:
        self.prometheus, self.pods = prometheus, pods
        self.looks: list[Measurement] = []
        self._client = PrometheusClient(Endpoint(url=prometheus.url))
        self._query = query_of(requests(), about=About(namespace="shop", labels=Labels(), pods=PODS))

    def scrape(self, *names: str) -> None:
        self.prometheus.set_targets([Target(self.pods[name].address, {"namespace": "shop", "pod": name}) for name in names])

    def serve(self, pod: str, **by_status: int) -> None:
        for status, count in by_status.items():
            self.pods[pod].set(COUNT, count, status=status.removeprefix("s"), uri="/a")

    def look(self, *, longest_age: float = 100.0) -> Measurement:
        at = datetime.now(UTC)
        return measure(self._query, at=at, ask=partial(self._client.ask, at=at), longest_age=longest_age)

    def look_when(self, **values: float) -> None:
        """Look until a sum by pod and status is as it should be, and keep that look; "web_1_aaaaa_200"."""
        deadline = time.monotonic() + 30
        while True:
            measured = self.look()
            found = {f"{dict(one.labels)['pod'].replace('-', '_')}_{dict(one.labels)['status']}": one.value for one in measured.samples}
            if found == values:
                self.looks.append(measured)
                return
            assert time.monotonic() < deadline, (found, measured.outcome, measured.detail)
            time.sleep(0.2)

    def counted(self) -> list[Interval]:
        return list(intervals_for(requests(), self.looks))


def requests() -> Series:
    return BUILT_IN.of(SignalName.HTTP_SERVER)[0]


def grown(interval: Interval) -> dict[str, float]:
    return {f"{pod} {dict(key)['status']}": count for pod, keys in interval.grown.items() for key, count in keys.items()}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Looking]:
    with serving() as old, serving() as new, standalone_prometheus(tmp_path / "prometheus") as prometheus:
        yield Looking(prometheus, {OLD: old, NEW: new})


def test_a_pod_is_born_restarts_and_vanishes(scene: Looking) -> None:
    scene.serve(OLD, s200=100, s500=1)
    scene.scrape(OLD)
    scene.look_when(web_1_aaaaa_200=100, web_1_aaaaa_500=1)

    scene.serve(NEW, s200=4, s500=6)
    scene.serve(OLD, s200=130)
    scene.scrape(OLD, NEW)
    scene.look_when(web_1_aaaaa_200=130, web_1_aaaaa_500=1, web_2_bbbbb_200=4, web_2_bbbbb_500=6)

    scene.serve(OLD, s200=7, s500=0)
    scene.look_when(web_1_aaaaa_200=7, web_1_aaaaa_500=0, web_2_bbbbb_200=4, web_2_bbbbb_500=6)

    scene.serve(NEW, s200=10)
    scene.scrape(NEW)
    scene.look_when(web_2_bbbbb_200=10, web_2_bbbbb_500=6)

    born, restarted, vanished = scene.counted()
    assert grown(born) == {f"{OLD} 200": 30, f"{OLD} 500": 0, f"{NEW} 200": 4, f"{NEW} 500": 6}
    assert born.remarks == {NEW: Remark.BORN}
    assert grown(restarted) == {f"{OLD} 200": 7, f"{OLD} 500": 0, f"{NEW} 200": 0, f"{NEW} 500": 0}
    assert restarted.remarks == {OLD: Remark.RESTARTED}
    assert grown(vanished) == {f"{NEW} 200": 6, f"{NEW} 500": 0}
    assert vanished.remarks == {OLD: Remark.MISSING}

    new, old = (of_arm(born, among(pods), bad=lambda key: dict(key)["status"] == "500") for pods in (PODS[1:], PODS[:1]))
    assert (new, old) == ((6, 10), (0, 30))


def test_a_look_at_old_samples_is_stale_and_makes_no_interval(scene: Looking) -> None:
    scene.serve(OLD, s200=100)
    scene.scrape(OLD)
    scene.look_when(web_1_aaaaa_200=100)
    stale = scene.look(longest_age=0.0)
    assert (stale.outcome, len(stale.samples)) == (Outcome.STALE, 0)
    scene.serve(OLD, s200=110)
    scene.looks.append(stale)
    scene.look_when(web_1_aaaaa_200=110)
    [only] = scene.counted()
    assert (only.start, grown(only)) == (scene.looks[0].at, {f"{OLD} 200": 10})


def test_series_without_the_status_are_neither_good_nor_bad(scene: Looking) -> None:
    scene.serve(OLD, s200=100)
    scene.pods[NEW].set(COUNT, 100, uri="/a")
    scene.scrape(OLD, NEW)
    scene.look_when(web_1_aaaaa_200=100)
    at = datetime.now(UTC)
    both = query_of(replace(requests(), keys=(Key("status", optional=True),)), about=About(namespace="shop", labels=Labels(), pods=PODS))
    deadline = time.monotonic() + 30
    while len(measure(both, at=at, ask=partial(scene._client.ask, at=at), longest_age=100).samples) < 2:
        assert time.monotonic() < deadline, "where the label may be missing both pods are read"
        time.sleep(0.2)
        at = datetime.now(UTC)
    assert {dict(one.labels)["pod"] for one in scene.look().samples} == {OLD}


def test_pods_of_another_namespace_or_workload_are_not_counted(scene: Looking) -> None:
    scene.serve(OLD, s200=100)
    scene.serve(NEW, s200=100)
    old, new = scene.pods[OLD].address, scene.pods[NEW].address
    scene.prometheus.set_targets([Target(old, {"namespace": "shop", "pod": OLD}), Target(new, {"namespace": "other", "pod": NEW})])
    scene.look_when(web_1_aaaaa_200=100)


def test_a_prometheus_that_lost_its_history_makes_no_window_and_no_flood(tmp_path: Path) -> None:
    with serving() as old:
        with standalone_prometheus(tmp_path / "first") as first:
            before = Looking(first, {OLD: old})
            before.serve(OLD, s200=1000, s500=20)
            before.scrape(OLD)
            before.look_when(web_1_aaaaa_200=1000, web_1_aaaaa_500=20)
        with standalone_prometheus(tmp_path / "second") as second:
            after = Looking(second, {OLD: old})
            empty = after.look()
            assert empty.outcome is Outcome.NO_DATA
            after.looks += [before.looks[0], empty]
            after.serve(OLD, s200=1004, s500=21)
            after.scrape(OLD)
            after.look_when(web_1_aaaaa_200=1004, web_1_aaaaa_500=21)
    [only] = after.counted()
    assert (only.start, grown(only), only.remarks) == (before.looks[0].at, {f"{OLD} 200": 4, f"{OLD} 500": 1}, {})
    forgetful = list(intervals_for(requests(), after.looks[1:]))
    assert forgetful == [], "an operator that restarted too has nothing to compare with"
