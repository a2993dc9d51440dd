"""Pacing against a small model of the native Deployment controller."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saferollout.core.pacing import (
    allowed,
    batch_ready,
    can_step,
    next_pace,
    resolve_surge,
    resolve_unavailable,
    resolved_unavailable,
    target_pods,
)
from saferollout.core.views import Pace, ReplicaSetView, Strategy, WorkloadView

AN_HOUR_AGO = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def strategy_of(unavailable: int | str = "25%", surge: int | str = "25%") -> Strategy:
    return Strategy(
        type="RollingUpdate", max_unavailable=unavailable, max_surge=surge, min_ready_seconds=0, revision_history_limit=10
    )


def replica_set(revision: str, *, replicas: int, available: int) -> ReplicaSetView:
    return ReplicaSetView(
        name=revision, uid=revision, resource_version="1", hash=revision, pod_hash=revision, contracts=None,
        created=AN_HOUR_AGO, replicas=replicas, pods=replicas, ready=available, available=available, steady=available,
    )  # fmt: skip


def test_the_pods_of_a_batch_are_replaced_in_steps_when_it_is_restarted() -> None:
    strategy, pace = strategy_of(), Pace("50%", "30%")
    view = workload(replicas=10, old=(5, 5), new=(8, 8), strategy=strategy, pace=pace, paused=True)
    restarted = replace(view, text="restarted")
    assert next_pace(view=restarted, revision="new", batch_percent=80) == Pace("20%", "30%")
    started = replace(replica_set("new", replicas=5, available=0), name="again", text="restarted")
    stepped = replace(restarted, paused=False, paced=Pace("20%", "30%"), replica_sets=(started, *view.replica_sets))
    assert not batch_ready(view=stepped, revision="new", batch_percent=80), "what is there from before the restart is no part of it"


def workload(*, replicas: int, old: tuple[int, int], new: tuple[int, int], strategy: Strategy, pace: Pace | None, paused: bool = False):
    return WorkloadView(
        name="billing", kind="Deployment", uid="u", resource_version="1", template="new", contracts=None, template_restarted_at="",
        replicas=replicas, settled=True, paused=paused, held=False, paced=pace, pinned=False, strategy=strategy, managed_by="shop",
        replica_sets=(replica_set("new", replicas=new[0], available=new[1]), replica_set("old", replicas=old[0], available=old[1])),
    )  # fmt: skip


@dataclass
class NativeController:
    """The arithmetic of the real one, with a new ReplicaSet whose pods never count as available."""

    replicas: int
    strategy: Strategy
    old: int = 0
    new: int = 0
    old_ill: int = 0
    new_ready: int = 0
    pace: Pace | None = None

    def __post_init__(self) -> None:
        self.old = self.replicas

    def view(self) -> WorkloadView:
        return workload(
            replicas=self.replicas, old=(self.old, self.old - self.old_ill), new=(self.new, self.new_ready),
            strategy=self.strategy, pace=self.pace,
        )  # fmt: skip

    def sync(self) -> None:
        """Run until nothing moves: scale up to replicas + surge, take old ones down to replicas - unavailable, ill ones first."""
        assert self.pace is not None
        unavailable = resolve_unavailable(self.pace.max_unavailable, replicas=self.replicas)
        surge = resolve_surge(self.pace.max_surge, replicas=self.replicas)
        if unavailable == 0 and surge == 0:
            unavailable = 1
        for _ in range(2 * self.replicas + 2):
            before = (self.old, self.new)
            self.new += max(0, min(self.replicas + surge - self.old - self.new, self.replicas - self.new))
            spare = max(0, self.old - (self.replicas - unavailable))
            self._take_old(spare)
            if (self.old, self.new) == before:
                return
        raise AssertionError("the native controller did not come to rest")

    def _take_old(self, spare: int) -> None:
        ill = min(spare, self.old_ill)
        self.old_ill -= ill
        healthy = min(spare - ill, max(0, self.old - self.old_ill - (self.replicas - self._unavailable())))
        self.old -= ill + healthy

    def scale(self, replicas: int) -> None:
        """Scale by shares as scale() does in the middle of a roll: rounded, what is left over to the larger ReplicaSet."""
        assert self.pace is not None
        most_before = self.replicas + resolve_surge(self.pace.max_surge, replicas=self.replicas)
        self.replicas = replicas
        most = replicas + resolve_surge(self.pace.max_surge, replicas=replicas)
        sizes = {"old": self.old, "new": self.new}
        left = most - self.old - self.new
        order = sorted(sizes, key=lambda name: (-sizes[name], name == "old" if left > 0 else name == "new"))
        added = 0
        for name in order:
            fraction = int(sizes[name] * most / most_before + 0.5) - sizes[name]
            share = min(fraction, left - added) if left > 0 else max(fraction, left - added)
            sizes[name] += share
            added += share
        sizes[order[0]] = max(0, sizes[order[0]] + left - added)
        self.old, self.new = sizes["old"], sizes["new"]
        self.old_ill, self.new_ready = min(self.old_ill, self.old), min(self.new_ready, self.new)
        self.sync()

    def _unavailable(self) -> int:
        assert self.pace is not None
        return max(resolve_unavailable(self.pace.max_unavailable, replicas=self.replicas), 0)

    def ready(self) -> int:
        return self.old - self.old_ill + self.new_ready


sizes = st.integers(1, 400)
amounts = st.one_of(st.integers(0, 60), st.integers(0, 100).map(lambda percent: f"{percent}%"))
strategies = st.builds(strategy_of, amounts, amounts)
percents = st.integers(1, 99)


def run_batch(cluster: NativeController, percent: int, data: st.DataObject) -> None:
    """Set paces until the batch is complete; pods become ready in any order and any number at a time."""
    floor = cluster.replicas - allowed(cluster.strategy, replicas=cluster.replicas)[0]
    at_start = cluster.ready()
    for _ in range(3 * cluster.replicas + 10):
        pace = next_pace(view=cluster.view(), revision="new", batch_percent=percent)
        if pace is not None:
            cluster.pace = pace
            cluster.sync()
            assert cluster.ready() >= min(floor, at_start), "ready pods fell below what the user allows"
            most = min(cluster.replicas, -(-cluster.replicas * percent // 100))
            assert cluster.new <= most, "the batch was overshot"
        if batch_ready(view=cluster.view(), revision="new", batch_percent=percent):
            return
        waiting = cluster.new - cluster.new_ready
        assert waiting > 0 or pace is not None, "nothing is left to do and the batch is not complete"
        cluster.new_ready += data.draw(st.integers(min(1, waiting), waiting))
    raise AssertionError("the batch never completed")


@given(sizes, strategies, st.lists(percents, min_size=1, max_size=3, unique=True).map(sorted), st.data())
def test_batches_are_reached_never_overshot_and_never_cost_more_ready_pods_than_the_user_allows(
    size: int, strategy: Strategy, batches: list[int], data: st.DataObject
) -> None:
    if not can_step(strategy, replicas=size):
        return
    cluster = NativeController(replicas=size, strategy=strategy)
    for percent in batches:
        run_batch(cluster, percent, data)
        assert cluster.new == target_pods(strategy, replicas=size, batch_percent=percent)


@given(sizes, strategies, percents, st.data())
def test_ill_old_pods_may_go_first_and_cost_no_ready_pod(size: int, strategy: Strategy, percent: int, data: st.DataObject) -> None:
    if not can_step(strategy, replicas=size):
        return
    cluster = NativeController(replicas=size, strategy=strategy)
    cluster.old_ill = data.draw(st.integers(0, size))
    run_batch(cluster, percent, data)


@given(sizes, strategies)
def test_the_first_step_always_starts_at_least_one_new_pod(size: int, strategy: Strategy) -> None:
    if not can_step(strategy, replicas=size):
        return
    pace = next_pace(view=NativeController(replicas=size, strategy=strategy).view(), revision="new", batch_percent=1)
    assert pace is not None
    assert resolve_unavailable(pace.max_unavailable, replicas=size) + resolve_surge(pace.max_surge, replicas=size) >= 1


@given(sizes, strategies, percents)
def test_a_complete_batch_is_the_wanted_share_to_within_one_percent(size: int, strategy: Strategy, percent: int) -> None:
    if not can_step(strategy, replicas=size):
        return
    wanted = min(size, -(-size * percent // 100))
    reached = target_pods(strategy, replicas=size, batch_percent=percent)
    assert max(1, wanted - -(-size // 100)) <= reached <= wanted
    if size <= 100:
        assert reached == wanted


@given(st.integers(4, 100), st.integers(4, 100), strategies, percents, st.data())
def test_an_autoscaler_in_the_middle_of_a_batch_leaves_the_share_and_the_batch_completes(
    size: int, scaled: int, strategy: Strategy, percent: int, data: st.DataObject
) -> None:
    if not (can_step(strategy, replicas=size) and can_step(strategy, replicas=scaled)):
        return
    cluster = NativeController(replicas=size, strategy=strategy)
    run_batch(cluster, percent, data)
    share_before = cluster.new / size
    cluster.scale(scaled)
    # Each of surge, unavailable and the native controller's own shares is rounded to whole pods, before and after.
    assert abs(cluster.new - share_before * scaled) <= 2 + 2 * scaled / size
    for _ in range(3 * scaled):
        if batch_ready(view=cluster.view(), revision="new", batch_percent=percent):
            break
        pace = next_pace(view=cluster.view(), revision="new", batch_percent=percent)
        if pace is not None:
            cluster.pace = pace
            cluster.sync()
        cluster.new_ready = cluster.new
    assert batch_ready(view=cluster.view(), revision="new", batch_percent=percent)


@pytest.mark.parametrize(("size", "scaled", "new_pods"), [(10, 20, 6), (10, 30, 9), (20, 10, 3)])
def test_the_share_follows_an_autoscaler_without_a_write(size: int, scaled: int, new_pods: int) -> None:
    cluster = NativeController(replicas=size, strategy=strategy_of(unavailable="100%", surge=0))
    cluster.pace = next_pace(view=cluster.view(), revision="new", batch_percent=30)
    assert cluster.pace == Pace(max_unavailable="30%", max_surge=0)
    cluster.sync()
    cluster.scale(scaled)
    assert (cluster.new, cluster.old) == (new_pods, scaled - new_pods)
    assert next_pace(view=cluster.view(), revision="new", batch_percent=30) is None


def test_one_surge_and_nothing_unavailable_goes_pod_by_pod() -> None:
    cluster = NativeController(replicas=10, strategy=strategy_of(unavailable=0, surge=1))
    seen = []
    for _ in range(5):
        pace = next_pace(view=cluster.view(), revision="new", batch_percent=50)
        assert pace is not None
        cluster.pace = pace
        cluster.sync()
        seen.append((pace.max_unavailable, pace.max_surge, cluster.old, cluster.new))
        cluster.new_ready = cluster.new
    assert seen == [
        ("0%", "10%", 10, 1), ("10%", "10%", 9, 2), ("20%", "10%", 8, 3), ("30%", "10%", 7, 4), ("40%", "10%", 6, 5),
    ]  # fmt: skip
    assert batch_ready(view=cluster.view(), revision="new", batch_percent=50)


def test_new_pods_that_never_get_ready_stop_the_batch_where_it_is() -> None:
    view = workload(replicas=10, old=(10, 10), new=(1, 0), strategy=strategy_of(0, 1), pace=Pace("0%", "10%"))
    assert next_pace(view=view, revision="new", batch_percent=50) is None
    assert not batch_ready(view=view, revision="new", batch_percent=50)


def test_a_pod_that_falls_ill_never_lowers_the_pace() -> None:
    view = workload(replicas=10, old=(7, 7), new=(3, 0), strategy=strategy_of(1, 0), pace=Pace("30%", 0))
    assert next_pace(view=view, revision="new", batch_percent=50) is None


def test_a_superseding_revision_begins_with_its_own_first_batch_and_not_with_the_pace_that_stands() -> None:
    strategy = strategy_of(3, 0)
    view = workload(replicas=10, old=(10, 10), new=(0, 0), strategy=strategy, pace=Pace("40%", 0), paused=True)
    assert next_pace(view=view, revision="new", batch_percent=20) == Pace("20%", 0)


def test_a_first_pace_that_is_set_but_not_yet_followed_is_not_set_again() -> None:
    view = workload(replicas=10, old=(10, 10), new=(0, 0), strategy=strategy_of(3, 0), pace=Pace("20%", 0))
    assert next_pace(view=view, revision="new", batch_percent=20) is None


def test_a_paused_workload_gets_its_pace_again_because_none_is_in_force() -> None:
    pace = Pace("30%", 0)
    view = workload(replicas=10, old=(7, 7), new=(3, 3), strategy=strategy_of(3, 0), pace=pace, paused=True)
    assert next_pace(view=view, revision="new", batch_percent=30) == pace


def test_a_workload_at_zero_replicas_needs_no_pace_and_is_ready() -> None:
    view = workload(replicas=0, old=(0, 0), new=(0, 0), strategy=strategy_of(), pace=None)
    assert next_pace(view=view, revision="new", batch_percent=20) is None
    assert batch_ready(view=view, revision="new", batch_percent=20)


def test_a_controller_that_has_not_seen_the_pace_yet_is_not_ready() -> None:
    settled = workload(replicas=10, old=(7, 7), new=(3, 3), strategy=strategy_of(3, 0), pace=Pace("30%", 0))
    unseen = WorkloadView(**{name: getattr(settled, name) for name in settled.__slots__} | {"settled": False})
    assert batch_ready(view=settled, revision="new", batch_percent=30)
    assert not batch_ready(view=unseen, revision="new", batch_percent=30)


@pytest.mark.parametrize(("unavailable", "surge", "pods"), [("25%", "25%", 2), (3, 0, 3), (0, 1, 0), ("5%", 0, 1), (50, 0, 10)])
def test_unavailable_pods_resolve_as_in_kubernetes_from_the_users_own_strategy(unavailable: int | str, surge: int | str, pods: int) -> None:
    view = workload(replicas=10, old=(10, 10), new=(0, 0), strategy=strategy_of(unavailable, surge), pace=Pace("70%", 0))
    assert resolved_unavailable(view) == pods


def test_less_than_one_percent_of_play_is_too_little_for_batches() -> None:
    assert not can_step(strategy_of(unavailable=0, surge=1), replicas=101)
    assert can_step(strategy_of(unavailable=1, surge=1), replicas=101)
    assert can_step(strategy_of(unavailable=0, surge=0), replicas=100)


def test_a_surge_that_no_percentage_can_say_stays_in_the_users_own_words() -> None:
    view = NativeController(replicas=150, strategy=strategy_of(unavailable=2, surge=1)).view()
    pace = next_pace(view=view, revision="new", batch_percent=20)
    assert pace is not None
    assert pace.max_surge == 1


@given(st.integers(4, 400), st.integers(4, 400), st.integers(1, 99))
def test_a_batch_that_an_autoscaler_scaled_is_neither_overshot_by_more_than_rounding_nor_never_ready(before: int, after: int, share: int) -> None:
    strategy = strategy_of()
    pace = complete(strategy, replicas=before, share=share)
    while True:
        pods = resolve_unavailable(pace.max_unavailable, replicas=after) + resolve_surge(pace.max_surge, replicas=after)
        view = workload(replicas=after, old=(after, after), new=(pods, pods), strategy=strategy, pace=pace)
        further = next_pace(view=view, revision="new", batch_percent=share)
        if further is None:
            break
        pace = further
    target = target_pods(strategy, replicas=after, batch_percent=share)
    left_by_the_old_size = resolve_unavailable(complete(strategy, replicas=before, share=share).max_unavailable, replicas=after) + resolve_surge(
        complete(strategy, replicas=before, share=share).max_surge, replicas=after
    )
    assert pods <= max(target, left_by_the_old_size) + ceil(after / 100)
    assert batch_ready(view=view, revision="new", batch_percent=share)


def complete(strategy: Strategy, *, replicas: int, share: int) -> Pace:
    """Return the pace at which a batch of so many replicas is complete."""
    pods = target_pods(strategy, replicas=replicas, batch_percent=share)
    view = workload(replicas=replicas, old=(replicas, replicas), new=(pods, pods), strategy=strategy, pace=None)
    pace = next_pace(view=view, revision="new", batch_percent=share)
    assert pace is not None
    return pace
