"""The command behind scripts/demo: `up` (the default) tells the three stories, `down` removes everything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from localcluster.demo import stories
from localcluster.demo.evidence import keep_evidence
from localcluster.demo.failure import StoryFailed
from localcluster.demo.kind import Kind
from localcluster.demo.local_node import LocalNode
from localcluster.demo.narration import Narrator
from localcluster.demo.performance import scene_on
from localcluster.demo.platform import Platform
from localcluster.demo.scene import Scene

STORIES: tuple[Callable[[Scene], None], ...] = (stories.new_event, stories.no_safe_order, stories.undeclared)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    platform: Platform = Kind() if options.kind else LocalNode()
    if options.command == "down":
        print("the demo's cluster is removed" if platform.remove() else "there is no demo to remove")
        return 0
    try:
        _tell(platform)
    except (StoryFailed, RuntimeError) as failure:
        _explain(failure, platform)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what `scripts/demo` takes."""
    arguments = argparse.ArgumentParser(prog="scripts/demo", description="A real cluster, a real release, three stories.")
    arguments.add_argument("command", nargs="?", choices=["up", "down"], default="up", help="tell the stories, or remove everything")
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


def _sum_up(scene: Scene, platform: Platform) -> None:
    tell = scene.narrator
    tell.title(f"All three stories came out as promised, in {tell.elapsed():.0f} s")
    tell.show(
        "1  four services released in a proved order, in batches, behind gates\n"
        "2  a release that no order makes safe: refused before any pod, with the repair\n"
        "3  an undeclared change: stopped at one pod by what it did, back by itself, Git's template held\n"
        "\n"
        f"export KUBECONFIG={scene.tools.kubeconfig}\n"
        f"{scene.tools.saferollout_program} status -n opencore            what is held, and why\n"
        f"{scene.tools.saferollout_program} explain user-service -n opencore\n"
        f"{scene.tools.kubectl_program} -n opencore get saferollout,deployment,pod\n"
        f"{scene.tools.kubectl_program} -n opencore get events --field-selector involvedObject.kind=SafeRollout\n"
        f"Prometheus    {scene.prometheus_url}\n"
        f"Logs          {platform.collect_logs()}\n"
        "Again, changed by you: edit examples/demo/git/..., kubectl apply it, watch: saferollout status --watch\n"
        "Remove all    scripts/demo down"
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
