"""Releases that go back: refused, failed, aborted, reverted."""

from tests.golden.shop import NEW, OLD, baking, release_all
from tests.golden.stage import Stage


def refused_then_repaired(stage: Stage) -> None:
    """No order is safe: the counter-example and the repair; then Git applies the repair."""
    stage.apply("user-service", "u2", NEW["user-service"])
    stage.apply("notification", "n2", "user-events: {reads: [2]}")
    stage.apply("billing", "b2", NEW["billing"])
    stage.apply("gateway", "g2", NEW["gateway"])
    stage.wait(20)
    stage.apply("notification", "n3", NEW["notification"])
    stage.play()


def refused_then_reverted(stage: Stage) -> None:
    """A writer whose readers don't follow is refused; Git takes it back, and nothing has happened."""
    release_all(stage, "user-service")
    stage.wait(20)
    stage.apply("user-service", "u1", OLD["user-service"])
    stage.play()


def reverted_half_way(stage: Stage) -> None:
    """Git takes the rolling workload back to what ran: released at once."""
    release_all(stage)
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    stage.apply("user-service", "u1", OLD["user-service"])
    stage.play()


def reverted_after_a_failure(stage: Stage) -> None:
    """The failed template leaves Git: the failure is cleared with no hand."""
    stage.apply("billing", "b2", OLD["billing"])
    stage.play_until(lambda: baking(stage, "billing"))
    stage.measure("dead-letters", 40.0)
    stage.wait(60)
    stage.measure("dead-letters", 0.0)
    stage.apply("billing", "b1", OLD["billing"])
    stage.play()


def retried_after_a_failure(stage: Stage) -> None:
    """The template was innocent; somebody says retry."""
    stage.apply("billing", "b2", OLD["billing"])
    stage.play_until(lambda: baking(stage, "billing"))
    stage.measure("dead-letters", 40.0)
    stage.wait(60)
    stage.measure("dead-letters", 0.0)
    stage.say("retry", reason="the broker was ill")
    stage.play()


def progress_deadline_exceeded(stage: Stage) -> None:
    """The new pods never start: the deadline, and the way back."""
    stage.ill("b2")
    release_all(stage, "billing")
    stage.play()


def crash_loop(stage: Stage) -> None:
    """The new pods are ready now and then: a crash loop is no progress."""
    stage.ill("b2", crashing=True)
    release_all(stage, "billing")
    stage.play()


def rolled_back_by_command(stage: Stage) -> None:
    """Everything went out; a person sends the whole release back, as far as that is safe, and Git follows."""
    release_all(stage, "notification", "billing")
    stage.skip_until(lambda: stage.is_over() and stage.status.release is not None)
    stage.say("rollback", reason="customers complain")
    stage.play()
    for name in ("notification", "billing"):
        stage.apply(name, f"{name[0]}1", OLD[name])
    stage.play()


def rolled_back_by_command_down_to_the_floor(stage: Stage) -> None:
    """The writer's new version lies in the topic: its readers have to stay."""
    release_all(stage)
    stage.skip_until(lambda: stage.is_over() and stage.status.release is not None)
    stage.say("rollback", reason="customers complain")
    stage.play()
