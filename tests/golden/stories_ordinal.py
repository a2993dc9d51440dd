"""Releases of a StatefulSet beside a Deployment: its pods are replaced in place, and a broken one stands in the way of all others."""

from collections.abc import Callable
from functools import partial

from saferollout.api.spec import Mode, SafeRolloutSpec
from tests.golden.shop import LETTERS, TOPIC, baking, rolling
from tests.golden.stage import Stage

_READS_1, _READS_BOTH = "user-events: {reads: [1]}", "user-events: {reads: [1, 2]}"
_WRITES_1, _WRITES_2 = "user-events: {writes: [1]}", "user-events: {writes: [2]}"


def a_statefulset_reads_before_its_writer_writes(stage: Stage) -> None:
    """A StatefulSet learns to read the next version, in two batches from the highest ordinal, before the Deployment that writes it rolls."""

    def release(shop: Stage) -> None:
        shop.apply("writer", "w2", _WRITES_2)
        shop.apply("ledger", "l2", _READS_BOTH)

    _in_a_fresh_shop(stage, "a release in order", then=release)


def a_statefulset_that_never_gets_ready(stage: Stage) -> None:
    """The first new pod of a StatefulSet never starts: it is replaced by one of the old revision, and nothing in spec is rewritten."""

    def release(shop: Stage) -> None:
        shop.ill("l2")
        shop.apply("ledger", "l2", _READS_BOTH)

    _in_a_fresh_shop(stage, "the first new pod never starts", then=release)


def a_statefulset_goes_back_from_several_moments(stage: Stage) -> None:
    """Dead letters rise in the first batch, when the old revision is the current one yet, and in the last, when it is not any more."""

    def letters(shop: Stage, *, batch: int) -> None:
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.skip_until(lambda: baking(shop, "ledger", batch=batch))
        shop.measure("dead-letters", 40.0)

    for batch in (0, 1):
        _in_a_fresh_shop(stage, f"dead letters rise in batch {batch + 1}", then=partial(letters, batch=batch))


def a_fix_gets_past_a_broken_pod(stage: Stage) -> None:
    """A newer template takes the place of one whose pod never starts; the controller would wait for that pod for ever."""

    def fix(shop: Stage) -> None:
        shop.ill("l2")
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.skip_until(lambda: rolling(shop, "ledger"))
        shop.apply("ledger", "l3", _READS_BOTH)

    _in_a_fresh_shop(stage, "a fix", then=fix)


def a_statefulset_is_scaled_to_nothing_in_a_batch(stage: Stage) -> None:
    """In the middle of its batches a StatefulSet is scaled to nothing and back: what ran comes back first, then the batch begins anew."""

    def scale(shop: Stage) -> None:
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.skip_until(lambda: baking(shop, "ledger"))
        shop.checks_strength = False
        shop.change("ledger", "somebody scales ledger to 0", replicas=0)
        shop.wait(30)
        shop.change("ledger", "somebody scales ledger to 4", replicas=4)

    _in_a_fresh_shop(stage, "scaled to nothing in a batch", then=scale)


def git_reverts_a_statefulset_with_a_broken_pod(stage: Stage) -> None:
    """Git goes back to what ran while the first new pod never starts: nothing to wait for but that pod, which is replaced."""

    def revert(shop: Stage) -> None:
        shop.ill("l2")
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.skip_until(lambda: rolling(shop, "ledger"))
        shop.apply("ledger", "l1", _READS_1)

    _in_a_fresh_shop(stage, "a revert", then=revert)


def a_statefulset_grows_and_shrinks_in_a_batch(stage: Stage) -> None:
    """An autoscaler in the middle of a batch: added pods are new ones until the operator raises the partition, and new ones go first."""

    def scale(shop: Stage) -> None:
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.skip_until(lambda: baking(shop, "ledger"))
        shop.checks_strength = False
        shop.change("ledger", "an autoscaler scales ledger to 8", replicas=8)
        shop.wait(20)
        shop.change("ledger", "an autoscaler scales ledger to 4", replicas=4)

    _in_a_fresh_shop(stage, "grows and shrinks", then=scale)


def a_held_statefulset_is_scaled_to_nothing_and_back(stage: Stage) -> None:
    """Without pods the controller would take the held template for the current one, so the old one is pinned until there are pods again."""

    def scale(shop: Stage) -> None:
        shop.apply("ledger", "l2", _READS_BOTH)
        shop.checks_strength = False
        shop.change("ledger", "somebody scales ledger to 0", replicas=0)
        shop.wait(30)
        shop.change("ledger", "somebody scales ledger to 3", replicas=3)
        shop.wait(30)
        shop.checks_strength = True
        shop.set_mode(Mode.AUTOMATIC)

    _in_a_fresh_shop(stage, "scaled to nothing and back", then=scale, mode=Mode.PAUSED)


def _in_a_fresh_shop(stage: Stage, title: str, *, then: Callable[[Stage], None], mode: Mode = Mode.AUTOMATIC) -> None:
    """Play a story with a writer, and a reader that is a StatefulSet, after the operator has taken them over."""
    workloads = [{"name": "writer"}, {"name": "ledger", "batches": ["50%"]}]
    spec = {"contracts": [TOPIC], "workloads": workloads, "gates": [LETTERS], "bakeSeconds": 10, "settleSeconds": 0, "progressDeadlineSeconds": 30}
    fresh = Stage(spec=SafeRolloutSpec.model_validate(spec), memory=stage.memory)
    fresh.running("writer", "w1", _WRITES_1, replicas=2)
    fresh.running_by_ordinal("ledger", "l1", _READS_1, replicas=4)
    fresh.play()
    fresh.writes.clear()
    if mode is not Mode.AUTOMATIC:
        fresh.set_mode(mode)
    fresh.chronicle.section(fresh.now, title)
    then(fresh)
    fresh.play()
    fresh.chronicle.end(fresh.now, fresh.status, fresh.views)
    stage.chronicle.lines.extend([*fresh.chronicle.lines, ""])
    stage.writes.extend(fresh.writes)
    stage.ends.append(fresh)
