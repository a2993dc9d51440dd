"""Where in a file a field stands, so that a finding can be clicked on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from saferollout.cli.manifests import ManifestLoader

_BLOCK_STYLES: Final = ("|", ">")


@dataclass(frozen=True, slots=True)
class Line:
    """Where a value stands: its own line, and the line before its first line of text, both from 1."""

    own: int
    before_text: int


@dataclass(frozen=True, slots=True)
class Positions:
    """The lines of one object's fields by their path (`spec.gates[2].max`)."""

    lines: Mapping[str, Line] = field(default_factory=dict)

    def line(self, path: str, *, within: int = 0) -> int:
        """Return the line of a field, or of the nearest part of it that is there; 0 where nothing is known.

        `within` counts from 1 inside the text of the field.
        """
        while path not in self.lines:
            if not path:
                return 0
            path = _parent(path)
        found = self.lines[path]
        return found.before_text + within if within else found.own


def _parent(path: str) -> str:
    cut = max(path.rfind("."), path.rfind("["))
    return path[:cut] if cut > 0 else ""


def positions_in(file: str) -> dict[tuple[int, str, str], Positions]:
    """Return the positions of a file's objects by document, kind and name; none for what is no file (standard input)."""
    if not Path(file).is_file():
        return {}
    text = Path(file).read_text(encoding="utf-8-sig")
    found: dict[tuple[int, str, str], Positions] = {}
    for number, root in enumerate(_documents(text), start=1):
        for node in _objects(root):
            found[(number, _scalar(node, "kind"), _scalar(_child(node, "metadata"), "name"))] = Positions(
                dict(_lines("", node, _own(node)))
            )
    return found


def _documents(text: str) -> Iterator[yaml.Node]:
    loader = ManifestLoader(text)
    try:
        while loader.check_node():
            yield loader.get_node()
    except yaml.YAMLError:
        return  # JSON indented with tabs; findings go without lines
    finally:
        loader.dispose()


def _objects(root: yaml.Node | None) -> list[yaml.Node]:
    items = _child(root, "items")
    if root is not None and _scalar(root, "kind").endswith("List") and isinstance(items, yaml.SequenceNode):
        return list(items.value)
    return [root] if root is not None else []


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _scalar(node: yaml.Node | None, name: str) -> str:
    child = _child(node, name)
    return str(child.value) if isinstance(child, yaml.ScalarNode) else ""


def _own(node: yaml.Node) -> Line:
    line = node.start_mark.line + 1
    return Line(own=line, before_text=line if getattr(node, "style", None) in _BLOCK_STYLES else line - 1)


def _lines(path: str, node: yaml.Node, own: Line) -> Iterator[tuple[str, Line]]:
    yield path, own
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = f"{path}.{key.value}".removeprefix(".")
            # A mapping starts below its key; the key's line is what a reader looks for.
            yield from _lines(below, value, Line(own=key.start_mark.line + 1, before_text=_own(value).before_text))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(f"{path}[{index}]", value, _own(value))
