"""What is there already is not installed."""

from pathlib import Path

import pytest

from localcluster.binaries import BinariesMissing, binary
from localcluster.golang import required_version
from localcluster.packages import PackagesMissing, ensure_packages, missing_packages


def test_a_package_is_missing_when_neither_its_command_nor_its_file_is_there(tmp_path: Path) -> None:
    wanted = {"sh": "dash", "no-such-command": "nothing", str(tmp_path): "folder", str(tmp_path / "none"): "file"}
    assert missing_packages(wanted) == ["file", "nothing"]


def test_without_root_the_command_to_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(PackagesMissing, match="apt-get install nothing"):
        ensure_packages({"no-such-command": "nothing"})


def test_a_program_that_is_not_built_names_the_command_that_builds_it() -> None:
    with pytest.raises(BinariesMissing, match="python3 -m localcluster fetch"):
        binary("kube-apiserver")


def test_the_needed_go_is_read_from_the_modules() -> None:
    assert required_version() >= (1, 26)
