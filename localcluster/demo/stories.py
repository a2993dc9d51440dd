"""The three stories. Each tells what happens and checks it against the cluster; nothing is promised that is not checked."""

from __future__ import annotations

import time
from collections.abc import Callable

from localcluster.demo import prometheus
from localcluster.demo.failure import expect
from localcluster.demo.git import NEW_EVENT, NO_SAFE_ORDER, RUNNING, UNDECLARED
from localcluster.demo.pod_history import Moment, longest_stretch
from localcluster.demo.scene import WORKLOADS, Scene, condition, image_of, is_held, state_of

CONSUMERS = ("billing-service", "notification-service")
_BAKE_SECONDS = 6
_REPLICAS = 5


def new_event(scene: Scene) -> None:
    """Story 1: four services at once. Readers first, then the writer in batches, the gateway in its place."""
    tell = scene.narrator
    tell.title("Story 1: a release of four services, in an order that is proved")
    tell.say("One commit: user-service writes a new event (1 -> 2) and takes a new request, both consumers learn to read the event,")
    tell.say("the gateway sends the new request. Everything is applied at once, as Argo CD or Flux would.")
    began, letters = time.monotonic(), prometheus.dead_letters(scene.prometheus_url)
    before = (scene.tools.status().get("release") or {}).get("id")
    scene.sync(RUNNING, NEW_EVENT)
    scene.follow("the first reader rolls", lambda status: state_of(status) == "Progressing", seconds=30)
    scene.show_status()
    scene.follow(
        "the release of four is complete",
        lambda status: state_of(status) == "Completed" and status["release"]["id"] != before and len(status["release"]["targets"]) == 4,
        seconds=180,
    )
    scene.show_status()
    moments = scene.history.since(began)
    expect(bool(moments), "the pods were watched")
    _expect_readers_before_writer(moments)
    _expect_batches(moments)
    for workload in WORKLOADS:
        expect(set(moments[-1].versions(workload)) == {"2.0.0"}, f"every pod of {workload} is 2.0.0 at the end")
    expect(prometheus.dead_letters(scene.prometheus_url) == letters, "not one event became a dead letter")
    tell.say("Checked: no pod of the new user-service ever lived beside an old consumer, nor a new gateway beside an old user-service;")
    tell.say("user-service stood at 1 and at 3 of 5 new pods while the gates measured; 5 pods were ready all the time; no dead letter.")


def _expect_readers_before_writer(moments: list[Moment]) -> None:
    for moment in moments:
        if "2.0.0" in moment.versions("user-service"):
            for consumer in CONSUMERS:
                expect(set(moment.versions(consumer)) == {"2.0.0"}, f"no new user-service beside an old {consumer}: {moment.pods}")
        if "2.0.0" in moment.versions("gateway"):
            expect(set(moment.versions("user-service")) == {"2.0.0"}, f"no new gateway beside an old user-service: {moment.pods}")


def _expect_batches(moments: list[Moment]) -> None:
    now = time.monotonic()
    for pods in (1, 3):
        stood = longest_stretch(moments, until=now, holds=_with_new_pods(pods))
        expect(stood >= _BAKE_SECONDS - 1, f"user-service stands at {pods} new pods for its bake; it stood for {stood:.1f} s")
    fewest = min(moment.ready("user-service") for moment in moments)
    expect(fewest >= _REPLICAS, f"user-service never has fewer than {_REPLICAS} ready pods; it had {fewest}")


def _with_new_pods(count: int) -> Callable[[Moment], bool]:
    return lambda moment: moment.versions("user-service")["2.0.0"] == count


def no_safe_order(scene: Scene) -> None:
    """Story 2: a release that no order makes safe is refused, with the counter-example and the repair."""
    tell = scene.narrator
    tell.title("Story 2: a release that no order makes safe")
    tell.say(
        "The next commit: user-service writes event 3, its readers read 3 and nothing else. The goal is fine, every way to it is not:"
    )
    tell.say("whoever goes first meets what it can't live with.")
    pods = scene.history.now.identities(*WORKLOADS)
    began = time.monotonic()
    scene.sync(RUNNING, NEW_EVENT, NO_SAFE_ORDER)
    status = scene.follow("the release is refused", lambda status: state_of(status) == "Refused", seconds=30)
    scene.show_status()
    expect(condition(status, "PlanAccepted").get("status") == "False", "condition PlanAccepted is False")
    for workload in (*CONSUMERS, "user-service"):
        expect(is_held(scene.deployment(workload)), f"{workload} is held")
    time.sleep(3)
    _expect_same_pods(scene, pods, since=began)
    tell.say("Checked: held by the API server, and not one pod was touched. Git goes back to the commit before:")
    scene.sync(RUNNING, NEW_EVENT)
    scene.follow("the revert is let through", lambda status: state_of(status) in ("Idle", "Completed"), seconds=30)
    for workload in WORKLOADS:
        deployment = scene.deployment(workload)
        expect(not is_held(deployment) and image_of(deployment) == "2.0.0", f"{workload} is no longer held, on 2.0.0")
    _expect_same_pods(scene, pods, since=began)
    tell.say("Checked: equal to what runs, so nothing is held any more; still the same pods.")


def _expect_same_pods(scene: Scene, pods: frozenset[str], *, since: float) -> None:
    for moment in scene.history.since(since):
        expect(moment.identities(*WORKLOADS) == pods, f"no pod comes or goes: {moment.pods}")


def undeclared(scene: Scene) -> None:
    """Story 3: a change that nobody declared is caught by what its first pod does, and goes back by itself."""
    tell = scene.narrator
    tell.title("Story 3: a change that nobody declared")
    tell.say(
        "user-service 2.1.0 declares what 2.0.0 declared. In truth it refuses requests without a country, and renames a field of the event."
    )
    tell.say("No declaration tells; its first pod will.")
    others = ("billing-service", "notification-service", "gateway")
    began, letters = time.monotonic(), prometheus.dead_letters(scene.prometheus_url)
    pods, neighbours = scene.history.now.identities("user-service"), scene.history.now.identities(*others)
    scene.sync(RUNNING, NEW_EVENT, UNDECLARED)
    scene.follow("its first batch is stopped", lambda status: state_of(status) in ("RollingBack", "RolledBack"), seconds=60)
    scene.show_status()
    status = scene.follow("it is rolled back", lambda status: state_of(status) == "RolledBack", seconds=60)
    scene.show_status()
    moments = scene.history.since(began)
    most = max(moment.versions("user-service")["2.1.0"] for moment in moments)
    expect(most == 1, f"one pod of 2.1.0 at most; there were {most}")
    expect(moments[-1].identities("user-service") == pods, "user-service runs on the very pods it had before")
    expect(all(moment.identities(*others) == neighbours for moment in moments), "no other workload's pod came or went")
    _expect_real_evidence(scene, moments, letters=letters)
    deployment = scene.deployment("user-service")
    expect(image_of(deployment) == "2.1.0" and is_held(deployment), "Git's template 2.1.0 stays in the Deployment, held")
    failure = status["release"]["failure"]
    expect(failure["gate"] in ("users-4xx", "dead-letters"), f"a gate of this story stopped it; it was {failure}")
    tell.say(
        f"Checked: stopped at 1 of {_REPLICAS} pods by the gate {failure['gate']}, back on the same {_REPLICAS} pods; Git's 2.1.0 is held until it changes."
    )


def _expect_real_evidence(scene: Scene, moments: list[Moment], *, letters: float) -> None:
    (bad,) = {pod.name for moment in moments for pod in moment.pods if pod.version == "2.1.0"}
    refused = prometheus.answered(scene.prometheus_url, pod=bad, status="4..")
    total = prometheus.answered(scene.prometheus_url, pod=bad)
    came = prometheus.dead_letters(scene.prometheus_url) - letters
    scene.narrator.say(f"Prometheus: {bad} answered {refused:.0f} of {total:.0f} requests with 4xx; {came:.0f} events became dead letters.")
    expect(refused > 0 and came > 0, "both the 4xx and the dead letters rose in Prometheus")
