"""Container images without a registry: layers and a manifest put into an archive that containerd imports."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localcluster.base_image import BaseLayer, base_layer
from localcluster.cluster import Cluster
from localcluster.container_runtime import ctr
from localcluster.layers import Layer, layer_of_files
from localcluster.packages import find_command
from localcluster.paths import cache_folder
from localcluster.progress import timed

NON_ROOT_USER = "65532:65532"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class ImageBuildFailed(RuntimeError):
    """Raised with the words of the tool that failed."""


@dataclass(frozen=True, slots=True)
class Image:
    """An archive in the cache, ready for import; pods name what is in it by its reference, with imagePullPolicy Never or IfNotPresent."""

    reference: str
    archive: Path


@dataclass(frozen=True, slots=True)
class ImageContent:
    """What a container of the image starts with."""

    entrypoint: Sequence[str]
    files: Mapping[str, Path | bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = NON_ROOT_USER
    working_folder: str = "/"


def build_image(name: str, tag: str, content: ImageContent, *, base: BaseLayer | None = None) -> Image:
    """Return the image localhost/NAME:TAG with the files on top of a base (Debian's Python unless given); cached by content.

    files: path inside the image -> a file or folder of this machine, or the bytes themselves.
    """
    layers = [(base or base_layer()).layer, layer_of_files(content.files)]
    reference = f"localhost/{name}:{tag}"
    return _archive(reference, {reference: content}, {reference: layers})


def build_bundle(name: str, contents: Mapping[str, ImageContent], *, layers: Sequence[Layer]) -> Image:
    """Return one archive of several images, by reference, that share layers: they are stored and imported once. The name is only for people."""
    stacks = {reference: [*layers, *([layer_of_files(content.files)] if content.files else [])] for reference, content in contents.items()}
    return _archive(name, contents, stacks)


def pause_image(reference: str) -> Image:
    """Return the image that holds a pod's namespaces, compiled from pause.c."""
    source = Path(__file__).with_name("pause.c")
    program = cache_folder() / "images" / f"pause-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        _run([find_command("gcc") or "gcc", "-static", "-Os", "-s", "-o", f"{program}.partial", str(source)])
        Path(f"{program}.partial").rename(program)
    content = ImageContent(entrypoint=["/pause"], user="65535:65535")
    return _archive(reference, {reference: content}, {reference: [layer_of_files({"/pause": program})]})


def import_image(cluster: Cluster, image: Image) -> None:
    """Give the image to the cluster's node, unless it has just this one."""
    record = cluster.folder.node / "images" / image.reference.replace("/", "_")
    if record.exists() and record.read_text() == image.archive.name:
        return
    with timed(f"import of {image.reference}"):
        ctr(cluster, "images", "import", str(image.archive))
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(image.archive.name)


def _archive(name: str, contents: Mapping[str, ImageContent], stacks: Mapping[str, Sequence[Layer]]) -> Image:
    """Write docker-archive format: manifest.json names configuration, layers and tag of every image."""
    configurations = {
        reference: json.dumps(_configuration(content, stacks[reference]), sort_keys=True).encode() for reference, content in contents.items()
    }
    digest = hashlib.sha256(b"".join(part for reference, text in configurations.items() for part in (reference.encode(), text))).hexdigest()
    archive = cache_folder() / "images" / f"{digest[:24]}.tar"
    image = Image(reference=name, archive=archive)
    if archive.exists():
        return image
    files = {reference: f"config-{number}.json" for number, reference in enumerate(contents)}
    manifest = [
        {"Config": files[reference], "RepoTags": [reference], "Layers": [f"{layer.digest}.tar" for layer in stacks[reference]]}
        for reference in contents
    ]
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        partial = Path(folder, "image.tar")
        with tarfile.open(partial, "w") as tar:
            _add_bytes(tar, "manifest.json", json.dumps(manifest).encode())
            for reference, text in configurations.items():
                _add_bytes(tar, files[reference], text)
            for layer in {layer.digest: layer for stack in stacks.values() for layer in stack}.values():
                tar.add(layer.path, f"{layer.digest}.tar")
        shutil.move(partial, archive)
    return image


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o644
    tar.addfile(info, io.BytesIO(content))


def _configuration(content: ImageContent, layers: Sequence[Layer]) -> dict[str, object]:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", **content.environment}
    return {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            "Entrypoint": list(content.entrypoint),
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "User": content.user,
            "WorkingDir": content.working_folder,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
    }


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise ImageBuildFailed(f"{command[0]}: {finished.stderr.strip()[-1000:]}")
