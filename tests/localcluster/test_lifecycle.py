"""A cluster whose parts are not there fails before anything starts, with the command that helps."""

import pytest

from localcluster.binaries import BinariesMissing
from localcluster.lifecycle import down, up
from localcluster.packages import PackagesMissing
from localcluster.paths import known_clusters


def test_without_the_built_programs_the_command_to_run_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcluster.lifecycle.missing_packages", lambda _: [])
    with pytest.raises(BinariesMissing, match="python3 -m localcluster fetch"):
        up("none")
    assert known_clusters() == []


def test_without_the_packages_they_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcluster.lifecycle.missing_packages", lambda _: ["etcd-server"])
    with pytest.raises(PackagesMissing, match="etcd-server; run: python3 -m localcluster fetch"):
        up("none")


def test_ending_a_cluster_that_does_not_run_says_so() -> None:
    assert not down("none")
