"""Confluent's table of upgrade orders: all seven words, both directions, and what the words leave alone."""

import pytest

from saferollout.api.contracts import Compatibility
from saferollout.core.planner import plan
from saferollout.core.plans import Refusal
from saferollout.core.templates import TemplateFacts, WorkloadTemplates
from saferollout.core.words import generation_of, label, readable
from tests.unit.core.builds import built, contract, unchanged, use_of, workload
from tests.unit.core.kernel import steps

READER_FIRST = ["reader", "writer"]
WRITER_FIRST = ["writer", "Prove/events/generation-0", "reader"]
EITHER = {"reader", "writer"}


def released(word: str, *, spec_order: tuple[str, str] = ("writer", "reader")) -> list[str]:
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    return steps(plan(built([topic], {name: workload() for name in spec_order}).world))


@pytest.mark.parametrize("word", ["Backward", "BackwardTransitive"])
@pytest.mark.parametrize("spec_order", [("writer", "reader"), ("reader", "writer")])
def test_backward_means_consumers_first(word: str, spec_order: tuple[str, str]) -> None:
    assert released(word, spec_order=spec_order) == READER_FIRST


@pytest.mark.parametrize("word", ["Forward", "ForwardTransitive"])
@pytest.mark.parametrize("spec_order", [("writer", "reader"), ("reader", "writer")])
def test_forward_means_producers_first_then_drained_then_consumers(word: str, spec_order: tuple[str, str]) -> None:
    assert released(word, spec_order=spec_order) == WRITER_FIRST


@pytest.mark.parametrize("word", ["Full", "FullTransitive"])
def test_full_means_any_order_and_no_waiting(word: str) -> None:
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    answer = plan(built([topic], {"writer": workload(), "reader": workload()}).world)
    assert set(steps(answer)) == EITHER
    assert all(step.after == () for step in answer.steps)


def test_none_refuses_a_release_of_both() -> None:
    topic = contract(compatibility="None", readers=["reader"], writers=["writer"])
    assert plan(built([topic], {"writer": workload(), "reader": workload()}).world).reason is Refusal.NO_SAFE_ORDER


@pytest.mark.parametrize(("reader", "writer"), [(workload(), unchanged()), (unchanged(), workload())])
def test_none_refuses_a_change_of_one_side_too(reader: WorkloadTemplates, writer: WorkloadTemplates) -> None:
    topic = contract(compatibility="None", readers=["reader"], writers=["writer"])
    assert plan(built([topic], {"reader": reader, "writer": writer}).world).reason is Refusal.UNSAFE_GOAL


@pytest.mark.parametrize("word", [word.value for word in Compatibility if word is not Compatibility.NONE])
@pytest.mark.parametrize(("reader", "writer"), [(workload(), unchanged()), (unchanged(), workload())])
def test_a_change_of_one_side_counts_as_no_change_and_the_plan_says_so(
    word: str, reader: WorkloadTemplates, writer: WorkloadTemplates
) -> None:
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    answer = plan(built([topic], {"reader": reader, "writer": writer}).world)
    assert len(answer.steps) == 1
    assert "counts as unchanged" in answer.steps[0].because[-1]


@pytest.mark.parametrize(("word", "order"), [("Backward", ["server", "client"]), ("Forward", ["client", "server"])])
def test_on_an_api_the_word_is_about_the_request(word: str, order: list[str]) -> None:
    api = contract("api", api={"server": "server", "clients": ["client"]}, compatibility=word)
    assert steps(plan(built([api], {"client": workload(), "server": workload()}).world)) == order


@pytest.mark.parametrize("word", ["Backward", "Forward", "Full"])
def test_who_reads_and_writes_can_always_read_what_it_writes(word: str) -> None:
    table = contract("rows", table={"name": "rows"}, compatibility=word, readers=["both", "reader"], writers=["both"])
    assert plan(built([table], {"both": workload(), "reader": workload()}).world).accepted


def test_under_none_who_reads_and_writes_conflicts_with_itself() -> None:
    table = contract("rows", table={"name": "rows"}, compatibility="None", readers=["both"], writers=["both"])
    assert plan(built([table], {"both": workload()}).world).reason is Refusal.SELF_CONFLICT


def test_an_unchanged_reader_stays_behind_under_backward() -> None:
    """The writer and one reader change; the other reader never learns the new format."""
    topic = contract(compatibility="Backward", readers=["reader", "other"], writers=["writer"])
    answer = plan(built([topic], {"reader": workload(), "writer": workload(), "other": unchanged()}).world)
    assert answer.reason is Refusal.UNSAFE_GOAL
    assert {conflict.reader.workload for conflict in answer.conflicts} == {"other"}


@pytest.mark.parametrize(
    ("word", "read"),
    [
        (Compatibility.BACKWARD, {1, 2}),
        (Compatibility.BACKWARD_TRANSITIVE, {0, 1, 2}),
        (Compatibility.FORWARD, {2, 3}),
        (Compatibility.FORWARD_TRANSITIVE, {2, 3, 4}),
        (Compatibility.FULL, {1, 2, 3}),
        (Compatibility.FULL_TRANSITIVE, {0, 1, 2, 3, 4}),
        (Compatibility.NONE, {2}),
    ],
)
def test_the_transitive_words_look_at_everything_the_plain_ones_at_the_last(word: Compatibility, read: set[int]) -> None:
    assert readable(word, 2, range(5)) == read


def interrupted(word: str) -> bool:
    """Tell whether a third template may go over a half-rolled second one, in the reader, while the writer has changed too."""
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    first, second, third = (TemplateFacts(name) for name in ("first", "second", "third"))
    workloads = {
        "reader": WorkloadTemplates(alive=(first, second), desired=third),
        "writer": WorkloadTemplates(alive=(first,), desired=second),
    }
    return plan(built([topic], workloads).world).accepted


def test_a_newer_template_over_a_half_rolled_one_needs_the_transitive_word() -> None:
    """The writer still writes generation 0, which the third reader need not read under the plain word."""
    assert not interrupted("Backward")
    assert interrupted("BackwardTransitive")


def test_a_release_under_way_is_remembered_by_what_ran_before_it() -> None:
    """Under Forward the writer has rolled; the reader must still wait for the drain, although now it alone changes."""
    topic = contract(compatibility="Forward", readers=["reader"], writers=["writer"])
    first, second = TemplateFacts("first"), TemplateFacts("second")
    workloads = {
        "writer": WorkloadTemplates(alive=(second,), desired=second, stable=first),
        "reader": WorkloadTemplates(alive=(first,), desired=second, stable=first),
    }
    stored = {"events": (label(0), label(1))}
    assert steps(plan(built([topic], workloads, stored).world)) == ["Prove/events/generation-0", "reader"]
    assert steps(plan(built([topic], workloads, {"events": (label(1),)}).world)) == ["reader"]


def test_when_a_release_has_finished_its_derived_versions_become_one() -> None:
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    world = built([topic], {"reader": workload(), "writer": workload()}, {"events": (label(0), label(1), label(2))}).world
    assert world.stored == {"events": {label(0)}}


def test_numbers_win_over_a_word() -> None:
    topic = contract(compatibility="None", readers=["reader"], writers=["writer"])
    declared = {"writer": workload("events: {writes: [1]}", "events: {writes: [2]}"), "reader": workload(None, "events: {reads: [1, 2]}")}
    world = built([topic], declared).world
    assert steps(plan(world)) == ["reader", "writer"]
    assert use_of(world, "writer", new=True).writes == {"2"}


@pytest.mark.parametrize("word", ["Backward", "BackwardTransitive", "Forward", "Full"])
def test_under_words_a_return_to_an_earlier_template_asks_a_person(word: str) -> None:
    """Forward and Full tell only of neighbours, and how far a reader returns is not known."""
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    world = built([topic], {"reader": workload(reverted=True), "writer": unchanged()}).world
    assert steps(plan(world)) == ["Approve/events/generation-0", "reader"]


@pytest.mark.parametrize("word", ["ForwardTransitive", "FullTransitive"])
def test_a_return_needs_nobody_where_every_earlier_reader_can_read_what_came_later(word: str) -> None:
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    world = built([topic], {"reader": workload(reverted=True), "writer": unchanged()}).world
    assert steps(plan(world)) == ["reader"]


@pytest.mark.parametrize(
    ("word", "order"),
    [("ForwardTransitive", ["Approve/events/generation-0", "reader", "writer"]), ("FullTransitive", ["writer", "reader"])],
)
def test_a_return_of_both_sides_needs_nobody_only_where_the_word_looks_both_ways_at_everything(word: str, order: list[str]) -> None:
    """Under ForwardTransitive a writer that returns further than its reader writes what that one never could read."""
    topic = contract(compatibility=word, readers=["reader"], writers=["writer"])
    answer = plan(built([topic], {"writer": workload(reverted=True), "reader": workload(reverted=True)}).world)
    assert sorted(steps(answer)) == sorted(order)
    assert word == "FullTransitive" or steps(answer) == order


def test_a_server_that_returns_asks_a_person_although_an_api_stores_nothing() -> None:
    api = contract("api", api={"server": "server", "clients": ["client"]}, compatibility="Backward")
    alone = plan(built([api], {"server": workload(reverted=True), "client": unchanged()}).world)
    assert steps(alone) == ["Approve/api/request/generation-0", "server"]
    both = plan(built([api], {"server": workload(reverted=True), "client": workload(reverted=True)}).world)
    assert set(steps(both)) == {"Approve/api/request/generation-0", "client", "server"}
    assert steps(both).index("client") < steps(both).index("server")


def test_a_return_asks_nobody_where_versions_never_meet() -> None:
    cache = contract("cache", cache={"keys": "Versioned"}, compatibility="Backward", readers=["reader"], writers=["writer"])
    assert steps(plan(built([cache], {"reader": workload(reverted=True), "writer": unchanged()}).world)) == ["reader"]


def test_a_derived_version_is_told_from_a_numbered_one() -> None:
    assert generation_of(label(7)) == 7
    assert generation_of("7") is None
    assert generation_of("generation-x") is None


def test_a_return_of_both_sides_goes_writers_first_then_drained_then_readers_and_asks_a_person() -> None:
    """That both return does not tell how far each of them does."""
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    world = built([topic], {"reader": workload(reverted=True), "writer": workload(reverted=True)}).world
    answer = plan(world)
    assert set(steps(answer)) == {"writer", "Prove/events/generation-1", "Approve/events/generation-0", "reader"}
    by_id = {step.id: step for step in answer.steps}
    assert by_id["Prove/events/generation-1"].after == ("Roll/writer",)
    assert {"Prove/events/generation-1", "Approve/events/generation-0"} <= set(by_id["Roll/reader"].after)
    assert "what comes back" in by_id["Roll/writer"].because[-1]


def test_a_return_of_both_sides_without_evidence_asks_a_person_once_and_says_all_that_is_asked() -> None:
    topic = contract(topic={"name": "events"}, compatibility="Backward", readers=["reader"], writers=["writer"])
    answer = plan(built([topic], {"reader": workload(reverted=True), "writer": workload(reverted=True)}).world)
    assert steps(answer) == ["writer", "Approve/events/generation-1", "reader"]
    asked = answer.steps[1].because
    assert any("nothing can prove that events generation-1 has drained" in sentence for sentence in asked)
    assert "reader goes back to an earlier template; under Backward it may not read what lies in events or is written to it" in asked


def test_a_return_beside_something_new_asks_a_person() -> None:
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    world = built([topic], {"reader": workload(reverted=True), "writer": workload()}).world
    assert steps(plan(world)) == ["Approve/events/generation-0", "reader", "writer"]


def test_a_return_to_a_template_that_still_lives_asks_nobody() -> None:
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    first, second = TemplateFacts("first"), TemplateFacts("second")
    reader = WorkloadTemplates(alive=(first, second), desired=first, stable=first, reverted=True)
    assert steps(plan(built([topic], {"reader": reader, "writer": unchanged()}).world)) == ["reader"]


@pytest.mark.parametrize("word", list(Compatibility))
def test_an_annotation_that_is_only_added_changes_nothing_under_any_word(word: Compatibility) -> None:
    """Both sides begin to number another contract; the programs stay what they are."""
    topic = contract(compatibility=word, readers=["reader", "other"], writers=["writer"])
    workloads = {
        "writer": workload(None, "users: {writes: [1]}", same_body=True),
        "reader": workload(None, "users: {reads: [1]}", same_body=True),
        "other": unchanged(),
    }
    answer = plan(built([topic, contract("users")], workloads).world)
    assert set(steps(answer)) == EITHER
    assert all("generation" not in sentence for step in answer.steps for sentence in step.because)


def test_an_annotation_added_beside_a_change_of_the_writer_leaves_the_contract_unchanged() -> None:
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    workloads = {"writer": workload(), "reader": workload(None, "users: {reads: [1]}", same_body=True)}
    answer = plan(built([topic, contract("users")], workloads).world)
    assert "counts as unchanged" in next(step for step in answer.steps if step.id == "Roll/writer").because[-1]


def test_a_return_to_the_same_program_asks_nobody() -> None:
    topic = contract(compatibility="Backward", readers=["reader"], writers=["writer"])
    reader = workload("users: {reads: [1]}", "users: {reads: [1, 2]}", same_body=True, reverted=True)
    assert steps(plan(built([topic, contract("users")], {"reader": reader, "writer": unchanged()}).world)) == ["reader"]
