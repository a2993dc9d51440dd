"""What people say is heard once, however it is written."""

from dataclasses import replace

from tests.unit.core.shop import WRITES_1, little_cluster


def test_a_command_whose_id_is_longer_than_status_keeps_is_carried_out_once() -> None:
    cluster = little_cluster(gating="Disabled", bakeSeconds=300)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.play_until_new_pods("writer", "w2")
    cluster.say("pause")
    cluster.commands = (replace(cluster.commands[0], id="x" * 100),)
    cluster.look()
    cluster.look()
    assert cluster.log.count("CommandAccepted") == 1
