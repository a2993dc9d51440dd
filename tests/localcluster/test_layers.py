"""Layers and images are the same bytes for the same content."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from localcluster.base_image import BaseLayer
from localcluster.images import ImageContent, build_image
from localcluster.layers import layer_of_files


def members(path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(path) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_a_layer_depends_on_content_and_not_on_times_or_owners(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "main.py").write_text("print(1)")
    first = layer_of_files({"/app": folder})
    os.utime(folder / "main.py", (1, 1))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "main.pyc").write_text("left out")
    assert layer_of_files({"/app": folder}).digest == first.digest
    (folder / "main.py").write_text("print(2)")
    assert layer_of_files({"/app": folder}).digest != first.digest


def test_a_layer_holds_its_parents_and_everybody_may_read_it(tmp_path: Path) -> None:
    secretive = tmp_path / "data.txt"
    secretive.write_text("x")
    secretive.chmod(0o600)
    found = members(layer_of_files({"/opt/shop/data.txt": secretive, "/usr/local/bin/start": b"#!/bin/sh\n"}).path)
    assert found["opt"].isdir()
    assert found["opt/shop"].mode == 0o755
    assert found["opt/shop/data.txt"].mode == 0o644
    assert found["usr/local/bin/start"].mode == 0o755


@pytest.fixture
def base() -> BaseLayer:
    return BaseLayer(layer=layer_of_files({"/etc/base": b"base"}), python_version="3.11")


def test_an_image_is_an_archive_that_names_its_layers_in_order(base: BaseLayer) -> None:
    image = build_image("shop", "1", ImageContent(entrypoint=["/start"], files={"/start": b"#!/bin/sh\n"}, environment={"A": "b"}), base=base)
    with tarfile.open(image.archive) as tar:
        manifest = json.loads((tar.extractfile("manifest.json") or pytest.fail("none")).read())[0]
        configuration = json.loads((tar.extractfile(manifest["Config"]) or pytest.fail("none")).read())
    assert manifest["RepoTags"] == ["localhost/shop:1"]
    assert manifest["Layers"][0] == f"{base.layer.digest}.tar"
    assert configuration["rootfs"]["diff_ids"][0] == f"sha256:{base.layer.digest}"
    assert configuration["config"]["User"] == "65532:65532"
    assert "A=b" in configuration["config"]["Env"]


def test_the_same_content_is_the_same_archive_and_another_entry_point_is_not(base: BaseLayer) -> None:
    first = build_image("shop", "1", ImageContent(entrypoint=["/start"]), base=base)
    assert build_image("shop", "1", ImageContent(entrypoint=["/start"]), base=base) == first
    assert build_image("shop", "1", ImageContent(entrypoint=["/other"]), base=base).archive != first.archive
