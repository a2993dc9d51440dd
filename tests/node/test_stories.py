"""The demo's three stories on a real cluster: real pods, a real Prometheus, the operator from its chart.

They build on one another, as commits do. What each promises is checked inside the story itself, so that the demo checks it too.
"""

from collections.abc import Iterator

import pytest

from localcluster.demo import stage, stories
from localcluster.demo.evidence import keep_evidence
from localcluster.demo.local_node import LocalNode
from localcluster.demo.narration import Narrator
from localcluster.demo.performance import scene_on
from localcluster.demo.scene import Scene
from localcluster.helm import run_helm
from localcluster.testing import RunningCluster


@pytest.fixture(scope="module")
def scene(node_cluster: RunningCluster) -> Iterator[Scene]:
    platform = LocalNode(node_cluster.cluster.record.name)
    try:
        with scene_on(platform, narrator=Narrator()) as scene:
            yield scene
    finally:
        keep_evidence(platform.tools(), folder=platform.collect_logs())
    node_cluster.kubectl("delete", "namespace", "opencore", "--wait=false")
    run_helm("uninstall", "saferollout", f"--namespace={stage.OPERATOR_NAMESPACE}", kubeconfig=node_cluster.kubeconfig)


def test_four_services_are_released_readers_before_the_writer_in_batches(scene: Scene) -> None:
    stories.new_event(scene)


def test_a_release_without_a_safe_order_is_refused_and_its_revert_let_through(scene: Scene) -> None:
    stories.no_safe_order(scene)


def test_an_undeclared_change_is_stopped_at_its_first_pod_and_rolled_back(scene: Scene) -> None:
    stories.undeclared(scene)
