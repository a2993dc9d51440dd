"""The command behind scripts/demo: `up` (the default) tells the three stories, `argocd` tells them under Argo CD, `down` removes everything.

A failure mode or an outage is shown on the scene of examples/opencore.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from localcluster.argocd_programs import argo_cd_programs
from localcluster.demo import argocd_stories, stories
from localcluster.demo.argocd_stage import scene_under_argo_cd
from localcluster.demo.evidence import keep_evidence
from localcluster.demo.failure import StoryFailed
from localcluster.demo.git_delivery import GitDelivery
from localcluster.demo.kind import Kind
from localcluster.demo.local_node import LocalNode
from localcluster.demo.narration import Narrator
from localcluster.demo.performance import scene_on
from localcluster.demo.platform import Platform
from localcluster.demo.scene import Scene
from localcluster.opencore import __main__ as opencore
from localcluster.opencore.measuring import MODES, OUTAGES

STORIES: tuple[Callable[[Scene], None], ...] = (stories.new_event, stories.no_safe_order, stories.undeclared)
ARGO_CD_STORIES: tuple[Callable[[Scene, GitDelivery], None], ...] = (
    argocd_stories.first_sync,
    argocd_stories.released,
    argocd_stories.refused,
    argocd_stories.failed,
)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    arguments_of = parser()
    options = arguments_of.parse_args(arguments)
    if options.kind and options.command == "argocd":
        arguments_of.error("Argo CD plays beside the node of its own only: leave out --kind")
    if options.command in (*MODES, *OUTAGES):
        return opencore.main(["up"]) or opencore.main(["show", options.command])
    platform: Platform = Kind() if options.kind else LocalNode()
    if options.command == "down":
        print("the demo's cluster is removed" if platform.remove() else "there is no demo to remove")
        return 0 if options.kind else opencore.main(["down"])
    try:
        if options.command == "argocd":
            _tell_under_argo_cd(LocalNode())
        else:
            _tell(platform)
    except (StoryFailed, RuntimeError) as failure:
        _explain(failure, platform)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what `scripts/demo` takes."""
    arguments = argparse.ArgumentParser(prog="scripts/demo", description="A real cluster, a real release, three stories.")
    arguments.add_argument(
        "command", nargs="?", choices=["up", "argocd", *MODES, *OUTAGES, "down"], default="up",
        help="tell the stories, tell them under Argo CD, show a failure mode or an outage on real Kafka, Postgres and Redis, or remove everything",
    )  # fmt: skip
    arguments.add_argument("--kind", action="store_true", help="on kind, where Docker and kind are, instead of a node of its own")
    return arguments


def _tell(platform: Platform) -> None:
    narrator = Narrator()
    narrator.title("The stage")
    platform.remove()
    with scene_on(platform, narrator=narrator) as scene:
        for story in STORIES:
            story(scene)
    _sum_up(scene, platform)


def _tell_under_argo_cd(platform: LocalNode) -> None:
    narrator = Narrator()
    narrator.title("The stage")
    platform.remove()
    with scene_under_argo_cd(platform, narrator=narrator) as (scene, delivery):
        for story in ARGO_CD_STORIES:
            story(scene, delivery)
    _sum_up_argo_cd(scene, delivery, platform)


def _sum_up(scene: Scene, platform: Platform) -> None:
    tell = scene.narrator
    tell.title(f"All three stories came out as promised, in {tell.elapsed():.0f} s")
    tell.show(
        "1  four services released in a proved order, in batches, behind gates\n"
        "2  a release that no order makes safe: refused before any pod, with the repair\n"
        "3  an undeclared change: stopped at one pod by what it did, back by itself, Git's template held\n"
        "\n"
        f"{_around(scene, platform)}"
        "Again, changed by you: edit examples/demo/git/..., kubectl apply it, watch: saferollout status --watch\n"
        "Remove all    scripts/demo down"
    )


def _sum_up_argo_cd(scene: Scene, delivery: GitDelivery, platform: LocalNode) -> None:
    tell, server = scene.narrator, delivery.application.argo.url.removeprefix("http://")
    argocd = argo_cd_programs().bin / "argocd"
    tell.title(f"All four stories came out as promised under Argo CD, in {tell.elapsed():.0f} s")
    tell.show(
        "0  the first sync: taken over by Git, no pod restarted                          Synced, Healthy\n"
        "1  four services released in a proved order, applied at once by Argo CD         Synced, Progressing, then Healthy\n"
        "2  a release that no order makes safe: refused with the repair, then reverted   Synced, Degraded, then Healthy\n"
        "3  an undeclared change: stopped by a gate, back by itself, then reverted       Synced, Degraded, then Healthy\n"
        "\n"
        f"{_around(scene, platform)}"
        f"export ARGOCD_OPTS='--server {server} --plaintext --auth-token none'\n"
        f"{argocd} app get opencore                     its web page is not part of the modules that it is built from\n"
        f"{argocd} app actions list opencore --kind SafeRollout\n"
        f"Git           {delivery.repository.clone}\n"
        "Again, changed by you: edit a file there, git commit, git push; Argo CD looks every 3 minutes, and at once with: app get opencore --hard-refresh\n"
        "Remove all    scripts/demo down"
    )


def _around(scene: Scene, platform: Platform) -> str:
    """Say how to look around, line by line."""
    return (
        f"export KUBECONFIG={scene.tools.kubeconfig}\n"
        f"{scene.tools.saferollout_program} status -n opencore            what is held, and why\n"
        f"{scene.tools.saferollout_program} explain user-service -n opencore\n"
        f"{scene.tools.kubectl_program} -n opencore get saferollout,deployment,pod\n"
        f"{scene.tools.kubectl_program} -n opencore get events --field-selector involvedObject.kind=SafeRollout\n"
        f"Prometheus    {scene.prometheus_url}\n"
        f"Logs          {platform.collect_logs()}\n"
    )


def _explain(failure: Exception, platform: Platform) -> None:
    print(f"\nThe demo FAILED: {failure}", file=sys.stderr)
    logs = platform.collect_logs()
    if platform.tools().kubeconfig.exists():
        keep_evidence(platform.tools(), folder=logs)
    print(f"The cluster is left as it is. Logs of every part, operator.log, objects.yaml and events.txt: {logs}", file=sys.stderr)
    print("Remove it: scripts/demo down", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
