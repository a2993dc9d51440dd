"""The table of docs/readiness.md: each row is a moment, and what readers of status are told then. The tests check these very rows."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

import pytest

from localcluster.kstatus import readiness
from localcluster.paths import CHECKOUT
from localcluster.testing import wait_for
from tests.cluster.shop import PATIENCE_SECONDS, Shop
from tests.cluster.stances import stance
from tests.page_table import rows_of

PAGE = CHECKOUT / "docs" / "readiness.md"
COLUMNS = ("moment", "`reader`", "`writer`", "SafeRollout", "`kubectl wait` for")
_DEPLOYMENT = ("apps/v1", "Deployment", "deployments")
_SAFE_ROLLOUT = ("saferollout.io/v1alpha1", "SafeRollout", "saferollouts")


@dataclass(frozen=True, slots=True)
class Moment:
    """One row. `picture`: what each object does and what kstatus says of it; `ends`: the condition for which `kubectl wait` returns, or `neither`."""

    name: str
    picture: dict[str, str]
    ends: str

    @property
    def state(self) -> str:
        """The SafeRollout's `summary.state`; empty where it has none."""
        return self.picture["SafeRollout"].partition(",")[0].strip(" -")


@functools.cache
def moments() -> dict[str, Moment]:
    """Read the table by the names of its moments."""
    rows = rows_of(PAGE, *COLUMNS)
    return {row[0]: Moment(row[0], dict(zip(("reader", "writer", "SafeRollout"), row[1:4], strict=True)), row[4]) for row in rows}


def shows(shop: Shop, name: str) -> None:
    """Wait until all that the row says is so at once, and then try what people type."""
    moment = moments()[name]
    try:
        wait_for(f"the moment {name!r}", lambda: _picture(shop) == moment.picture, seconds=PATIENCE_SECONDS)
    except pytest.fail.Exception as late:
        pytest.fail(f"{late}\n{json.dumps(_picture(shop), indent=1)}\n{shop.say('status').out}")
    if moment.ends == "-":
        return
    told = [condition for condition in ("Ready", "Stalled") if waits_for(shop, f"condition={condition}", seconds=5 if condition == moment.ends else 1)]
    assert told == ([] if moment.ends == "neither" else [moment.ends]), told
    if moment.state:
        assert waits_for(shop, f"jsonpath={{.status.summary.state}}={moment.state}", seconds=5)


def waits_for(shop: Shop, what: str, *, seconds: int) -> bool:
    """Tell whether `kubectl wait` sees it on the SafeRollout within so many seconds."""
    said = shop.kubectl("wait", "saferollout/shop", f"--for={what}", f"--timeout={seconds}s")
    assert said.code == 0 or "timed out" in said.error, said
    return said.code == 0


def _picture(shop: Shop) -> dict[str, str]:
    [safe_rollout] = _objects(shop, *_SAFE_ROLLOUT) or [None]
    deployments = {item["metadata"]["name"]: item for item in _objects(shop, *_DEPLOYMENT)}
    state = "" if safe_rollout is None else str(safe_rollout.get("status", {}).get("summary", {}).get("state", "-"))
    return {
        **{name: _cell(_stance(shop, name, state), deployments.get(name)) for name in ("reader", "writer")},
        "SafeRollout": _cell(state, safe_rollout),
    }


def _cell(does: str, item: dict[str, Any] | None) -> str:
    return "gone" if item is None else f"{does}, {readiness([item])[0].status}"


def _stance(shop: Shop, name: str, state: str) -> str:
    """Tell what it does; after a failure that pauses nothing goes back, though both revisions have pods as then."""
    seen = stance(shop, name)
    return "stopped" if seen == "goes back" and state == "Failed" else seen


def _objects(shop: Shop, version: str, kind: str, plural: str) -> list[dict[str, Any]]:
    """Return objects as a single read of each has them: items of a list don't say what they are."""
    return [{"apiVersion": version, "kind": kind, **item} for item in shop.read(f"/apis/{version}", plural)["items"]]
