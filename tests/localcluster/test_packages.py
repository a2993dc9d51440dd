"""What is there already is not installed."""

from pathlib import Path

import pytest

from localcluster.argocd_programs import argo_cd_programs
from localcluster.binaries import BinariesMissing, binary
from localcluster.go_build import modules_hash
from localcluster.golang import GoUnavailable, required_version
from localcluster.kstatus import readiness
from localcluster.packages import PackagesMissing, ensure_packages, missing_packages
from localcluster.paths import CHECKOUT


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


def test_an_argo_cd_that_is_not_built_names_the_command_that_builds_it() -> None:
    with pytest.raises(BinariesMissing, match="Argo CD 3.* python3 -m localcluster fetch --argocd"):
        argo_cd_programs()


def test_a_kstatus_that_is_not_built_names_the_command_that_builds_it() -> None:
    with pytest.raises(BinariesMissing, match="kstatus.* python3 -m localcluster fetch"):
        readiness([])


@pytest.mark.parametrize("modules", ["kubernetes", "helm_build", "kstatus_build", "argocd_build", "kube_state_metrics_build"])
def test_the_needed_go_is_read_from_the_modules_it_builds(modules: str) -> None:
    assert required_version(CHECKOUT / "localcluster" / modules) >= (1, 26)


def test_a_go_mod_that_states_no_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module test\n")
    with pytest.raises(GoUnavailable, match="states no Go version"):
        required_version(tmp_path)


def test_other_modules_or_flags_are_another_folder_of_the_cache(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module test\n")
    (tmp_path / "go.sum").write_text("")
    first = modules_hash(tmp_path)
    assert modules_hash(tmp_path, linker_flags="-s") != first
    (tmp_path / "main.go").write_text("package main\n")
    assert modules_hash(tmp_path) != first
    (tmp_path / "main.go").unlink()
    (tmp_path / "go.sum").write_text("example.test v1 h1:\n")
    assert modules_hash(tmp_path) != first
