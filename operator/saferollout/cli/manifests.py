"""Read manifests from files, folders or standard input, remembering where each came from."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

SUFFIXES: Final = (".yaml", ".yml", ".json")
_LARGEST_FILE: Final = 64 * 1024 * 1024


class BadInput(Exception):
    """Something given can't be used: the place (file, document, field) and the way out."""


class ManifestLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one where libyaml is there
    """YAML as Kubernetes reads it: what looks like a date is text."""


ManifestLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in ManifestLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it stands; documents of a file count from 1."""

    source: str
    document: int
    content: dict[str, Any]

    @property
    def kind(self) -> str:
        """Return the object's kind; empty where it has none."""
        return str(self.content.get("kind") or "")

    @property
    def group(self) -> str:
        """Return the API group; empty for the core group."""
        return str(self.content.get("apiVersion") or "").rpartition("/")[0]

    @property
    def name(self) -> str:
        """Return the object's name; empty where it has none."""
        return str(self._metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """Return the object's namespace; empty where it has none."""
        return str(self._metadata.get("namespace") or "")

    @property
    def _metadata(self) -> dict[str, Any]:
        metadata = self.content.get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    @property
    def title(self) -> str:
        """Return its place for a message."""
        return f"{self.source}, document {self.document}"

    def wrong(self, field: str, message: str) -> BadInput:
        """Return the error that blames a field of this object."""
        return BadInput(f"{self.title}, {field}: {message}" if field else f"{self.title}: {message}")

    def mapping(self, *path: str) -> dict[str, Any]:
        """Return a mapping inside the object, empty where it is absent; refuse anything else."""
        found: Any = self.content
        for place, key in enumerate(path, start=1):
            found = found.get(key)
            if found is None:
                return {}
            if not isinstance(found, dict):
                raise self.wrong(".".join(path[:place]), f"must be a mapping, not {type(found).__name__}")
        return dict(found)


def read_manifests(path: str, *, loader: type[ManifestLoader] = ManifestLoader) -> list[Manifest]:
    """Return every object under a path (`-`: standard input), files in the order of their names."""
    if path == "-":
        return list(_parsed("stdin", sys.stdin.read(), loader))
    place = Path(path)
    if place.is_dir():
        files = sorted(file for file in place.rglob("*") if file.suffix in SUFFIXES and file.is_file() and not _hidden(file, place))
        return [manifest for file in files for manifest in _parsed(str(file), _text(file), loader)]
    if not place.exists():
        raise BadInput(f"{path}: there is no such file or folder")
    return list(_parsed(path, _text(place), loader))


def read_all(paths: Sequence[str]) -> list[Manifest]:
    """Return every object under several paths, in the order given; a file that two of them reach counts once."""
    found: list[Manifest] = []
    known: set[Path] = set()
    for path in paths:
        new = [manifest for manifest in read_manifests(path) if Path(manifest.source).resolve() not in known]
        known |= {Path(manifest.source).resolve() for manifest in new}
        found += new
    return found


def _hidden(file: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(root).parts)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise BadInput(f"{file}: is larger than {_LARGEST_FILE} bytes")
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: can't be read: {error}") from error


def _parsed(source: str, text: str, loading: type[ManifestLoader]) -> Iterator[Manifest]:
    document = 0
    loader = loading(_spaces(source, text))
    try:
        while loader.check_data():
            document += 1
            yield from _objects(source, document, loader.get_data())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        why = f"{error.problem or error.context}{_hint(text)}"
        raise BadInput(f"{source}, document {document or 1}{line}: is no YAML: {why}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput(f"{source}, document {document or 1}: is no YAML: {error}") from error
    finally:
        loader.dispose()


def _hint(text: str) -> str:
    return "; it looks like a Helm template: render it first, as in `helm template CHART | saferollout lint -`" if "{{" in text else ""


def _spaces(source: str, text: str) -> str:
    # JSON may be indented with tabs, which YAML refuses; inside JSON's strings a bare tab can't be.
    return text.replace("\t", " ") if source.endswith(".json") or text.lstrip().startswith("{") else text


def _objects(source: str, document: int, content: Any) -> Iterator[Manifest]:
    if content is None:
        return
    manifest = Manifest(source, document, content if isinstance(content, dict) else {})
    if not isinstance(content, dict):
        raise manifest.wrong("", f"is no Kubernetes object but {type(content).__name__}")
    if manifest.kind.endswith("List") and isinstance(content.get("items"), list):
        for place, item in enumerate(content["items"]):
            if not isinstance(item, dict):
                raise manifest.wrong(f"items[{place}]", "is no Kubernetes object")
            yield Manifest(source, document, item)
        return
    yield manifest
