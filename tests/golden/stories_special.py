"""Releases under other settings: a person decides about failures, several roll at once, nobody numbers versions, the server can't hold."""

from dataclasses import replace

from saferollout.core.views import HoldMode
from tests.golden.shop import API, OLD, TOPIC, baking, played_with, release_all, rolling
from tests.golden.stage import Stage
from tests.unit.core.little_cluster import USERS_OWN

WORDED = {**TOPIC, "compatibility": "Backward", "readers": ["notification", "billing"], "writers": ["user-service"]}


@played_with(onFailure="Pause")
def failed_and_a_person_goes_on(stage: Stage) -> None:
    """onFailure is Pause: the failed step stops and waits; somebody looks, and resumes."""
    release_all(stage, "billing")
    stage.play_until(lambda: baking(stage, "billing"))
    stage.measure("dead-letters", 40.0)
    stage.wait(30)
    stage.measure("dead-letters", 0.0)
    stage.say("resume", reason="the broker was ill")
    stage.play()


@played_with(onFailure="Pause")
def failed_and_a_person_takes_it_back(stage: Stage) -> None:
    """onFailure is Pause: the failed step stops and waits; somebody looks, and aborts."""
    release_all(stage, "billing")
    stage.play_until(lambda: baking(stage, "billing"))
    stage.measure("dead-letters", 40.0)
    stage.wait(30)
    stage.say("abort", reason="it was us")
    stage.play()


@played_with(rollbackScope="Release")
def everything_goes_back_when_the_last_step_fails(stage: Stage) -> None:
    """rollbackScope is Release: the writer fails, and whoever can go back does."""
    release_all(stage)
    stage.skip_until(lambda: baking(stage, "user-service"))
    stage.measure("dead-letters", 40.0)
    stage.play()


@played_with(maxParallel=3)
def one_of_several_that_roll_side_by_side_fails(stage: Stage) -> None:
    """Three readers roll at once; billing's pods never start, and the other two go on."""
    stage.ill("b2")
    release_all(stage)
    stage.wait(90)


@played_with(workloads=[{"name": "notification"}, {"name": "billing"}, {"name": "user-service"}, {"name": "gateway"}, {"name": "audit"}])
def a_first_revision_that_fails(stage: Stage) -> None:
    """A new reader never starts: there is nothing to go back to, so it goes away again."""
    stage.ill("a1")
    stage.create("audit", "a1", "user-events: {reads: [1]}", replicas=2)
    stage.play()


@played_with(contracts=[WORDED, API], settleSeconds=15)
def words_and_no_numbers(stage: Stage) -> None:
    """Templates that number nothing: those of one sync are one release, readers first as the word says."""
    for name in OLD:
        stage.running(name, f"{name[0]}1", None, replicas=stage.views[name].replicas)
    stage.chronicle.muted = True
    stage.status = type(stage.status)()
    stage.play()
    stage.writes.clear()
    stage.chronicle.section(stage.now, "a sync of three templates, one of them late")
    stage.apply("user-service", "u2", None)
    stage.apply("billing", "b2", None)
    stage.wait(10)
    stage.apply("notification", "n2", None)
    stage.play()


def a_server_that_can_not_hold(stage: Stage) -> None:
    """Without the policy the operator pauses at once; what started before that goes back until its turn."""
    stage.hold_mode = HoldMode.REACTIVE
    stage.checks_safety = False  # that is what weaker means
    stage.apply_unheld("user-service", "u2", "{user-events: {writes: [2]}, users-api/response: {writes: [1]}}")
    stage.wait(20)
    stage.apply_unheld("billing", "b2", "user-events: {reads: [1, 2]}")
    stage.apply_unheld("notification", "n2", "user-events: {reads: [1, 2]}")
    stage.play()


@played_with(mode="Paused")
def the_mode_is_paused(stage: Stage) -> None:
    """spec.mode is Paused: nothing starts, and it is said."""
    release_all(stage, "billing")
    stage.wait(30)


def aborted_and_then_mended(stage: Stage) -> None:
    """A person aborts in the middle of a batch; Git brings another template, and that one goes out."""
    release_all(stage, "notification", "billing")
    stage.skip_until(lambda: rolling(stage, "billing"))
    stage.say("abort", reason="it smells")
    stage.wait(40)
    stage.apply("billing", "b3", "user-events: {reads: [1, 2]}")
    stage.play()


def given_up_half_way(stage: Stage) -> None:
    """The SafeRollout is deleted in the middle of a batch: pods stay, fields and labels come back, nothing is released."""
    release_all(stage, "billing", "gateway")
    stage.skip_until(lambda: baking(stage, "billing"))
    stage.delete()
    stage.play()


def recreated_and_recreated_back(stage: Stage) -> None:
    """A Deployment with strategy Recreate: released in one go, and one that never starts goes back the same way. No two revisions meet."""
    stage.checks_strength = False  # that is what Recreate means
    stage.change("notification", "notification has strategy Recreate", strategy=replace(USERS_OWN, type="Recreate"))
    release_all(stage, "notification")
    stage.play()
    stage.ill("n3")
    stage.apply("notification", "n3", "user-events: {reads: [1, 2]}")
    stage.play()
    assert not any({"n2", "n3"} <= alive or {"n1", "n2"} <= alive for alive in stage.alive_log)


def given_up_while_the_native_controller_rolls(stage: Stage) -> None:
    """The SafeRollout is deleted in an un-batched roll, for which nothing is borrowed: the roll stops with the pods of both revisions."""
    release_all(stage, "gateway")
    stage.skip_until(lambda: sorted(stage.pods("gateway")) == ["g1", "g2"])
    pods = stage.pods("gateway")
    stage.delete()
    stage.play()
    assert stage.pods("gateway") == pods
