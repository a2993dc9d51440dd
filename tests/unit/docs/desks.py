"""What lies on a reader's desk when they have followed a page so far: the files that the page shows, and those it only speaks of."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.unit.docs.pages import ROOT, blocks

_PATH = re.compile(r"# ([a-z-]+/[\w.-]+\.yaml)\n")
FIRST_RELEASE: Final = ROOT / "examples/first-release"
_NEXT = (("# shop/", "# next/"), ("1.0.0", "2.0.0"), ("writes: [1]", "writes: [2]"), ("reads: [1]", "reads: [1, 2]"))
"""What the page of the first release says that Git will want."""


@dataclass
class Desk:
    """A folder; `words` stand for placeholders of the page, `standard_input` for what another program would write."""

    folder: Path
    words: dict[str, str] = field(default_factory=dict)
    standard_input: str | None = None

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def shown(page: str) -> dict[str, str]:
    """Return the files that a page shows, by their paths: the blocks that begin with one."""
    return {found[1]: block.text + "\n" for block in blocks() if block.page == page and (found := _PATH.match(block.text))}


def first_release(desk: Desk) -> None:
    """Put down `shop` and `next`, as they lie in the examples."""
    shutil.copytree(FIRST_RELEASE, desk.folder, dirs_exist_ok=True)


def first_release_as_told() -> dict[str, str]:
    """Return the files of the page, by their paths: `shop` as it shows it, `next` as its words say."""
    files = {}
    for path, text in shown("docs/first-release.md").items():
        files[path] = text
        for before, after in _NEXT:
            text = text.replace(before, after)
        files[path.replace("shop/", "next/")] = text
    return files


def _gate_tests(desk: Desk) -> None:
    for path, text in shown("docs/gate-tests.md").items():
        desk.write(path, text)
    spec = {
        "bakeSeconds": 60,
        "workloads": [{"name": "checkout"}],
        "contracts": [{"name": "orders", "topic": {"name": "orders", "deadLetterTopic": "orders.dlt"}}],
        "gates": [{"name": "dead-letters", "signal": "DeadLetterDepth", "contract": "orders", "max": "5"}],
    }
    desk.write("manifests/saferollout.yaml", yaml.safe_dump(_safe_rollout("checkout", spec)))


def _commands(desk: Desk) -> None:
    """What kubectl reads is the shop, what Git wants lies in `manifests`."""
    first_release(desk)
    (desk.folder / "next").rename(desk.folder / "manifests")
    live = [yaml.safe_load(text) for text in shown("docs/first-release.md").values()]
    desk.standard_input = json.dumps({"apiVersion": "v1", "kind": "List", "items": live})


def _demo(desk: Desk) -> None:
    """The demo's own files, where the page's commands find them in a checkout."""
    for part in ("git", "manifests"):
        shutil.copytree(ROOT / "examples/demo" / part, desk.folder / "examples/demo" / part)


def _safe_rollout(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": name}, "spec": dict(spec)}


DESKS: Final[Mapping[str, Callable[[Desk], None]]] = {
    "docs/first-release.md": first_release,
    "docs/gate-tests.md": _gate_tests,
    "docs/commands.md": _commands,
    "docs/demo.md": _demo,
}
