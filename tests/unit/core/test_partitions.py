"""The share of new pods of a StatefulSet, from the highest ordinal down, whatever an autoscaler does meanwhile."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from saferollout.core.pacing import batch_ready, next_pace
from saferollout.core.views import Partition, WorkloadView
from tests.golden.native_controller import Health
from tests.golden.ordinal_controller import OrdinalController
from tests.golden.stage import Stage
from tests.unit.core.little_cluster import BORN
from tests.unit.core.shop import little_cluster


def paced(*revisions: str, first_new: int | None = None, replicas: int | None = None) -> WorkloadView:
    """Return a StatefulSet whose pods, the first first, are of these revisions; `new` is the template in spec."""
    stage = Stage(spec=little_cluster().spec)
    stage.running_by_ordinal("db", "old", None, replicas=len(revisions))
    native = stage.natives["db"]
    assert isinstance(native, OrdinalController)
    native.health = Health()
    native.tick(replace(stage.views["db"], template="new", paused=True), BORN)
    native.pods = {place: (revision, pod) for (place, (_, pod)), revision in zip(native.pods.items(), revisions, strict=True)}
    view = native.shown(stage.views["db"], stage.now)
    pace = None if first_new is None else Partition(first_new=first_new)
    return replace(view, template="new", paced=pace, paused=pace is None, replicas=len(revisions) if replicas is None else replicas)


def wanted(view: WorkloadView, percent: int) -> Partition | None:
    pace = next_pace(view=view, revision="new", batch_percent=percent)
    assert pace is None or isinstance(pace, Partition)
    return pace


def test_a_batch_takes_the_highest_ordinals_and_is_rounded_up() -> None:
    held = paced(*["old"] * 5)
    assert wanted(held, 1) == Partition(4)
    assert wanted(held, 50) == Partition(2)
    assert wanted(held, 99) == Partition(0)


def test_a_right_partition_is_left_alone_and_a_wrong_one_corrected_either_way() -> None:
    assert wanted(paced(*["old"] * 4, first_new=2), 50) is None
    assert wanted(paced(*["old"] * 4, first_new=0), 50) == Partition(2)
    assert wanted(paced(*["old"] * 4, first_new=3), 50) == Partition(2)


def test_after_scaling_up_the_new_pods_below_the_partition_count_too() -> None:
    grown = paced("old", "old", "new", "new", first_new=2, replicas=8)
    assert wanted(grown, 50) == Partition(6)
    assert wanted(paced("old", "old", "new", "new", "new", first_new=2, replicas=8), 50) == Partition(7)
    assert wanted(paced("old", *["new"] * 5, first_new=2, replicas=8), 50) == Partition(8)


def test_without_pods_there_is_nothing_to_pace() -> None:
    assert wanted(paced("old", "old", first_new=1, replicas=0), 50) is None


def test_a_batch_is_ready_when_its_pods_are_and_the_partition_is_right() -> None:
    view = paced("old", "old", "new", "new", first_new=2)
    assert batch_ready(view=view, revision="new", batch_percent=50)
    assert not batch_ready(view=view, revision="new", batch_percent=75)
    assert not batch_ready(view=replace(view, settled=False), revision="new", batch_percent=50)
    assert not batch_ready(view=paced("old", "old", "old", "new", first_new=2), revision="new", batch_percent=50)


@given(st.lists(st.sampled_from(["old", "new"]), min_size=1, max_size=12), st.integers(1, 99), st.integers(1, 16))
def test_never_more_pods_are_let_be_new_than_the_batch_says_unless_they_are_so_already(pods: list[str], percent: int, replicas: int) -> None:
    view = paced(*pods, first_new=0, replicas=replicas)
    pace = wanted(view, percent)
    first = pace.first_new if pace is not None else 0
    share = -(-replicas * percent // 100)
    below = sum(revision == "new" for revision in pods[:first])
    assert replicas - first + below <= max(share, below)
    assert 0 <= first <= replicas
