"""A user's chart with helm while no operator is at work, and when it goes: each moment is a row of docs/helm.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from localcluster.testing import RunningCluster
from tests.cluster.chart import NAMESPACE, RELEASE
from tests.cluster.processes import Operator, operator
from tests.cluster.shop import Revision
from tests.helm.helm_release import HelmRelease
from tests.helm.story import Story
from tests.helm.test_users_chart import UNREAD_WRITER, server_side_only
from tests.helm.ways_out import WAYS_OUT

HOTFIX_READER = Revision("shop:2", "events: {reads: [1, 2]}")
WAIT_BRIEFLY = ("--wait", "--timeout=3s")

pytestmark = server_side_only

Start = Callable[[], Operator]


@pytest.fixture
def start_operator(control_plane: RunningCluster, ours: HelmRelease, namespace: str, tmp_path: Path) -> Iterator[Start]:
    """Start an operator for this namespace; it may be killed and started again."""
    identity = control_plane.service_account(NAMESPACE, RELEASE)

    def run() -> AbstractContextManager[Operator]:
        return operator(
            control_plane, tmp_path, name="one", namespace=NAMESPACE, watch=namespace, kubeconfig=identity.kubeconfig, real=True, stateful_sets=False
        )  # fmt: skip

    with ExitStack() as stack:
        yield lambda: stack.enter_context(run())


def test_what_comes_while_it_is_down_is_held_and_who_waits_is_told_so(story: Story, start_operator: Start) -> None:
    running = start_operator()
    story.install()
    running.kill()
    moment = story.shows("the operator is down, with `--wait`", story.upgrade(*WAIT_BRIEFLY, reader=HOTFIX_READER))
    assert story.diary.images("reader") == {"shop:1"}
    start_operator()
    WAYS_OUT[moment.ways_out[0]](story)


def test_without_a_name_of_the_delivery_the_status_of_before_is_taken_for_the_answer(story: Story, start_operator: Start) -> None:
    running = start_operator()
    story.install(delivery=False)
    running.kill()
    moment = story.shows("the operator is down, with `--wait`, and no `delivery` in the spec", story.upgrade(*WAIT_BRIEFLY, reader=HOTFIX_READER))
    assert story.diary.images("reader") == {"shop:1"}
    start_operator()
    WAYS_OUT[moment.ways_out[0]](story)


def test_uninstalling_while_something_is_held(story: Story, start_operator: Start) -> None:
    start_operator()
    story.install()
    assert story.upgrade(writer=UNREAD_WRITER).code == 0
    story.shop.wait_for_state("Refused")
    story.shows("`helm uninstall` while the writer is held", story.release.uninstall("--wait", "--timeout=60s"))
    assert story.diary.images("writer") == {"shop:1"}


def test_uninstalling_while_it_is_down_leaves_the_safe_rollout_until_it_is_back(story: Story, start_operator: Start) -> None:
    running = start_operator()
    story.install()
    running.kill()
    assert story.upgrade(writer=UNREAD_WRITER).code == 0
    story.shows("`helm uninstall --wait` while the operator is down", story.release.uninstall(*WAIT_BRIEFLY))
    start_operator()
    story.wait("the SafeRollout is gone", lambda: not story.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts")["items"])
    said = story.install(writer=Revision("shop:1", "events: {writes: [1]}"))
    assert said.code == 0


@pytest.mark.parametrize("way", [0, 1])
def test_a_chart_that_drops_its_safe_rollout_releases_nothing(story: Story, start_operator: Start, way: int) -> None:
    start_operator()
    story.install()
    assert story.upgrade(writer=UNREAD_WRITER).code == 0
    story.shop.wait_for_state("Refused")
    moment = story.shows("the SafeRollout is taken out of the chart while the writer is held", story.upgrade(safeRollout=False))
    assert story.diary.images("writer") == {"shop:1"}
    WAYS_OUT[moment.ways_out[way]](story)
