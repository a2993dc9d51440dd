"""The scene's images: its services, whose tag decides what they do, and the things they stand on."""

from __future__ import annotations

import compileall
import importlib.util
import py_compile
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from localcluster.base_image import base_layer, debian_layer
from localcluster.images import Image, ImageContent, build_bundle
from localcluster.kube_state_metrics import ensure_kube_state_metrics, kube_state_metrics_version
from localcluster.layers import Layer, layer_of_files
from localcluster.opencore.kafka_jars import kafka_jars
from localcluster.operator_image import build_operator_image, locked_packages
from localcluster.paths import CHECKOUT
from localcluster.ports import locked

OPENCORE = CHECKOUT / "examples" / "opencore"
_SERVICES = OPENCORE / "services"
_PLATFORM = OPENCORE / "platform"
_PACKAGES = "/opt/opencore/packages"
# Not released by the scene: one version each.
_TOOLS = ("load", "setup", "kafka-exporter")
_TOOL_VERSION = "1.0.0"


def scene_images() -> list[Image]:
    """Return every image, made from packages and from examples/opencore; what did not change comes from the cache."""
    return [_services(), _kafka(), _postgres(), _redis(), _exporters(), _kube_state_metrics(), build_operator_image()]


@cache
def service_tags() -> Mapping[str, tuple[str, ...]]:
    """Return the tags of each service, as examples/opencore/services/opencore/versions.py names them."""
    specification = importlib.util.spec_from_file_location("opencore_versions", _SERVICES / "opencore" / "versions.py")
    if specification is None or specification.loader is None:
        raise ImportError("examples/opencore/services/opencore/versions.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    tags: Mapping[str, tuple[str, ...]] = module.TAGS
    return tags


def _services() -> Image:
    """Return one archive: the same three layers, an entry point for every service, a VERSION for every tag."""
    base = base_layer()
    packages = locked_packages(_SERVICES / "requirements.lock", python_version=base.python_version)
    code = {"/app/opencore": _SERVICES / "opencore", "/app/setup/migrations": _SERVICES / "setup" / "migrations"}
    code |= {f"/app/{name}/service.py": _SERVICES / name / "service.py" for name in (*service_tags(), *_TOOLS)}
    compiled = _compiled(packages, python_version=base.python_version)
    layers = [base.layer, layer_of_files({_PACKAGES: compiled}), layer_of_files(code)]
    tags = {**service_tags(), **dict.fromkeys(_TOOLS, (_TOOL_VERSION,))}
    contents = {f"localhost/opencore/{name}:{tag}": _service(name, tag) for name, tags_of_it in tags.items() for tag in tags_of_it}
    return build_bundle("opencore-services", contents, layers=layers)


def _compiled(packages: Path, *, python_version: str) -> Path:
    """Return the packages as byte code only: pods have nowhere to keep it, and importing without it takes three times as long.

    Byte code is of one minor version of Python; where this machine's is another, the sources are returned.
    """
    if python_version != f"{sys.version_info.major}.{sys.version_info.minor}":
        return packages
    folder = packages.with_name(f"{packages.name}-compiled")
    with locked("image-packages.lock"):
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(packages, partial)
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH  # the same bytes whenever it is done
            compileall.compile_dir(partial, quiet=2, legacy=True, invalidation_mode=mode, stripdir=str(partial), prependdir=_PACKAGES)
            for source in partial.rglob("*.py"):
                if source.with_suffix(".pyc").exists():
                    source.unlink()
            partial.rename(folder)
    return folder


def _service(name: str, tag: str) -> ImageContent:
    return ImageContent(
        entrypoint=["python3", "-u", "-B", f"/app/{name}/service.py"],
        environment={"VERSION": tag, "PYTHONPATH": f"/app:{_PACKAGES}"},
    )


def _kafka() -> Image:
    layers = [debian_layer("openjdk-17-jre-headless"), layer_of_files({"/opt/kafka/libs": kafka_jars()})]
    return _single("kafka:4.1.0", "kafka", scripts=("start.sh", "server.properties"), layers=layers)


def _postgres() -> Image:
    return _single("postgres:15", "postgres", scripts=("start.sh",), layers=[debian_layer("postgresql-15")])


def _redis() -> Image:
    return _single("redis:7", "redis", scripts=("start.sh",), layers=[debian_layer("redis-server")])


def _exporters() -> Image:
    layer = debian_layer("prometheus-postgres-exporter", "prometheus-redis-exporter")
    contents = {
        f"localhost/opencore/{name}-exporter:debian": ImageContent(entrypoint=[f"/usr/bin/prometheus-{name}-exporter"])
        for name in ("postgres", "redis")
    }
    return build_bundle("opencore-exporters", contents, layers=[layer])


def _kube_state_metrics() -> Image:
    reference = f"localhost/opencore/kube-state-metrics:{kube_state_metrics_version()}"
    program = layer_of_files({"/kube-state-metrics": ensure_kube_state_metrics()})
    return build_bundle("opencore-kube-state-metrics", {reference: ImageContent(entrypoint=["/kube-state-metrics"])}, layers=[program])


def _single(reference: str, folder: str, *, scripts: tuple[str, ...], layers: list[Layer]) -> Image:
    files: dict[str, Path | bytes] = {f"/opt/{folder}/{name}": _PLATFORM / folder / name for name in scripts}
    content = ImageContent(entrypoint=["/bin/sh", f"/opt/{folder}/start.sh"], files=files)
    return build_bundle(f"opencore-{folder}", {f"localhost/opencore/{reference}": content}, layers=layers)
