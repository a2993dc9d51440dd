"""Images are archives that containerd imports: checked without a node."""

import json
import tarfile
from pathlib import Path

import pytest

from localcluster.images import ImageContent, build_bundle
from localcluster.layers import layer_of_files


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAFEROLLOUT_CACHE", str(tmp_path))


def contents(*tags: str) -> dict[str, ImageContent]:
    return {f"localhost/app:{tag}": ImageContent(entrypoint=["/app"], environment={"VERSION": tag}) for tag in tags}


def test_a_bundle_holds_every_tag_and_each_shared_layer_once() -> None:
    layer = layer_of_files({"/app": b"#!/bin/sh\n"})
    archive = build_bundle("app", contents("1", "2"), layers=[layer]).archive
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        environments = [json.load(tar.extractfile(image["Config"]))["config"]["Env"] for image in manifest]  # type: ignore[arg-type]
    assert names.count(f"{layer.digest}.tar") == 1
    assert [image["RepoTags"] for image in manifest] == [["localhost/app:1"], ["localhost/app:2"]]
    assert all(image["Layers"] == [f"{layer.digest}.tar"] for image in manifest)
    assert ["VERSION=1" in environment for environment in environments] == [True, False]


def test_the_same_content_is_the_same_archive_and_another_tag_another() -> None:
    layers = [layer_of_files({"/app": b"#!/bin/sh\n"})]
    first = build_bundle("app", contents("1"), layers=layers).archive
    assert build_bundle("app", contents("1"), layers=layers).archive == first
    assert build_bundle("app", contents("1", "2"), layers=layers).archive != first
