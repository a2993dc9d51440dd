"""Break-glass while a release goes back: what a privileged user let through is not taken back."""

import pytest

from tests.property.lively_cluster import LivelyCluster
from tests.property.test_interrupted_batches import in_a_batch, look, wanted


def going_back(*batches: str, looks: int) -> LivelyCluster:
    """Return a workload on its way back, so many looks after a person said so."""
    cluster = in_a_batch(*batches)
    cluster.say("abort")
    look(cluster, times=looks)
    assert cluster.status.release is not None and cluster.status.release.rollback is not None
    return cluster


@pytest.mark.parametrize("looks", [1, 2, 3])
@pytest.mark.parametrize("batches", [("20%",), ("80%",)])
@pytest.mark.parametrize("revision", ["new", "newer"])
def test_a_template_that_was_let_past_the_way_back_stays(batches: tuple[str, ...], looks: int, revision: str) -> None:
    cluster = going_back(*batches, looks=looks)
    cluster.bypass("shop", revision)
    cluster.tick()  # the native controller is faster than the operator
    look(cluster, times=60)
    assert wanted(cluster, revision) == 10, cluster.log
    assert cluster.views["shop"].alive() == (revision,)
    assert cluster.is_over()
    known = cluster.status.workloads[0]
    assert (known.stable_hash, known.failed_hash) == (revision, "")
    assert not cluster.views["shop"].lends and cluster.views["shop"].bypass is None


@pytest.mark.parametrize("looks", [1, 2, 3, 6])
@pytest.mark.parametrize("batches", [("20%",), ("80%",)])
def test_a_bypass_that_brings_the_old_template_only_hastens_the_way_back(batches: tuple[str, ...], looks: int) -> None:
    cluster = going_back(*batches, looks=looks)
    cluster.bypass("shop", "old")
    cluster.tick()
    look(cluster, times=60)
    assert cluster.views["shop"].alive() == ("old",) and wanted(cluster, "old") == 10, cluster.log
    assert cluster.is_over() and cluster.status.workloads[0].stable_hash == "old"
    assert not cluster.views["shop"].lends and cluster.views["shop"].bypass is None
