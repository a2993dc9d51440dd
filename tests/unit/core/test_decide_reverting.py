"""Git goes back under words: what may be below its floor waits for a person, what runs still is released at once."""

import pytest

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import State
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import state
from tests.unit.core.worded_releases import APPROVAL, asked, released, sync, worded_cluster


def further_on(word: str, *, reader: str | None, retention: int | None) -> LittleCluster:
    """Return the cluster after a release of both and one more, of the writer alone or of both again."""
    cluster = released(word, retention=retention)
    sync(cluster, reader=reader, writer="w3")
    assert state(cluster) is State.COMPLETED
    return cluster


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


@pytest.mark.parametrize("reader", [None, "r3"], ids=["a fix of the writer", "a release of both"])
@pytest.mark.parametrize("word", ["Backward", "BackwardTransitive", "Forward", "Full"])
def test_a_reader_that_goes_back_further_than_its_writer_never_runs_beside_it_unasked(word: str, reader: str | None) -> None:
    """Also where what was written last has drained: r1 is the reader that may not read w2."""
    cluster = further_on(word, reader=reader, retention=30)
    before = len(cluster.log)
    sync(cluster, reader="r1", writer="w2")
    assert (state(cluster), asked(cluster)) == (State.AWAITING_APPROVAL, ["Approve/events/generation-0"])
    assert "r1" not in cluster.pods("reader") and "RollStarted reader" not in cluster.log[before:]
    cluster.say("approve", subject=APPROVAL)
    cluster.play(looks=400)
    assert (state(cluster), cluster.pods("reader"), cluster.pods("writer")) == (State.COMPLETED, {"r1": 10}, {"w2": 10})


@pytest.mark.parametrize("reader", [None, "r3"], ids=["a fix of the writer", "a release of both"])
def test_without_retention_the_one_question_is_about_the_reader_too(reader: str | None) -> None:
    cluster = further_on("Backward", reader=reader, retention=None)
    sync(cluster, reader="r1", writer="w2")
    assert (cluster.pods("writer"), "r1" in cluster.pods("reader")) == ({"w2": 10}, False)
    assert asked(cluster) == ["Approve/events/generation-1"]
    assert cluster.status.summary is not None
    assert "reader goes back to an earlier template" in cluster.status.summary.waiting_for
    cluster.say("approve", subject="Prove/events/generation-1")
    cluster.play(looks=400)
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10}), "and nothing is asked again"


def test_a_release_that_is_reverted_as_a_whole_waits_for_its_drain_and_for_a_person() -> None:
    """Either may come first; both are waited for."""
    cluster = released("Backward", retention=30)
    before = len(cluster.log)
    sync(cluster, reader="r1", writer="w1")
    assert (asked(cluster), cluster.pods("reader"), cluster.pods("writer")) == (["Approve/events/generation-0"], {"r2": 10}, {"w1": 10})
    cluster.say("approve", subject=APPROVAL)
    cluster.play(looks=400)
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10})
    told = cluster.log[before:]
    assert told.index("RollStarted writer") < told.index("Proved") < told.index("RollStarted reader")


def test_a_server_that_is_reverted_waits_for_a_person_and_goes_back_once_one_has_answered() -> None:
    contract = {"name": "api", "api": {"server": "reader", "clients": ["writer"]}, "compatibility": "Backward"}
    spec = {"workloads": [{"name": "writer"}, {"name": "reader"}], "contracts": [contract], "bakeSeconds": 5, "settleSeconds": 2, "gating": "Disabled"}
    cluster = LittleCluster(spec=SafeRolloutSpec.model_validate(spec))
    cluster.running("writer", "w1", None)
    cluster.running("reader", "r1", None)
    cluster.play()
    sync(cluster, reader="r2", writer="w2")
    sync(cluster, reader="r1")
    assert (state(cluster), asked(cluster), cluster.pods("reader")) == (State.AWAITING_APPROVAL, ["Approve/api/request/generation-0"], {"r2": 10})
    cluster.say("approve", subject="Prove/api/request/generation-0")
    cluster.play()
    assert (state(cluster), cluster.pods("reader")) == (State.COMPLETED, {"r1": 10})


def test_a_reader_that_is_reverted_needs_nobody_where_the_word_says_that_it_reads_what_is_new() -> None:
    cluster = released("FullTransitive")
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
    cluster = released("FullTransitive")
    for revision in ("1", "2"):
        cluster.apply("reader", f"r{revision}", None)
        cluster.apply("writer", f"w{revision}", None)
        cluster.play()
    assert (state(cluster), cluster.pods("reader"), cluster.pods("writer")) == (State.COMPLETED, {"r2": 10}, {"w2": 10})
    assert not asked(cluster)
