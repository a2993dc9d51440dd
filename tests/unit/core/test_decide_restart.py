"""A restart that a person asks for replaces the pods that run, and nothing else changes."""

from tests.unit.core.shop import WRITES_1, WRITES_3, little_cluster


def test_a_restart_under_a_held_template_pins_what_runs_and_gives_gits_template_back_held() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.apply("writer", "w3", WRITES_3)
    cluster.play(looks=5)
    cluster.say("restart", subject="writer")
    cluster.play(looks=10)
    assert cluster.log.index("PinBack writer") < cluster.log.index("Restarted writer") < cluster.log.index("Unpin writer")
    view = cluster.views["writer"]
    assert (view.template, view.held, view.pinned) == ("w3", True, False)
    assert cluster.pods("writer") == {"w1": 10}
    assert view.of("w1")[0].restarted_at
    assert "w3" not in {revision for alive in cluster.alive_log for revision in alive}


def test_a_restart_while_nothing_is_held_replaces_the_pods_once_and_pins_nothing() -> None:
    cluster = little_cluster(gating="Disabled")
    cluster.say("restart", subject="writer")
    cluster.play(looks=10)
    assert "Restart writer" in cluster.log and "Restarted writer" in cluster.log
    assert not {"PinBack writer", "Unpin writer", "Hold writer"} & set(cluster.log)
    assert cluster.log.count("Restart writer") == 1


def test_a_template_that_comes_in_the_middle_of_a_restart_is_held_and_the_restart_ends() -> None:
    cluster = little_cluster(gating="Disabled", mode="Paused")
    cluster.broken.add("w1")
    cluster.say("restart", subject="writer")
    cluster.play(looks=3)
    cluster.apply("writer", "w2", WRITES_1)
    cluster.broken.clear()
    cluster.play(looks=20)
    assert cluster.status.workloads[0].restart_time == ""
    assert cluster.views["writer"].held and cluster.views["writer"].template == "w2"
    assert set(cluster.pods("writer")) == {"w1"}
