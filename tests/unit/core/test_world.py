"""Building the world: declarations, assumptions, roles, externals, and templates that can't be considered."""

from typing import Any

import pytest

from saferollout.core.planner import plan
from saferollout.core.plans import Refusal
from saferollout.core.templates import ProblemKind, TemplateFacts, WorkloadTemplates
from tests.unit.core.builds import built, contract, unchanged, use_of, workload
from tests.unit.core.kernel import steps

ROLES: dict[str, Any] = {"readers": ["reader"], "writers": ["writer"]}


def test_a_silent_revision_is_taken_to_speak_what_is_written_now() -> None:
    world = built([contract(**ROLES)], {"reader": workload(), "writer": unchanged("events: {writes: [3]}")}).world
    assert use_of(world, "reader").reads == frozenset({"3"})
    assert use_of(world, "reader", new=True).reads == frozenset({"3"})
    assert "assumed" in plan(world).steps[0].because[-1]


def test_a_silent_revision_is_taken_to_read_what_is_stored_too() -> None:
    world = built([contract(**ROLES)], {"reader": workload(), "writer": unchanged("events: {writes: [3]}")}, {"events": "2"}).world
    assert use_of(world, "reader").reads == frozenset({"2", "3"})


def test_where_nothing_is_known_a_silent_revision_speaks_the_base_version() -> None:
    world = built([contract(baseVersion="7", **ROLES)], {"reader": unchanged("events: {reads: [7, 8]}"), "writer": workload()}).world
    assert use_of(world, "writer").writes == {"7"}


def test_without_a_role_a_successors_declaration_tells_the_part() -> None:
    world = built(
        [contract()], {"reader": workload(None, "events: {reads: [1, 2]}"), "writer": workload(None, "events: {writes: [2]}")}
    ).world
    assert use_of(world, "reader").reads == frozenset({"1"})
    assert use_of(world, "writer").writes == {"1"}
    assert steps(plan(world)) == ["reader", "writer"]


def test_without_role_and_successor_a_silent_workload_has_no_part() -> None:
    world = built([contract()], {"other": workload(), "writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}).world
    assert use_of(world, "other").reads is None


def test_a_silent_partys_own_fix_never_waits_but_anothers_new_version_does() -> None:
    fix = built([contract(**ROLES)], {"reader": workload(), "writer": unchanged("events: {writes: [1]}")}).world
    assert steps(plan(fix)) == ["reader"]
    newer = built([contract(**ROLES)], {"reader": workload(), "writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}).world
    assert plan(newer).reason is Refusal.UNSAFE_GOAL


def test_an_annotation_that_leaves_a_contract_out_declares_no_part_in_it() -> None:
    world = built(
        [contract(**ROLES)], {"reader": unchanged("{}"), "writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}
    ).world
    assert steps(plan(world)) == ["writer"]


@pytest.mark.parametrize("live", [None, "events: {reads: [1]}", "events: ["])
def test_an_annotation_that_is_only_added_or_corrected_describes_what_it_replaces(live: str | None) -> None:
    workloads = {
        "reader": workload(live, "events: {reads: [1, 2]}", same_body=True),
        "writer": workload("events: {writes: [1]}", "events: {writes: [2]}"),
    }
    answer = plan(built([contract()], workloads).world)
    assert all(step.after == () for step in answer.steps)
    assert "only the annotation changes" in " ".join(answer.steps[0].because)


def test_a_new_template_that_lost_its_annotation_is_held_and_named_and_the_others_go_on() -> None:
    made = built([contract()], {"reader": workload("events: {reads: [1]}", None), "other": workload("{}", "{}")})
    (problem,) = made.problems
    assert (problem.kind, problem.workload, problem.contract) == (ProblemKind.LOST_DECLARATION, "reader", "events")
    assert steps(plan(made.world)) == ["other"]
    assert use_of(made.world, "reader").reads == frozenset({"1"})


def test_a_broken_declaration_holds_its_workload_and_names_contract_and_line() -> None:
    made = built([contract()], {"reader": workload("events: {reads: [1]}", "\nevents: {reads: [1.5]}"), "other": workload("{}", "{}")})
    (problem,) = made.problems
    assert (problem.kind, problem.contract, problem.line) == (ProblemKind.BROKEN_DECLARATION, "events", 2)
    assert steps(plan(made.world)) == ["other"]


def test_an_unknown_contract_holds_its_workload_and_names_the_nearest() -> None:
    made = built([contract()], {"reader": workload("events: {reads: [1]}", "event: {reads: [1]}")})
    (problem,) = made.problems
    assert (problem.kind, problem.contract, problem.line) == (ProblemKind.UNKNOWN_CONTRACT, "event", 1)
    assert "did you mean events?" in problem.message


def test_an_api_without_its_direction_is_told_both() -> None:
    made = built([contract("api", api={})], {"server": workload(None, "api: {reads: [1]}")})
    assert "api/request and api/response" in made.problems[0].message


def test_a_running_template_that_can_not_be_read_is_named_and_blocks_nothing() -> None:
    made = built(
        [contract(**ROLES)], {"reader": workload("events: [", "events: {reads: [1, 2]}"), "writer": unchanged("events: {writes: [1]}")}
    )
    assert made.problems == ()
    assert "runs already" in made.world.notes[0]
    assert use_of(made.world, "reader").reads == frozenset({"1"})


def test_a_workload_that_does_not_exist_is_named_and_the_others_go_on() -> None:
    made = built(
        [contract()], {"gone": WorkloadTemplates(exists=False), "writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}
    )
    assert "gone does not exist" in made.world.notes[0]
    assert steps(plan(made.world)) == ["writer"]


def test_roles_alone_are_a_preference_readers_first_and_the_server_before_its_clients() -> None:
    contracts = [contract(**ROLES), contract("api", api={"server": "writer", "clients": ["client"]})]
    answer = plan(built(contracts, {"client": workload(), "writer": workload(), "reader": workload()}).world)
    assert steps(answer) == ["reader", "writer", "client"]
    assert "by role on events, not proved" in " ".join(answer.steps[1].because)


def test_a_consumer_groups_workload_reads_the_topic() -> None:
    topic = {"name": "events", "consumerGroups": [{"group": "g", "workload": "reader"}]}
    answer = plan(built([contract(topic=topic, writers=["writer"])], {"writer": workload(), "reader": workload()}).world)
    assert steps(answer) == ["reader", "writer"]


def test_roles_refuse_nothing_and_know_no_floor() -> None:
    table = contract("rows", table={"name": "rows"}, readers=["a", "b"], writers=["a", "b"])
    assert steps(plan(built([table], {"a": workload(), "b": workload()}, {"rows": "12"}).world)) == ["a", "b"]


def test_an_external_reader_is_a_party_with_one_fixed_revision() -> None:
    topic = contract(externalReaders=[{"name": "warehouse", "reads": ["1"]}])
    made = built([topic], {"writer": workload("events: {writes: [1]}", "events: {writes: [2]}")})
    assert plan(made.world).reason is Refusal.UNSAFE_GOAL


def test_an_external_party_named_like_a_workload_stays_apart() -> None:
    topic = contract(externalReaders=[{"name": "writer", "reads": ["1"]}])
    made = built([topic], {"writer": workload("events: {writes: [1]}", "events: {writes: [2]}")})
    assert plan(made.world).conflicts[0].reader.workload == "writer (external)"


def test_externals_are_not_compared_where_templates_number_nothing() -> None:
    topic = contract(externalReaders=[{"name": "warehouse", "reads": ["1"]}], **ROLES)
    made = built([topic], {"writer": workload(), "reader": workload()})
    assert plan(made.world).accepted
    assert "not compared" in made.world.notes[0]


def test_external_clients_of_an_api_write_requests_and_read_responses() -> None:
    api = contract(
        "api",
        api={"server": "server"},
        externalWriters=[{"name": "partner", "writes": ["1"]}],
        externalReaders=[{"name": "partner", "reads": ["1"]}],
    )
    old = "{api/request: {reads: [1]}, api/response: {writes: [1]}}"
    for new in ("{api/request: {reads: [2]}, api/response: {writes: [1]}}", "{api/request: {reads: [1]}, api/response: {writes: [2]}}"):
        assert plan(built([api], {"server": workload(old, new)}).world).reason is Refusal.UNSAFE_GOAL


def test_an_external_server_reads_requests_and_writes_responses() -> None:
    api = contract(
        "api",
        api={"clients": ["client"]},
        externalReaders=[{"name": "bank", "reads": ["1"]}],
        externalWriters=[{"name": "bank", "writes": ["1"]}],
    )
    old = "{api/request: {writes: [1]}, api/response: {reads: [1]}}"
    for new in ("{api/request: {writes: [2]}, api/response: {reads: [1]}}", "{api/request: {writes: [1]}, api/response: {reads: [2]}}"):
        assert plan(built([api], {"client": workload(old, new)}).world).reason is Refusal.UNSAFE_GOAL


def test_without_a_status_what_retained_templates_wrote_counts_as_stored() -> None:
    made = built(
        [contract()],
        {"reader": workload("events: {reads: [1, 2]}", "events: {reads: [2]}"), "writer": unchanged("events: {writes: [2]}")},
        retained={"writer": ("events: {writes: [1]}", None, "broken: [")},
    )
    assert steps(plan(made.world)) == ["Prove/events/1", "reader"]


def test_what_this_release_brings_is_not_assumed_of_a_silent_predecessor() -> None:
    """Otherwise a rollback would take the old silent reader for one that reads what was written since."""
    old, new = TemplateFacts("old"), TemplateFacts("new", "events: {reads: [1, 2]}")
    writer = TemplateFacts("w2", "events: {writes: [2]}"), TemplateFacts("w1", "events: {writes: [1]}")
    workloads = {
        "reader": WorkloadTemplates(alive=(new,), desired=new, stable=old),
        "writer": WorkloadTemplates(alive=(writer[0],), desired=writer[0], stable=writer[1]),
    }
    party = built([contract()], workloads, {"events": "12"}).world.party("reader")
    assert party is not None
    assert party.stable is not None
    assert party.stable.use("events").reads == frozenset("1")


def test_a_numbered_contract_forgets_versions_that_words_derived() -> None:
    made = built([contract()], {"writer": unchanged("events: {writes: [1]}")}, {"events": ("generation-0", "1")})
    assert made.world.stored == {"events": {"1"}}


def test_a_contract_that_is_not_there_any_more_is_not_stored() -> None:
    assert built([contract()], {}, {"gone": "1"}).world.stored == {}
