"""The command behind scripts/demo: `up` (the default) tells the three stories, `down` removes everything."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from localcluster.cluster import find_cluster
from localcluster.demo import prometheus, stage, stories
from localcluster.demo.failure import StoryFailed
from localcluster.demo.narration import Narrator
from localcluster.demo.pod_history import PodHistory
from localcluster.demo.scene import PodPictures, Scene
from localcluster.lifecycle import down

_TRAFFIC_SECONDS = 60.0
STORIES: tuple[Callable[[Scene], None], ...] = (stories.new_event, stories.no_safe_order, stories.undeclared)


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="A real cluster, a real release, three stories.")
    parser.add_argument("command", nargs="?", choices=["up", "down"], default="up", help="tell the stories, or remove everything")
    if parser.parse_args(arguments).command == "down":
        print("the demo's cluster is removed" if down(stage.CLUSTER_NAME) else "there is no demo to remove")
        return 0
    narrator = Narrator()
    try:
        _tell(narrator)
    except StoryFailed as failure:
        print(f"\nThe demo FAILED: {failure}", file=sys.stderr)
        print(f"The cluster is left as it is: {_where_to_look()}\nRemove it: scripts/demo down", file=sys.stderr)
        return 1
    return 0


def _tell(narrator: Narrator) -> None:
    narrator.title("The stage")
    down(stage.CLUSTER_NAME)
    with narrator.part("everything that is needed, from the cache where it is there"):
        images = stage.fetch()
    with narrator.part("a cluster with a real node, and the images on it"):
        cluster = stage.start_cluster(images)
    tools = stage.tools_for(cluster)
    with narrator.part("four services with traffic, as they have run for long; Prometheus beside them"):
        stage.start_scene(tools)
        url = stage.start_metrics(cluster)
    with narrator.part("the operator, from its chart"):
        stage.install_operator(tools)
    watch = tools.kubectl_command("get", "pods", "--watch", "--output-watch-events", "--output=json")
    with PodHistory(watch, on_change=PodPictures(narrator)) as history:
        stage.wait_for_scene(tools)
        scene = Scene(tools=tools, prometheus_url=url, narrator=narrator, history=history)
        wait_for_traffic(scene)
        for story in STORIES:
            story(scene)
    _sum_up(scene)


def wait_for_traffic(scene: Scene) -> None:
    """Wait until Prometheus has seen requests at the gateway."""
    deadline = time.monotonic() + _TRAFFIC_SECONDS
    with scene.narrator.part("traffic in Prometheus"):
        while prometheus.answered(scene.prometheus_url, pod="gateway-.*", status="201") < 50:
            if time.monotonic() > deadline:
                raise StoryFailed(f"no traffic at the gateway within {_TRAFFIC_SECONDS:.0f} s")
            time.sleep(0.5)


def _sum_up(scene: Scene) -> None:
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
        f"Logs          {_where_to_look()}\n"
        "Again, changed by you: edit examples/demo/git/..., kubectl apply it, watch: saferollout status --watch\n"
        "Remove all    scripts/demo down"
    )


def _where_to_look() -> str:
    return f"logs of every part in {find_cluster(stage.CLUSTER_NAME).folder.logs}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
