"""What a bypass is taken for, and what is left of it."""

from dataclasses import replace

from saferollout.core.actions import GiveBack
from tests.unit.core.shop import little_cluster


def test_used_reasons_are_given_back_with_the_rest() -> None:
    cluster = little_cluster()
    cluster.views["reader"] = replace(cluster.views["reader"], bypasses_used=True)
    cluster.deleting = True
    assert cluster.look().action == GiveBack("reader", leave_paused=False, drop_managed_by=False)
    cluster.play(looks=5)
    assert not cluster.views["reader"].bypasses_used and not cluster.finalizer
