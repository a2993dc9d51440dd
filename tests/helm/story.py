"""A shop whose owner uses helm: at each moment helm's words, the Deployments and the SafeRollout are those of the page's row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from localcluster.testing import wait_for
from tests.cluster.shop import PATIENCE_SECONDS, PodDiary, Revision, Said, Shop
from tests.cluster.stances import stance
from tests.helm.helm_release import HelmRelease
from tests.helm.moments import Moment, moments

SERVICES = ("reader", "writer")
READER = Revision("shop:1", "events: {reads: [1]}")
WRITER = Revision("shop:1", "events: {writes: [1]}")


@dataclass
class Story:
    """`diary` has every pod that ever existed. What is set stays set, as in the values of a chart that lie in Git."""

    shop: Shop
    release: HelmRelease
    diary: PodDiary
    values: dict[str, Any] = field(default_factory=dict)

    # what its owner does

    def install(self, *flags: str, reader: Revision = READER, writer: Revision = WRITER, **values: Any) -> Said:
        """Install the shop and wait until it runs."""
        said = self.release.install(*flags, **self._set(values, reader=reader, writer=writer))
        assert said.code == 0, said.error
        self.wait("the first revisions run", lambda: self._runs() and self._state() in ("Idle", "Completed", "gone"))
        return said

    def upgrade(self, *flags: str, reader: Revision | None = None, writer: Revision | None = None, **values: Any) -> Said:
        """Upgrade to other templates and values."""
        revisions = {name: revision for name, revision in (("reader", reader), ("writer", writer)) if revision is not None}
        return self.release.upgrade(*flags, **self._set(values, **revisions))

    def _set(self, values: Mapping[str, Any], **revisions: Revision) -> dict[str, Any]:
        told = {
            f"services.{name}": {"image": revision.image, "contracts": revision.contracts, "behaviour": revision.behaviour}
            for name, revision in revisions.items()
        }
        self.values |= {**told, **values}
        return self.values

    # what everybody sees

    def shows(self, name: str, said: Said) -> Moment:
        """Expect helm's answer of a row, and wait until the rest of the row is so."""
        moment = moments()[name]
        assert (said.code == 0) is moment.succeeds, said
        assert moment.says(f"{said.out} {said.error}"), said
        self.wait(f"the moment {name!r}", lambda: self._picture() == moment.stances | {"SafeRollout": moment.state})
        return moment

    def wait(self, what: str, seen: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait; a failure shows what everybody saw at the end."""
        try:
            wait_for(what, seen, seconds=seconds)
        except pytest.fail.Exception as late:
            pytest.fail(f"{late}\n{json.dumps(self._picture(), indent=1)}\n{self.shop.say('status').out}")

    def ends(self, *, reader: str, writer: str) -> None:
        """Wait until both run these images and nothing is being released."""
        pods = {"reader": {reader: 4}, "writer": {writer: 4}}
        self.wait(
            f"all run {pods}",
            lambda: self._runs() and {name: self.shop.images(name) for name in SERVICES} == pods and self._state() in ("Idle", "Completed"),
        )

    def _picture(self) -> dict[str, str]:
        return {**{name: stance(self.shop, name) for name in SERVICES}, "SafeRollout": self._state()}

    def _runs(self) -> bool:
        return all(stance(self.shop, name) == "runs" for name in SERVICES)

    def _state(self) -> str:
        found = self.shop.read("/apis/saferollout.io/v1alpha1", "saferollouts")["items"]
        if not found:
            return "gone"
        ending = "deletionTimestamp" in found[0]["metadata"]
        return "ending" if ending else str(found[0].get("status", {}).get("summary", {}).get("state", ""))
