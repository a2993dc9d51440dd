"""Folders follow the environment, and names stay short enough for the kernel."""

from pathlib import Path

import pytest

from localcluster.paths import InvalidClusterName, cache_folder, cluster_folder, known_clusters


def test_the_cache_follows_its_variable_then_xdg_then_home(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == cache
    monkeypatch.delenv("SAFEROLLOUT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/saferollout")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/people/ada")
    assert cache_folder() == Path("/people/ada/.cache/saferollout")


@pytest.mark.parametrize("name", ["", "Upper", "-dash", "dash-", "a/b", "..", "x" * 21])
def test_a_name_that_cannot_be_a_folder_and_an_interface_is_refused(name: str) -> None:
    with pytest.raises(InvalidClusterName):
        cluster_folder(name)


def test_a_cluster_is_known_from_its_record_on(cache: Path) -> None:
    folder = cluster_folder("one")
    folder.root.mkdir(parents=True)
    assert known_clusters() == []
    folder.record.write_text("{}")
    assert known_clusters() == [folder]
