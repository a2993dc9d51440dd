"""Layers of images: tar files whose bytes depend on nothing but their content."""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from localcluster.paths import cache_folder

_LEFT_OUT = frozenset({"__pycache__"})


@dataclass(frozen=True, slots=True)
class Layer:
    """An uncompressed tar in the cache, named by its SHA-256 digest."""

    digest: str
    path: Path


def layer_of_files(files: Mapping[str, Path | bytes]) -> Layer:
    """Return a layer with the files: a path inside the image -> a file or folder of this machine, or bytes."""
    folder = layers_folder()
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".partial", delete=False) as partial, tarfile.open(fileobj=partial, mode="w") as tar:
        _add_parents(tar, files)
        for target, source in sorted(files.items()):
            for name, content in _entries(target, source):
                _add(tar, name, content)
    return keep_layer(Path(partial.name))


def keep_layer(partial: Path) -> Layer:
    """Move a finished tar to its place in the cache."""
    with partial.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path = layers_folder() / f"{digest}.tar"
    partial.rename(path)
    path.chmod(0o644)
    return Layer(digest=digest, path=path)


def layers_folder() -> Path:
    """Return the folder of the layers, made if need be."""
    folder = cache_folder() / "images" / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _entries(target: str, source: Path | bytes) -> Iterator[tuple[str, Path | bytes]]:
    if isinstance(source, bytes) or not source.is_dir():
        yield target, source
        return
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if not _LEFT_OUT.intersection(relative.parts):
            yield f"{target.rstrip('/')}/{relative}", path


def _add_parents(tar: tarfile.TarFile, files: Mapping[str, Path | bytes]) -> None:
    parents = {str(parent) for target in files for parent in Path(target).parents} - {"/", "."}
    for parent in sorted(parents):
        _add_folder(tar, parent)
    for target, source in sorted(files.items()):
        if isinstance(source, Path) and source.is_dir():
            _add_folder(tar, target)


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name.strip("/"))
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(info)


def _add(tar: tarfile.TarFile, name: str, content: Path | bytes) -> None:
    info = tarfile.TarInfo(name.strip("/"))
    if isinstance(content, bytes):
        info.size, info.mode = len(content), 0o755 if content.startswith(b"#!") else 0o644
        tar.addfile(info, io.BytesIO(content))
        return
    if content.is_symlink():
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(content.readlink()), 0o777
        tar.addfile(info)
        return
    if content.is_dir():
        _add_folder(tar, name)
        return
    info.size = content.stat().st_size
    # Readable for the image's user, whatever this machine's umask was.
    info.mode = 0o755 if content.stat().st_mode & 0o100 else 0o644
    with content.open("rb") as file:
        tar.addfile(info, file)
