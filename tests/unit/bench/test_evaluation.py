"""The bench of one evaluation, in small: what it counts is what is asked over HTTP, and that does not grow with the pods."""

from bench.evaluation.evaluating import all_questions, evaluated
from bench.evaluation.shop import BEGAN, EVERY, big_release
from saferollout.core.analysis.asking import ASKED, discovery_questions
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.measurements import Question

LOOK = 4


def asked(pods: int) -> tuple[Question, ...]:
    snapshot, scrapes = big_release(pods=pods, looks=LOOK, seed=1)
    there = scrapes.answers(tuple(discovery_questions(snapshot, BEGAN)), to=BEGAN)
    return all_questions(snapshot, there, BEGAN + LOOK * EVERY)


def test_a_signal_is_asked_for_once_for_all_arms_workloads_and_contracts_however_many_pods_there_are() -> None:
    few, many = asked(2), asked(12)
    assert [one.name for one in few] == [one.name for one in many]
    signals = [one.name.removeprefix(ASKED).split("/")[1] for one in many if one.name.startswith(f"{ASKED}series/")]
    assert len(signals) > 15
    assert len(set(signals)) == len(signals) <= len({series.signal for series in BUILT_IN.series})


def test_a_look_sends_one_query_for_each_question_and_the_first_one_for_each_look_before() -> None:
    questions = asked(2)
    found = evaluated(pods=2, looks=(LOOK, LOOK + 1))
    series = [one for one in questions if one.name.startswith(f"{ASKED}series/")]
    discovery = len(questions) - len(series)
    history = sum(len(one.instants) for one in series)
    assert found.looks[1].queries == len({one.query for one in series})
    assert found.looks[0].queries - discovery - history < discovery + len(series), "only where nothing is found it is asked why"
