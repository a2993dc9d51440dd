"""An answer about consumer groups counts only for the readers that it was asked for."""

from datetime import timedelta

from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.decide import questions
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Measurement, Observations, Outcome, Question
from tests.unit.core.little_cluster import LittleCluster

EVENTS = {
    "name": "events", "writers": ["writer"],
    "topic": {
        "name": "events", "retentionSeconds": 864000,
        "consumerGroups": [{"group": "of-first", "workload": "first"}, {"group": "of-second", "workload": "second"}],
    },
}  # fmt: skip


class Broker(LittleCluster):
    """`behind`: groups that have not read everything yet."""

    behind: frozenset[str] = frozenset({"of-first", "of-second"})

    def _answers(self, snapshot: Snapshot) -> Observations:
        return Observations({one.name: tuple(self._offset(one, at=at) for at in one.instants) for one in questions(snapshot, self.now)})

    def _offset(self, question: Question, *, at: object) -> Measurement:
        if not question.name.startswith("drained/"):
            return self._measured(question.name, at)  # type: ignore[arg-type]
        return Measurement(at, Outcome.VALUE, float(sum(group in question.query.value for group in self.behind)))  # type: ignore[arg-type]


def waiting() -> Broker:
    """Return a release in which the writer has gone on, and the first reader waits for its group."""
    spec = {"workloads": [{"name": name} for name in ("writer", "first", "second")], "bakeSeconds": 0, "settleSeconds": 0, "contracts": [EVENTS]}
    broker = Broker(spec=SafeRolloutSpec.model_validate(spec))
    broker.running("writer", "w1", "events: {writes: [1]}")
    broker.running("first", "f1", "events: {reads: [1, 2]}")
    broker.running("second", "s1", "events: {reads: [1, 2]}")
    broker.play(looks=3)
    broker.apply("writer", "w2", "events: {writes: [2]}")
    broker.apply("first", "f2", "events: {reads: [2]}")
    broker.play(looks=80)
    assert broker.pods("first") == {"f1": 10}
    return broker


def test_a_reader_that_joins_in_the_look_of_the_answer_waits_for_its_own_group() -> None:
    broker = waiting()
    broker.apply("second", "s2", "events: {reads: [2]}")
    broker.behind = frozenset({"of-second"})
    for _ in range(40):
        broker.look()
        broker.now += timedelta(seconds=1)
    assert "Proved" not in broker.log and broker.pods("second") == {"s1": 10}
    broker.behind = frozenset()
    broker.play(looks=120)
    assert "Proved" in broker.log and broker.pods("second") == {"s2": 10} and broker.pods("first") == {"f2": 10}
