"""A shop whose truth is Git: people commit, Argo CD applies, the operator decides when; at each moment everybody is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcluster.argocd_application import Application
from localcluster.git_repository import GitRepository, file_name
from localcluster.testing import wait_for
from tests.argocd.moments import Moment, moments
from tests.cluster.processes import Operator
from tests.cluster.shop import PodDiary, Revision, Shop
from tests.cluster.stances import stance

SERVICES = ("reader", "writer")
PATIENCE_SECONDS = 60.0
_REST_SECONDS = 7.0
"""Longer than Argo CD's look at everything (5 s) and than the second after which it heals once more."""


@dataclass
class Story:
    """`diary` has every pod that ever existed; `run_operator` runs one until `stack` is left.

    `strategy` is what Git states beside templates, `waves` the sync waves of objects by name, where they have one.
    """

    shop: Shop
    application: Application
    repository: GitRepository
    diary: PodDiary
    run_operator: Callable[[], AbstractContextManager[Operator]]
    stack: ExitStack
    strategy: dict[str, Any] = field(default_factory=dict)
    waves: dict[str, int] = field(default_factory=dict)
    _operators: list[Operator] = field(default_factory=list)

    # what people do

    def begin(self, *, reader: Revision, writer: Revision, **spec: Any) -> None:
        """Commit the SafeRollout and the first revisions, and create the Application; the operator is at work."""
        self.start_operator()
        self.repository.commit("The shop", self.safe_rollout(**spec), *self.services(reader=reader, writer=writer))
        self.application.create(repository=self.repository.url, namespace=self.shop.namespace)

    def safe_rollout(self, *, bake_seconds: int = 0, batches: tuple[str, ...] = (), **spec: Any) -> dict[str, Any]:
        """Write the shop's SafeRollout; only the reader has batches, and bakes (in seconds)."""
        return self._in_its_wave(self.shop.safe_rollout({"name": "reader", "bakeSeconds": bake_seconds, "batches": list(batches)}, "writer", **spec))

    def commit(self, message: str, *objects: dict[str, Any], **revisions: Revision) -> None:
        """Commit new templates of services, and other objects, and have Argo CD apply them."""
        self.apply(self.repository.commit(message, *objects, *self.services(**revisions)))

    def change_spec(self, message: str, safe_rollout: dict[str, Any]) -> None:
        """Commit the SafeRollout alone and wait until the operator goes by it: in one commit with a template it would come after it."""
        self.commit(message, safe_rollout)
        self.wait("the operator has looked at the new spec", self._is_observed)

    def revert(self) -> None:
        """`git revert` the last commit."""
        self.apply(self.repository.revert())

    def delete_safe_rollout(self) -> None:
        """Take the SafeRollout out of Git; Argo CD prunes it."""
        self.apply(self.repository.commit("Without SafeRollout", removed=[file_name(self.shop.safe_rollout())]))

    def apply(self, commit: str) -> None:
        """Wait until Argo CD has applied a commit."""
        self.application.refresh()
        self.wait(f"Argo CD applied {commit}", lambda: self.application.is_at(commit))

    def start_operator(self) -> None:
        """Start the operator, and wait until it is ready."""
        self._operators.append(self.stack.enter_context(self.run_operator()))

    def kill_operator(self) -> None:
        """End it without a word."""
        self._operators[-1].kill()

    def _is_observed(self) -> bool:
        found = self.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts", "shop")
        return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])

    def services(self, **revisions: Revision) -> list[dict[str, Any]]:
        """Write the Deployments of services."""
        return [self._in_its_wave(self.shop.service(name, revision, **self.strategy)) for name, revision in revisions.items()]

    def _in_its_wave(self, item: dict[str, Any]) -> dict[str, Any]:
        wave = self.waves.get(item["metadata"]["name"])
        return item if wave is None else annotated(item, {"argocd.argoproj.io/sync-wave": str(wave)})

    # what everybody sees

    def shows(self, name: str) -> Moment:
        """Wait until all that the docs' row says is so at once."""
        moment = moments()[name]
        self.wait(f"the moment {name!r}", lambda: not self._differences(moment))
        return moment

    def rests(self, name: str) -> None:
        """Expect a moment, and then that nobody syncs, heals or writes; what ends by itself may end before, a loop never does."""
        moment = self.shows(name)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._is_quiet():
            assert time.monotonic() < deadline, f"somebody writes at rest: {name}"
        assert not self._differences(moment)

    def _is_quiet(self) -> bool:
        before = (self.application.syncs(), self._versions())
        time.sleep(_REST_SECONDS)
        return (self.application.syncs(), self._versions()) == before

    def wait(self, what: str, seen: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait; a failure shows what everybody saw at the end."""
        try:
            wait_for(what, seen, seconds=seconds)
        except pytest.fail.Exception as late:
            pytest.fail(f"{late}\n{json.dumps(self._picture(), indent=1, default=str)}")

    def _differences(self, moment: Moment) -> list[str]:
        picture = self._picture()
        expected: dict[str, object] = {
            "app": moment.app,
            **moment.deployments,
            "conditions": moment.conditions,
            "SafeRollout": moment.safe_rollout if moment.conditions is not None else "",
        }
        wrong = [f"{key}: {picture[key]} and not {value}" for key, value in expected.items() if picture[key] != value]
        return [*wrong, *([] if moment.says(str(picture["message"])) else [f"it says {picture['message']!r}"])]

    def _picture(self) -> dict[str, object]:
        app, objects = self.application.seen(), self.application.objects()
        ours = objects.get("SafeRollout/shop")
        conditions = self._conditions()
        return {
            "app": (app.sync, app.health),
            **{name: (stance(self.shop, name), objects[f"Deployment/{name}"].health if f"Deployment/{name}" in objects else "") for name in SERVICES},
            "SafeRollout": ours.health if ours else "",
            "conditions": conditions,
            "message": ours.message if ours and conditions is not None else "",
            "errors": self.application.status().get("conditions"),
        }

    def _conditions(self) -> frozenset[str] | None:
        found = self.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts")["items"]
        if not found:
            return None
        return frozenset(entry["type"] for entry in found[0].get("status", {}).get("conditions", ()) if entry["status"] == "True")

    def _versions(self) -> dict[str, str]:
        """Return what changes with every write to our objects, their status included."""
        kinds = (("/apis/apps/v1", "deployments"), ("/apis/saferollout.io/v1alpha1", "saferollouts"))
        items = [item for group, plural in kinds for item in self.shop.read(group, plural)["items"]]
        return {f"{item.get('kind', '')}/{item['metadata']['name']}": item["metadata"]["resourceVersion"] for item in items}


def annotated(item: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    """Return an object with annotations."""
    return {**item, "metadata": {**item["metadata"], "annotations": {**item["metadata"].get("annotations", {}), **annotations}}}
