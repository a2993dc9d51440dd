"""Every test in this folder runs against the scene of examples/opencore on one real node."""

from collections.abc import Iterator

import pytest

from localcluster.demo.evidence import keep_evidence
from localcluster.opencore.measuring import go_back, wait_until_quiet
from localcluster.opencore.stage import Stage, fetch, start
from localcluster.testing import RunningCluster, node_cluster

__all__ = ["node_cluster"]


@pytest.fixture(scope="session")
def running_scene(node_cluster: RunningCluster) -> Iterator[Stage]:
    """The scene as it was left, without Postgres' fixed port: several may run on a machine."""
    fetch()
    stage = start(node_cluster.cluster.record.name, postgres_port=None)
    try:
        yield stage
    finally:
        keep_evidence(stage.tools, folder=node_cluster.cluster.folder.logs)


@pytest.fixture
def scene(running_scene: Stage) -> Stage:
    """Version 1.0.0 of everything, people who are served, nothing that fails, whatever the test before it left."""
    go_back(running_scene)
    wait_until_quiet(running_scene)
    return running_scene
