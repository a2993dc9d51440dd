"""SafeRollout's own chart with helm: upgraded in the middle of a release, and uninstalled while something is held or rolls."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcluster.helm import CHART
from localcluster.testing import RunningCluster, wait_for
from tests.cluster.chart import policies_hold
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.helm.helm_release import HelmRelease
from tests.helm.hook_pod import hook_pods
from tests.helm.operator_pods import OperatorPods, operator_pods
from tests.helm.story import READER, WRITER, Story
from tests.helm.written import batches, paces, release_ids, written

OLDER_DEFINITION = Path(__file__).parent / "data" / "older_definition.yaml"
WAIT = ("--wait", "--timeout=90s")
AT_ONCE = ("--no-hooks", "--ignore-not-found", *WAIT)
NEXT_READER, NEXT_WRITER = Revision("shop:2", "events: {reads: [1, 2]}"), Revision("shop:2", "events: {writes: [2]}")
UNREAD_WRITER = Revision("shop:9", "events: {writes: [9]}")


@pytest.fixture
def older_chart(tmp_path: Path) -> Path:
    """The chart of another version, with the definition as it was before readers elsewhere could be named."""
    folder = tmp_path / "older"
    shutil.copytree(CHART, folder)
    shutil.copy(OLDER_DEFINITION, folder / "crds-source" / "saferollouts.yaml")
    described = (folder / "Chart.yaml").read_text()
    (folder / "Chart.yaml").write_text(described.replace("0.1.0", "0.0.9"))
    return folder


@pytest.fixture
def nothing_installed(control_plane: RunningCluster, ours: HelmRelease) -> Iterator[HelmRelease]:
    """The chart is gone, and its definition kept; afterwards the chart is as other tests want it."""
    assert ours.uninstall(*AT_ONCE).code == 0
    yield ours
    assert ours.uninstall(*AT_ONCE).code == 0
    said = ours.install(*WAIT)
    assert said.code == 0, said
    wait_for("the policies hold", policies_hold(control_plane))


@pytest.fixture
def story(control_plane: RunningCluster, namespace: str, nothing_installed: HelmRelease) -> Iterator[Story]:
    """A shop whose owner uses kubectl; the release is that of our chart."""
    with PodDiary(control_plane, namespace) as diary:
        yield Story(Shop(control_plane, namespace), nothing_installed, diary)


@contextmanager
def at_work(story: Story, folder: Path) -> Iterator[OperatorPods]:
    """The chart is installed for one namespace: wait until its operators answer."""
    wait_for("the policies hold", policies_hold(story.shop.cluster, story.shop.namespace))
    with operator_pods(story.shop.cluster, folder) as pods:
        wait_for("two operators are ready", pods.are_ready, seconds=60)
        yield pods


def watching(story: Story) -> dict[str, Any]:
    return {"watchNamespaces": [story.shop.namespace]}


def objects(story: Story, *, reader: Revision, writer: Revision, bake_seconds: int = 0) -> list[dict[str, Any]]:
    batched = [{"name": "reader", "batches": ["25%", "50%"]}, {"name": "writer", "batches": ["50%"]}]
    services = [story.shop.service("reader", reader), story.shop.service("writer", writer)]
    return [story.shop.safe_rollout(*batched, bakeSeconds=bake_seconds), *services]


@contextmanager
def never_without_a_hold(story: Story) -> Iterator[None]:
    """Ask all the time whether the API server holds a new Deployment."""
    over, missed = threading.Event(), []
    holds = policies_hold(story.shop.cluster, story.shop.namespace)

    def ask() -> None:
        while not over.wait(0.05):
            if not holds():
                missed.append("a Deployment was not held")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)
    assert missed == []


def test_an_upgrade_in_the_middle_of_a_release_skips_nothing_and_repeats_nothing(story: Story, older_chart: Path, tmp_path: Path) -> None:
    older = replace(story.release, chart=older_chart)
    said = older.install(*WAIT, logLevel="debug", **watching(story))
    assert said.code == 0, said
    with ExitStack() as stack:
        pods = stack.enter_context(at_work(story, tmp_path))
        story.shop.start(*objects(story, reader=READER, writer=WRITER))
        assert "unknown field" in story.shop.patch("sro", "shop", {"spec": {"delivery": "1"}}).error
        logs = [stack.enter_context(written(story.shop.cluster, story.shop.namespace, kind, tmp_path)) for kind in ("saferollouts", "deployments")]
        before = set(pods.running)
        story.shop.apply(*objects(story, reader=NEXT_READER, writer=NEXT_WRITER, bake_seconds=3))
        story.shop.wait("the second batch of the reader bakes", lambda: "batch 2 of 3 of reader bakes" in story.shop.message())

        with never_without_a_hold(story):
            said = story.release.upgrade(*WAIT, **watching(story))
        story.shows("SafeRollout is upgraded in the middle of a release, which then ends", said)

        wait_for("the operators of before are gone", lambda: set(pods.ended) == before and pods.are_ready(), seconds=60)
        assert story.shop.patch("sro", "shop", {"spec": {"delivery": "1"}}).error == ""
        story.shop.wait_for_state("Completed")
    assert (batches(logs[0], "reader"), batches(logs[0], "writer")) == ([0, 1, 2], [0, 1])
    assert len(release_ids(logs[0])) == 1 + 1, "the first one, and the one in whose middle the chart was upgraded"
    assert_only_forward(story, logs[1])


def test_it_is_installed_and_upgraded_by_the_client_as_well(story: Story, older_chart: Path, tmp_path: Path) -> None:
    by_client = replace(story.release, server_side=False)
    said = replace(by_client, chart=older_chart).install(*WAIT, logLevel="debug", **watching(story))
    assert said.code == 0, said
    with at_work(story, tmp_path) as pods:
        story.shop.start(*objects(story, reader=READER, writer=WRITER))
        before = set(pods.running)
        assert "unknown field" in story.shop.patch("sro", "shop", {"spec": {"delivery": "1"}}).error
        with never_without_a_hold(story):
            said = by_client.upgrade(*WAIT, **watching(story))
        assert said.code == 0, said
        wait_for("the operators of before are gone", lambda: set(pods.ended) == before and pods.are_ready(), seconds=60)
        assert story.shop.patch("sro", "shop", {"spec": {"delivery": "1"}}).error == "", "the definition was upgraded with the chart"
        story.shop.apply(*objects(story, reader=NEXT_READER, writer=NEXT_WRITER))
        story.wait("the new operators release", lambda: story.shop.images("writer") == {"shop:2": 4} and story.shop.state() == "Completed")
    assert not story.diary.met("writer=shop:2", "reader=shop:1")


def assert_only_forward(story: Story, deployments: Path) -> None:
    """Expect that shares only rose, and that each pod was created once: four of each revision of each service."""
    for name in ("reader", "writer"):
        shares = paces(deployments, name, "shop:2")
        assert shares == sorted(shares) and shares, shares
        assert len({pod for pod in story.diary.pods if pod.startswith(f"{name}-")}) == 8
    assert not story.diary.met("writer=shop:2", "reader=shop:1")


def test_uninstalling_while_something_is_held_gives_it_back_and_installing_takes_it_up(story: Story, tmp_path: Path) -> None:
    assert story.release.install(*WAIT, **watching(story)).code == 0
    with at_work(story, tmp_path) as pods, hook_pods(story.shop.cluster, tmp_path) as logs:
        story.shop.start(*objects(story, reader=READER, writer=WRITER))
        story.shop.apply(story.shop.service("writer", UNREAD_WRITER))
        story.shop.wait_for_state("Refused")
        said = story.release.uninstall("--timeout=90s")
        assert f"Gave {story.shop.namespace}/writer back, paused" in logs[0], logs
        story.shows("SafeRollout is uninstalled while the writer is held", said)
        wait_for("no operator is left", lambda: not pods.running)

        said = story.release.install(*WAIT, **watching(story))
        story.shows("SafeRollout is installed again", said)
    assert story.diary.images("writer") == {"shop:1"}


def test_uninstalling_in_the_middle_of_a_roll_is_refused_until_somebody_insists(story: Story, tmp_path: Path) -> None:
    assert story.release.install(*WAIT, **watching(story)).code == 0
    with at_work(story, tmp_path) as pods, hook_pods(story.shop.cluster, tmp_path) as logs:
        story.shop.start(*objects(story, reader=READER, writer=WRITER))
        story.shop.apply(*objects(story, reader=NEXT_READER, writer=WRITER, bake_seconds=600))
        story.shop.wait("the first batch bakes", lambda: "batch 1 of 3 of reader bakes" in story.shop.message())
        story.shows("SafeRollout is uninstalled in the middle of a roll", story.release.uninstall("--timeout=90s"))
        assert "run two revisions now" in logs[0], logs
        wait_for("the operators are at work", pods.are_ready, seconds=60)

        insisting = {"uninstall.force": True, **watching(story)}
        moment = story.shows("SafeRollout is upgraded after its uninstall was refused", story.release.upgrade(*WAIT, **insisting))
        assert moment.ways_out == ("`helm rollback` to the last revision",)
        for said in (story.release.rollback(1, *WAIT), story.release.upgrade(*WAIT, **insisting)):
            assert said.code == 0, said
        wait_for("the operators are at work", pods.are_ready, seconds=60)
        story.shows("the same, with `uninstall.force=true`", story.release.uninstall("--timeout=90s"))
    assert story.shop.images("reader") == {"shop:1": 4, "shop:2": 1}
