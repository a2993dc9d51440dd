"""A behaviour unfolds into what a kubelet would report."""

from itertools import islice

import pytest

from localcluster.pod_script import BEHAVIOUR_ANNOTATION, Behaviour, Script, UnknownBehaviour, parse_script, stages


def test_a_pod_without_the_annotation_becomes_ready_at_once() -> None:
    assert [(stage.delay, stage.ready) for stage in stages(parse_script({}))] == [(0, True)]


def test_a_slow_pod_runs_first_and_is_ready_after_its_seconds() -> None:
    script = parse_script({BEHAVIOUR_ANNOTATION: "slow:2.5"})
    assert [(stage.delay, stage.phase, stage.ready) for stage in stages(script)] == [(0, "Running", False), (2.5, "Running", True)]


def test_a_crash_loop_restarts_more_and_more_slowly_and_its_readiness_flaps() -> None:
    played = list(islice(stages(Script(Behaviour.CRASH_LOOP)), 40))
    assert [stage.ready for stage in played[:5]] == [True, False, False, False, True]
    assert max(stage.restarts for stage in played) == 9
    waits = [stage.delay for stage in played if stage.delay >= 1]
    assert waits == sorted(waits)
    assert waits[-1] == 8.0


def test_a_crash_loop_goes_on_counting_from_what_the_pod_had() -> None:
    assert next(stages(Script(Behaviour.CRASH_LOOP), restarts=4)).restarts == 4


def test_a_pod_that_crashes_later_is_ready_before() -> None:
    first, second = islice(stages(parse_script({BEHAVIOUR_ANNOTATION: "crash-after:7"})), 2)
    assert first.ready
    script = list(islice(stages(parse_script({BEHAVIOUR_ANNOTATION: "crash-after:7"})), 3))
    assert (second.ready, script[2].delay) == (True, 7.0)


@pytest.mark.parametrize("text", ["", "redy", "slow:fast", "slow:1:2"])
def test_an_unknown_behaviour_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UnknownBehaviour, match="crash-loop, image-pull-error"):
        parse_script({BEHAVIOUR_ANNOTATION: text})
