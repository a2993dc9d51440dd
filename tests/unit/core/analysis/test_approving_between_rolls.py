"""A hold between two rolls names its way out, and a person's word then stands for the next start and no more."""

from dataclasses import replace

from saferollout.cli.headline import approvable
from saferollout.cli.picture import Picture
from saferollout.core.heeding import WAY_OUT
from saferollout.core.measurements import Outcome
from tests.unit.cli.pictures import picture, raw
from tests.unit.core.analysis.answering_server import METRIC, requests, shop_of
from tests.unit.core.analysis.played_releases import summary
from tests.unit.core.analysis.watched_cluster import WatchedCluster


def held_between_rolls() -> WatchedCluster:
    """The server is rolled out; before the client's turn Prometheus stops answering for good."""
    shop = shop_of(requests(lambda revision: 5.0))
    shop.apply("client", "client2", None)
    shop.views["client"] = replace(shop.views["client"], owner_paused="by its owner")
    for _ in range(30):
        if shop.pods("server") == {"server2": 10} and not shop.status.release.rolls:  # type: ignore[union-attr]
            break
        shop.play(looks=10)
    shop.refuse(METRIC, Outcome.UNREACHABLE, "no answer")
    shop.play(looks=20)
    shop.views["client"] = replace(shop.views["client"], owner_paused=None)
    shop.play(looks=20)
    assert shop.status.release is not None and not shop.status.release.rolls
    assert shop.pods("client") == {"client1": 10}, "the hold keeps the next roll from starting"
    return shop


def seen(shop: WatchedCluster) -> Picture:
    return picture(raw(shop.status.model_dump(by_alias=True, mode="json"), analysis={"mode": "Enforce"}))


def test_a_hold_between_two_rolls_is_let_go_on_by_a_word_on_the_analysis_and_holds_the_next_batch_anew() -> None:
    shop = held_between_rolls()
    assert summary(shop).startswith("Waiting") and summary(shop).endswith(WAY_OUT), summary(shop)
    assert approvable(seen(shop)) == ("analysis",), "the next command on the screen"
    shop.say("approve", subject="analysis", reason="seen by eye")
    shop.play(looks=100)
    assert shop.status.commands[-1].accepted, shop.status.commands[-1]
    [roll] = shop.status.release.rolls  # type: ignore[union-attr]
    assert (roll.workload, roll.batch, roll.batches) == ("client", 0, 1), "it has started, and goes no further on that word"
    assert summary(shop).endswith(WAY_OUT), summary(shop)
    assert approvable(seen(shop)) == ("analysis",)


def test_a_new_template_takes_the_word_back() -> None:
    shop = held_between_rolls()
    shop.views["client"] = replace(shop.views["client"], owner_paused="by its owner")
    shop.say("approve", subject="analysis")
    shop.play(looks=2)
    shop.apply("client", "client3", None)
    shop.views["client"] = replace(shop.views["client"], owner_paused=None)
    shop.play(looks=60)
    assert shop.pods("client") == {"client1": 10} and summary(shop).endswith(WAY_OUT), summary(shop)


def test_where_nothing_is_held_there_is_nothing_to_approve() -> None:
    shop = held_between_rolls()
    shop.refusals.clear()
    shop.views["client"] = replace(shop.views["client"], owner_paused="by its owner")
    shop.play(looks=30)
    shop.say("approve", subject="analysis")
    shop.play(looks=2)
    assert not shop.status.commands[-1].accepted, shop.status.commands[-1]
