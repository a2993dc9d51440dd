"""Releases that go forward: to their end, by themselves or with somebody's word."""

from tests.golden.shop import API, NEW, PRICES, TOPIC, baking, played_with, release_all, rolling
from tests.golden.stage import Stage


def success(stage: Stage) -> None:
    """Four services in a proved order, in batches, behind gates; Git brought them in the wrong order."""
    release_all(stage, "user-service", "gateway", "billing", "notification")
    stage.play()


def success_of_a_single_workload(stage: Stage) -> None:
    """A bug fix in one service: nothing waits for anybody."""
    stage.apply("billing", "b2", "user-events: {reads: [1]}")
    stage.play()


def late_joiners_in_the_wrong_order(stage: Stage) -> None:
    """The writer comes first and is held; its readers arrive one by one and join the release."""
    release_all(stage, "user-service")
    stage.wait(10)
    release_all(stage, "gateway")
    stage.wait(10)
    release_all(stage, "billing")
    stage.wait(10)
    release_all(stage, "notification")
    stage.play()


def joiner_while_another_rolls(stage: Stage) -> None:
    """A reader's template arrives while another reader bakes: planned in, before the writer."""
    release_all(stage, "notification", "user-service", "gateway")
    stage.play_until(lambda: baking(stage, "notification"))
    release_all(stage, "billing")
    stage.play()


def user_pauses_and_resumes(stage: Stage) -> None:
    """A person pauses in the middle of a batch and resumes a while later."""
    release_all(stage, "notification", "billing")
    stage.play_until(lambda: rolling(stage, "billing"))
    stage.say("pause", reason="lunch")
    stage.wait(40)
    stage.say("resume")
    stage.play()


def a_gate_that_fails_before_the_first_step_is_approved(stage: Stage) -> None:
    """The gateway answers 4xx already: the fix must not be blocked by what it mends, but a person is asked."""
    stage.measure("gateway-4xx", 0.2)
    stage.apply("gateway", "g2", "users-api/response: {reads: [1]}")
    stage.wait(30)
    stage.say("approve", subject="gate/gateway-4xx", reason="this is the fix")
    stage.play_until(lambda: baking(stage, "gateway"))
    stage.measure("gateway-4xx", 0.0)
    stage.play()


def expedite(stage: Stage) -> None:
    """Friday night: no bakes and no inconclusive holds, but the same order."""
    stage.measure("gateway-4xx", None)
    release_all(stage)
    stage.wait(20)
    stage.say("expedite", reason="CVE of tonight")
    stage.play()


def inconclusive_holds_and_goes_on_alone(stage: Stage) -> None:
    """Too little traffic in the middle of a bake: neither on nor back, until there is some."""
    stage.apply("user-service", "u2", "{user-events: {writes: [1]}, users-api/response: {writes: [1]}}")
    stage.play_until(lambda: baking(stage, "user-service"))
    stage.measure("gateway-4xx", None)
    stage.wait(60)
    stage.measure("gateway-4xx", 0.0)
    stage.play()


def prometheus_goes_and_comes_back(stage: Stage) -> None:
    """Prometheus is away before the first step and again in the middle of a batch: hold, the reason, on again alone."""
    stage.prometheus_goes()
    release_all(stage, "notification", "billing")
    stage.wait(30)
    stage.prometheus_comes_back()
    stage.play_until(lambda: rolling(stage, "billing"))
    stage.prometheus_goes()
    stage.wait(90)
    stage.prometheus_comes_back()
    stage.play()


def supersede_directly(stage: Stage) -> None:
    """A hotfix for the workload that is rolling, safe beside every revision alive: it goes on from where it is."""
    stage.apply("user-service", "u2", "{user-events: {writes: [1]}, users-api/response: {writes: [1]}}")
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    stage.apply("user-service", "u3", "{user-events: {writes: [1]}, users-api/response: {writes: [1]}}")
    stage.play()


@played_with(contracts=[TOPIC, API, PRICES])
def supersede_by_way_of_the_stable_revision(stage: Stage) -> None:
    """A newer template that can't live beside the half-rolled one: back to what ran, and then on."""
    stage.apply("billing", "b2", "{user-events: {reads: [1, 2]}, prices: {reads: [1, 2], writes: [1]}}")
    stage.play_until(lambda: baking(stage, "billing"))
    stage.apply("billing", "b3", "{user-events: {reads: [1]}, prices: {reads: [1, 3], writes: [3]}}")
    stage.play()


def hand_in_a_release(stage: Stage) -> None:
    """An autoscaler scales, an owner pauses, and goes on: the share of new pods stays."""
    stage.apply("user-service", "u2", NEW["user-service"].replace("[2]", "[1]"))
    stage.play_until(lambda: baking(stage, "user-service", batch=1))
    stage.checks_strength = False  # the new pods of the autoscaler take their time
    stage.change("user-service", "an autoscaler scales user-service from 10 to 20", replicas=20)
    stage.wait(5)
    stage.change("user-service", "its owner pauses user-service", owner_paused="index rebuild")
    stage.wait(60)
    stage.change("user-service", "its owner lets user-service go on", owner_paused=None)
    stage.play()
