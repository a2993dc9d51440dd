"""From a running cluster to a scene that stories can be told on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from localcluster.cluster import Cluster
from localcluster.demo import prometheus, stage
from localcluster.demo.failure import StoryFailed
from localcluster.demo.narration import Narrator
from localcluster.demo.pod_history import PodHistory
from localcluster.demo.scene import PodPictures, Scene
from localcluster.images import Image

_TRAFFIC_SECONDS = 60.0
_ENOUGH_REQUESTS = 50


@contextmanager
def scene_on(cluster: Cluster, images: list[Image], *, narrator: Narrator) -> Iterator[Scene]:
    """Bring the services, their traffic, Prometheus and the operator to the cluster; watch every pod while the stories are told."""
    tools = stage.tools_for(cluster)
    with narrator.part("the images of four services and of the operator"):
        stage.give_images(cluster, images)
    with narrator.part("four services as they have run for long, with traffic; Prometheus beside them"):
        stage.start_scene(tools)
        url = stage.start_metrics(cluster)
    with narrator.part("the operator, from its chart"):
        stage.install_operator(tools)
    watch = tools.kubectl_command("get", "pods", "--watch", "--output-watch-events", "--output=json")
    with PodHistory(watch, on_change=PodPictures(narrator)) as history:
        scene = Scene(tools=tools, prometheus_url=url, narrator=narrator, history=history)
        stage.wait_for_scene(tools)
        _wait_for_traffic(scene)
        yield scene


def _wait_for_traffic(scene: Scene) -> None:
    deadline = time.monotonic() + _TRAFFIC_SECONDS
    with scene.narrator.part("traffic in Prometheus"):
        while prometheus.answered(scene.prometheus_url, pod="gateway-.*", status="201") < _ENOUGH_REQUESTS:
            if time.monotonic() > deadline:
                raise StoryFailed(f"no traffic at the gateway within {_TRAFFIC_SECONDS:.0f} s")
            time.sleep(0.5)
