"""Git goes back under words: what may be below its floor waits for a person, what runs still is released at once."""

import pytest

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import state

APPROVAL = "Prove/events/generation-0"


def worded_cluster(word: str, *, batches: tuple[str, ...] = ()) -> LittleCluster:
    """Return a reader r1 and a writer w1 of one topic, whose format is told only by a word."""
    contract = {"name": "events", "topic": {"name": "events"}, "compatibility": word, "readers": ["reader"], "writers": ["writer"]}
    workloads = [{"name": name, "batches": list(batches)} for name in ("writer", "reader")]
    spec = {"workloads": workloads, "contracts": [contract], "bakeSeconds": 5, "settleSeconds": 2, "gating": "Disabled"}
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("writer", "w1", None)
    cluster.running("reader", "r1", None)
    cluster.play()
    return cluster


def released(word: str, *, batches: tuple[str, ...] = ()) -> LittleCluster:
    """Return the cluster after a release of both."""
    cluster = worded_cluster(word, batches=batches)
    cluster.apply("reader", "r2", None)
    cluster.apply("writer", "w2", None)
    cluster.play()
    return cluster


def asked(cluster: LittleCluster) -> list[str]:
    release = cluster.status.release
    return [step.id for step in release.steps if step.kind == "Approve" and step.state == "Waiting"] if release is not None else []


@pytest.mark.parametrize("word", ["Backward", "BackwardTransitive"])
def test_a_reader_that_is_reverted_after_its_release_waits_for_a_person(word: str) -> None:
    cluster = released(word)
    cluster.apply("reader", "r1", None)
    cluster.play()
    assert (state(cluster), asked(cluster)) == (State.AWAITING_APPROVAL, ["Approve/events/generation-0"])
    assert cluster.pods("reader") == {"r2": 10}
    cluster.say("approve", subject=APPROVAL)
    cluster.play()
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10})


def test_a_reader_that_is_reverted_needs_nobody_where_the_word_says_that_it_reads_what_is_new() -> None:
    cluster = released("Full")
    cluster.apply("reader", "r1", None)
    cluster.play()
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10})


def test_a_reader_that_is_reverted_while_its_writer_rolls_waits_for_a_person() -> None:
    cluster = worded_cluster("Backward", batches=("50%",))
    cluster.apply("reader", "r2", None)
    cluster.apply("writer", "w2", None)
    cluster.play_until_new_pods("writer", "w2")
    cluster.apply("reader", "r1", None)
    cluster.play()
    assert (state(cluster), asked(cluster)) == (State.AWAITING_APPROVAL, ["Approve/events/generation-0"])
    assert (cluster.pods("reader"), cluster.pods("writer")) == ({"r2": 10}, {"w2": 10})


def test_a_reader_that_is_reverted_while_it_rolls_itself_goes_back_at_once() -> None:
    cluster = worded_cluster("Backward", batches=("50%",))
    cluster.apply("reader", "r2", None)
    cluster.apply("writer", "w2", None)
    cluster.play_until_new_pods("reader", "r2")
    cluster.apply("reader", "r1", None)
    cluster.apply("writer", "w1", None)
    cluster.play()
    assert (cluster.pods("reader"), cluster.pods("writer")) == ({"r1": 10}, {"w1": 10})
    assert not asked(cluster)


def test_what_failed_and_went_back_is_reverted_at_once() -> None:
    cluster = worded_cluster("Backward", batches=("50%",))
    cluster.broken.add("r2")
    cluster.apply("reader", "r2", None)
    cluster.play(looks=700)
    assert state(cluster) is State.ROLLED_BACK
    cluster.apply("reader", "r1", None)
    cluster.play()
    assert (cluster.pods("reader"), cluster.views["reader"].held) == ({"r1": 10}, False)


def test_the_reader_of_a_writer_that_failed_asks_when_it_is_reverted_because_something_new_was_written() -> None:
    cluster = worded_cluster("Backward", batches=("50%",))
    cluster.broken.add("w2")
    cluster.apply("reader", "r2", None)
    cluster.apply("writer", "w2", None)
    cluster.play(looks=700)
    assert (state(cluster), cluster.pods("reader"), cluster.pods("writer")) == (State.ROLLED_BACK, {"r2": 10}, {"w1": 10})
    cluster.apply("reader", "r1", None)
    cluster.apply("writer", "w1", None)
    cluster.play()
    assert (state(cluster), asked(cluster)) == (State.AWAITING_APPROVAL, ["Approve/events/generation-0"])


@pytest.mark.parametrize(("half_way", "version"), [(False, "generation-1"), (True, "generation-0")])
def test_a_release_that_is_reverted_as_a_whole_takes_its_writer_back_before_its_reader(half_way: bool, version: str) -> None:
    """A writer that was half-way leaves the release once it is back; the reader is then one that returns alone."""
    cluster = worded_cluster("Backward", batches=("50%",)) if half_way else released("Backward", batches=("50%",))
    if half_way:
        cluster.apply("reader", "r2", None)
        cluster.apply("writer", "w2", None)
        cluster.play_until_new_pods("writer", "w2")
    cluster.apply("reader", "r1", None)
    cluster.apply("writer", "w1", None)
    cluster.play()
    assert (cluster.pods("reader"), cluster.pods("writer")) == ({"r2": 10}, {"w1": 10})
    assert asked(cluster) == [f"Approve/events/{version}"], "r1 can't read what w2 wrote"
    cluster.say("approve", subject=f"Prove/events/{version}")
    cluster.play()
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10})


def test_the_same_release_tried_again_after_a_revert_goes_forward() -> None:
    cluster = released("Full")
    for revision in ("1", "2"):
        cluster.apply("reader", f"r{revision}", None)
        cluster.apply("writer", f"w{revision}", None)
        cluster.play()
    assert (state(cluster), cluster.pods("reader"), cluster.pods("writer")) == (State.COMPLETED, {"r2": 10}, {"w2": 10})
    assert not asked(cluster)
