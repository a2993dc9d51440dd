"""From nothing to a scene that stories can be told on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from localcluster.demo import prometheus, stage
from localcluster.demo.failure import StoryFailed
from localcluster.demo.git import checked_out
from localcluster.demo.narration import Narrator
from localcluster.demo.platform import Platform
from localcluster.demo.pod_history import PodHistory
from localcluster.demo.scene import PodPictures, Scene

_TRAFFIC_SECONDS = 60.0
_ENOUGH_REQUESTS = 50


@contextmanager
def scene_on(platform: Platform, *, narrator: Narrator) -> Iterator[Scene]:
    """Start the scene with its SafeRollout, changed with kubectl; watch every pod while the stories are told."""
    with running_scene(platform, narrator=narrator) as scene:
        stage.state_order(scene.tools)
        yield scene


@contextmanager
def running_scene(platform: Platform, *, narrator: Narrator) -> Iterator[Scene]:
    """Start a cluster with the services, their traffic, Prometheus and the operator, and no SafeRollout yet; watch every pod."""
    with narrator.part("everything that is needed, from the cache where it is there"):
        platform.fetch()
    with narrator.part("a cluster with a real node"):
        platform.start()
    with narrator.part("the images of the services and of the operator"):
        platform.give_images()
    tools = platform.tools()
    with narrator.part("four services as they have run for long, with traffic; Prometheus beside them"):
        stage.start_scene(tools)
        url = platform.start_metrics()
    with narrator.part("the operator, from its chart"):
        stage.install_operator(tools)
    watch = tools.kubectl_command("get", "pods", "--watch", "--output-watch-events", "--output=json")
    with PodHistory(watch, on_change=PodPictures(narrator)) as history:
        scene = Scene(
            tools=tools, prometheus_url=url, narrator=narrator, history=history, deliver=lambda commits: tools.apply(checked_out(*commits))
        )
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
