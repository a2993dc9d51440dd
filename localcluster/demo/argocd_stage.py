"""The scene with Argo CD beside the cluster: from here on nobody types kubectl apply, people commit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from localcluster.argocd import start_argo_cd
from localcluster.argocd_application import Application, Mode
from localcluster.argocd_objects import NAMESPACE as ARGO_CD_NAMESPACE
from localcluster.argocd_objects import kubectl
from localcluster.argocd_programs import ensure_argo_cd
from localcluster.cluster import Cluster, find_cluster
from localcluster.demo.application_history import ApplicationHistory, Verdict
from localcluster.demo.git_delivery import GitDelivery, sentence_of, shortened
from localcluster.demo.local_node import LocalNode
from localcluster.demo.narration import Narrator
from localcluster.demo.performance import running_scene
from localcluster.demo.scene import Scene
from localcluster.git_repository import create_repository
from localcluster.helm import CHART, run_helm

APPLICATION = "opencore"
_MODE = Mode(annotations={"argocd.argoproj.io/compare-options": "ServerSideDiff=true"})
"""As docs/argocd.md recommends where Git states the strategy, as the demo's does."""


@contextmanager
def scene_under_argo_cd(platform: LocalNode, *, narrator: Narrator) -> Iterator[tuple[Scene, GitDelivery]]:
    """Start the scene without a SafeRollout and Argo CD beside it, with an empty repository and an Application to be."""
    with narrator.part("Argo CD's programs, from the cache where they are there"):
        ensure_argo_cd()
    with running_scene(platform, narrator=narrator) as scene:
        cluster = find_cluster(platform.name)
        with narrator.part("Argo CD beside the cluster, told by the chart what a SafeRollout's health is"):
            _tell_argo_cd(cluster)
            argo = start_argo_cd(cluster, settings={})
        application = Application(argo, name=APPLICATION, mode=_MODE)
        repository = create_repository(cluster.folder.root / "git")
        with _history(scene, application) as history:
            delivery = GitDelivery(repository, application, history)
            yield dataclasses.replace(scene, deliver=delivery.deliver), delivery


def _tell_argo_cd(cluster: Cluster) -> None:
    """Apply the chart's piece of argocd-cm with the two commands of docs/argocd.md."""
    cluster.api().create_once("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ARGO_CD_NAMESPACE}})
    piece = run_helm("template", "saferollout", str(CHART), "--set", "argocd.snippet=true", "--show-only", "templates/argocd-cm.yaml")
    options = ("--server-side", "--field-manager=saferollout-argocd", "--namespace", ARGO_CD_NAMESPACE, "--filename=-")
    kubectl(cluster, "apply", *options, text=piece)


def _history(scene: Scene, application: Application) -> ApplicationHistory:
    options = (f"--namespace={ARGO_CD_NAMESPACE}", "--watch", "--output-watch-events", "--output=json")
    command = scene.tools.kubectl_command("get", "applications.argoproj.io", *options)

    def tell(verdict: Verdict) -> None:
        scene.narrator.say(f"  Argo CD: {verdict.sync}, {verdict.health}  {shortened(verdict.sentence)}".rstrip())

    return ApplicationHistory(command, sentence=lambda: sentence_of(application), on_change=tell)


