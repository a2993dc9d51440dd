"""The stories under Argo CD: the demo's own, told by commits, and what Argo CD must say of them."""

from __future__ import annotations

import time

from localcluster.demo import stories
from localcluster.demo.failure import expect
from localcluster.demo.git import RUNNING
from localcluster.demo.git_delivery import GitDelivery
from localcluster.demo.kubectl import NAMESPACE
from localcluster.demo.scene import WORKLOADS, Scene, image_of, is_held, state_of


def first_sync(scene: Scene, delivery: GitDelivery) -> None:
    """Argo CD takes over what runs: the same objects, now stated by Git, with the SafeRollout beside them."""
    tell = scene.narrator
    tell.title("The first sync: Git states what runs")
    tell.say("One repository has the four Deployments and the SafeRollout; one Application applies it, with automated sync, prune and selfHeal.")
    pods = scene.history.now.identities(*WORKLOADS)
    delivery.commit((RUNNING,))
    delivery.application.create(repository=delivery.repository.url, namespace=NAMESPACE)
    delivery.expect("Synced", "Healthy", seconds=90)
    tell.show(delivery.picture())
    expect(scene.history.now.identities(*WORKLOADS) == pods, "taking over restarts no pod")
    tell.say("Checked: Synced and Healthy, and still the same pods.")


def released(scene: Scene, delivery: GitDelivery) -> None:
    """The release in a proved order: Argo CD applies all at once, and waits as long as it takes."""
    began = time.monotonic()
    stories.new_event(scene)
    delivery.expect("Synced", "Healthy")
    expect(delivery.history.said("Synced", "Progressing", since=began), "while it rolled Argo CD said Synced, Progressing")
    scene.narrator.say("Checked: Argo CD had applied everything at once and was Synced all the while; Healthy now that everything runs.")


def refused(scene: Scene, delivery: GitDelivery) -> None:
    """The release without a safe order: Argo CD shows the reason and the repair, and the revert ends it."""
    began = time.monotonic()
    stories.no_safe_order(scene)
    delivery.expect("Synced", "Healthy")
    expect(delivery.history.said("Synced", "Degraded", "Repair:", since=began), "Argo CD said Synced, Degraded, with the repair")
    scene.narrator.say("Checked: Argo CD said Synced, Degraded with the repair in the message, and Healthy once Git was reverted.")


def failed(scene: Scene, delivery: GitDelivery) -> None:
    """The undeclared change: a gate stops it on what Prometheus measured; selfHeal fights nothing; `git revert` ends it."""
    tell, began = scene.narrator, time.monotonic()
    stories.undeclared(scene)
    delivery.expect("Synced", "Degraded", "the new template of user-service stays held")
    expect(delivery.history.said("Synced", "Degraded", "rolling back", since=began), "while it went back Argo CD said so: Synced, Degraded")
    tell.show(delivery.picture())
    tell.say("Checked: Synced and Degraded while it went back and since; Git still has 2.1.0, and selfHeal has nothing to heal. Somebody reverts:")
    pods = scene.history.now.identities(*WORKLOADS)
    tell.show(delivery.revert())
    scene.follow("the revert is let through", lambda status: state_of(status) in ("Idle", "Completed"), seconds=60)
    delivery.expect("Synced", "Healthy")
    tell.show(delivery.picture())
    deployment = scene.deployment("user-service")
    expect(image_of(deployment) == "2.0.0" and not is_held(deployment), "user-service is no longer held, on 2.0.0")
    expect(scene.history.now.identities(*WORKLOADS) == pods, "the revert equals what runs, so no pod is touched")
    tell.say("Checked: Synced and Healthy again, and not one pod was touched.")
