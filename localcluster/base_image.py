"""The base of every image here: packages of Debian (or Ubuntu), extracted by mmdebstrap; Python and a shell unless asked for more."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from localcluster.layers import Layer, keep_layer, layers_folder
from localcluster.packages import find_command
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

_ALWAYS = ("base-files", "coreutils", "dash", "libc-bin")
_PACKAGES = ",".join([*_ALWAYS, "python3"])
_LEFT_OUT = ("dev/", "usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/")
_ACCOUNTS = {
    "etc/passwd": b"root:x:0:0:root:/:/bin/sh\nnonroot:x:65532:65532:nonroot:/tmp:/bin/sh\n",
    "etc/group": b"root:x:0:\nnonroot:x:65532:\n",
}
_VERSION_OF_THIS_MODULE = "1"


class BaseImageFailed(RuntimeError):
    """Raised with the end of mmdebstrap's output."""


@dataclass(frozen=True, slots=True)
class BaseLayer:
    """The layer and the version of Python in it, such as 3.11."""

    layer: Layer
    python_version: str


def base_layer() -> BaseLayer:
    """Return the base, made once for a release of the distribution; delete the cache to get newer packages."""
    suite = _release()["VERSION_CODENAME"]
    key = hashlib.sha256(f"{suite} {_PACKAGES} {_VERSION_OF_THIS_MODULE}".encode()).hexdigest()[:16]
    record = cache_folder() / "images" / f"base-{key}"
    with locked("base-image.lock"):
        if not record.exists():
            with timed(f"base image from the packages of {suite}"):
                layer, python_version = _make(suite, packages=_PACKAGES)
                if not python_version:
                    raise BaseImageFailed("the extracted packages hold no usr/bin/python3")
            record.write_text(f"{layer.digest} {python_version}")
    digest, python_version = record.read_text().split()
    return BaseLayer(layer=Layer(digest=digest, path=layers_folder() / f"{digest}.tar"), python_version=python_version)


def debian_layer(*packages: str) -> Layer:
    """Return a layer with the packages, what they need, and a shell; nothing is configured, and no Python unless asked for."""
    suite, wanted = _release()["VERSION_CODENAME"], ",".join([*_ALWAYS, *sorted(packages)])
    key = hashlib.sha256(f"{suite} {wanted} {_VERSION_OF_THIS_MODULE}".encode()).hexdigest()[:16]
    record = cache_folder() / "images" / f"packages-of-debian-{key}"
    with locked("base-image.lock"):
        if not record.exists():
            with timed(f"image of the packages {', '.join(packages)} of {suite}"):
                layer, _ = _make(suite, packages=wanted)
            record.write_text(layer.digest)
    digest = record.read_text()
    return Layer(digest=digest, path=layers_folder() / f"{digest}.tar")


def _make(suite: str, *, packages: str) -> tuple[Layer, str]:
    with tempfile.TemporaryDirectory(dir=layers_folder()) as folder:
        raw, filtered = Path(folder, "raw.tar"), Path(folder, "filtered.tar")
        # "extract": files only; no maintainer script runs, so it takes seconds and needs no chroot.
        command = [find_command("mmdebstrap") or "mmdebstrap", "--quiet", "--variant=extract", f"--include={packages}"]
        finished = subprocess.run([*command, suite, str(raw), *_sources()], capture_output=True, text=True, check=False)
        if finished.returncode != 0:
            raise BaseImageFailed("mmdebstrap failed:\n" + "\n".join(finished.stderr.splitlines()[-15:]))
        python_version = _filter(raw, filtered)
        return keep_layer(filtered), python_version


def _filter(raw: Path, filtered: Path) -> str:
    """Copy what a container needs, add its accounts, and return the version of Python that was seen; empty for none."""
    python_version = ""
    with tarfile.open(raw) as source, tarfile.open(filtered, "w") as target:
        for member in source:
            name = member.name.removeprefix("./")
            if name.startswith(_LEFT_OUT) or name in _ACCOUNTS:
                continue
            if name == "usr/bin/python3":
                python_version = member.linkname.removeprefix("python")
            member.mtime = 0
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        for name, content in _ACCOUNTS.items():
            _add_bytes(target, name, content)
    return python_version


def _add_bytes(target: tarfile.TarFile, name: str, content: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o644
        target.addfile(info, file)


def _sources() -> list[str]:
    """Return the machine's own package sources, so that its mirrors and proxies are used."""
    release = _release()["ID"]
    candidates = [Path("/etc/apt/sources.list"), Path(f"/etc/apt/sources.list.d/{release}.sources")]
    filled = [path for path in candidates if path.exists() and _states_a_source(path)]
    return [str(filled[0])] if filled else []


def _states_a_source(path: Path) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in path.read_text().splitlines())


def _release() -> dict[str, str]:
    """Return os-release(5) as a mapping."""
    pairs = (line.partition("=") for line in Path("/etc/os-release").read_text().splitlines())
    return {name: value.strip().strip('"') for name, _, value in pairs}
