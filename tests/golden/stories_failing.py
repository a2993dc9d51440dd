"""Releases that fail, each at another step, and releases that a person aborts, each at another moment."""

from collections.abc import Callable

from tests.golden.shop import baking, release_all, rolling, shop
from tests.golden.stage import Stage

BATCHES = (("notification", 0), ("billing", 0), ("billing", 1), ("gateway", 0), ("user-service", 0), ("user-service", 1), ("user-service", 2))


def a_gate_fails_at_every_step(stage: Stage) -> None:
    """The release of four services, once for each of its batches: dead letters rise while that batch bakes."""
    for name, batch in BATCHES:
        _in_a_fresh_shop(
            stage,
            f"dead letters rise in batch {batch + 1} of {name}",
            reached=lambda shop, name=name, batch=batch: baking(shop, name, batch=batch),
            then=lambda shop: shop.measure("dead-letters", 40.0),
        )


def a_gate_fails_while_pods_start(stage: Stage) -> None:
    """The same, while the new pods of the batch are still starting: gates are judged all the time."""
    for name, batch in (("billing", 1), ("user-service", 1)):
        _in_a_fresh_shop(
            stage,
            f"dead letters rise while batch {batch + 1} of {name} rolls",
            reached=lambda shop, name=name, batch=batch: rolling(shop, name, batch=batch),
            then=lambda shop: shop.measure("dead-letters", 40.0),
        )


def aborted_at_several_moments(stage: Stage) -> None:
    """A person aborts: before the first step, while pods start, in a bake, and while the release is paused between two steps."""

    def abort(shop: Stage) -> None:
        shop.say("abort", reason="it smells")

    _in_a_fresh_shop(stage, "abort before the first step", reached=lambda shop: shop.status.release is not None, then=abort)
    _in_a_fresh_shop(stage, "abort while pods of billing start", reached=lambda shop: rolling(shop, "billing"), then=abort)
    _in_a_fresh_shop(stage, "abort in the last bake of user-service", reached=lambda shop: baking(shop, "user-service", batch=2), then=abort)

    def pause_first(shop: Stage) -> None:
        shop.say("pause", reason="lunch")
        shop.wait(20)
        abort(shop)

    _in_a_fresh_shop(stage, "abort while paused after billing", reached=lambda shop: baking(shop, "billing", batch=1), then=pause_first)


def _in_a_fresh_shop(stage: Stage, title: str, *, reached: Callable[[Stage], bool], then: Callable[[Stage], None]) -> None:
    """Play the release of all four up to a moment in a shop of its own, and write down from there."""
    fresh = shop(stage.memory)
    fresh.chronicle.muted = True
    release_all(fresh)
    fresh.skip_until(lambda: reached(fresh))
    fresh.chronicle.section(fresh.now, title)
    then(fresh)
    fresh.play()
    fresh.chronicle.end(fresh.now, fresh.status, fresh.views)
    stage.chronicle.lines.extend([*fresh.chronicle.lines, ""])
    stage.writes.extend(fresh.writes)
    stage.ends.append(fresh)
