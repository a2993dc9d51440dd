"""The stories of `scripts/demo argocd` on a real cluster beside a real Argo CD, as test_stories.py plays those of the demo without it.

They build on one another, as commits do. What each promises is checked inside the story itself, what Argo CD must say included.
"""

from collections.abc import Iterator

import pytest

from localcluster.argocd import stop_argo_cd
from localcluster.demo import argocd_stories, stage
from localcluster.demo.argocd_stage import scene_under_argo_cd
from localcluster.demo.evidence import keep_evidence
from localcluster.demo.git_delivery import GitDelivery
from localcluster.demo.local_node import LocalNode
from localcluster.demo.narration import Narrator
from localcluster.demo.scene import Scene
from localcluster.helm import run_helm
from localcluster.testing import RunningCluster


@pytest.fixture(scope="module")
def told(node_cluster: RunningCluster) -> Iterator[tuple[Scene, GitDelivery]]:
    """The scene, and the way from Git to it; afterwards the cluster is as other tests want it."""
    platform = LocalNode(node_cluster.cluster.record.name)
    try:
        with scene_under_argo_cd(platform, narrator=Narrator()) as told:
            yield told
    finally:
        keep_evidence(platform.tools(), folder=platform.collect_logs() / "argocd-stories")
        stop_argo_cd(node_cluster.cluster)
    node_cluster.kubectl("delete", "namespace", "opencore", "argocd", "--timeout=90s")
    run_helm("uninstall", "saferollout", f"--namespace={stage.OPERATOR_NAMESPACE}", kubeconfig=node_cluster.kubeconfig)


def test_the_first_sync_takes_over_what_runs_and_restarts_nothing(told: tuple[Scene, GitDelivery]) -> None:
    argocd_stories.first_sync(*told)


def test_a_release_of_four_is_synced_at_once_and_healthy_when_the_last_one_runs(told: tuple[Scene, GitDelivery]) -> None:
    argocd_stories.released(*told)


def test_a_refused_release_is_degraded_with_its_repair_until_it_is_reverted(told: tuple[Scene, GitDelivery]) -> None:
    argocd_stories.refused(*told)


def test_a_gate_that_fails_on_what_prometheus_measured_is_degraded_with_the_reason_until_git_revert(told: tuple[Scene, GitDelivery]) -> None:
    argocd_stories.failed(*told)
