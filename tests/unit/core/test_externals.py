"""External parties whose versions are taken from the live pods of a workload elsewhere."""

from typing import Any

from saferollout.core.contracts import Use, stored_now
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.planner import plan
from saferollout.core.plans import Plan, Refusal
from saferollout.core.templates import TemplateFacts
from saferollout.core.world import BuiltWorld
from tests.unit.core.builds import built, contract, unchanged, workload

WAREHOUSE = ForeignName(namespace="data", workload="warehouse")
FROM_WAREHOUSE = {"namespace": "data", "workload": "warehouse"}


def live(*declarations: str | None, bodies: tuple[str, ...] = ()) -> ForeignWorkload:
    """Return a workload with a live template for each declaration, oldest first."""
    templates = [TemplateFacts(f"t{number}", text, body=bodies[number] if bodies else f"b{number}") for number, text in enumerate(declarations)]
    return ForeignWorkload(alive=tuple(templates))


def world(foreign: ForeignWorkload, *, side: str = "externalReaders", source: dict[str, Any] = FROM_WAREHOUSE, **workloads: Any) -> BuiltWorld:
    topic = contract(**{side: [{"name": "dwh", "from": source}]})
    return built([topic], workloads or {"writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}, foreign={WAREHOUSE: foreign}, namespace="shop")


def answer(made: BuiltWorld) -> Plan:
    return plan(made.world)


def test_a_new_version_goes_where_the_live_pods_elsewhere_read_it() -> None:
    made = world(live("events: {reads: [1, 2]}"))
    assert answer(made).accepted
    assert made.unread == ()


def test_a_new_version_is_refused_while_the_live_pods_elsewhere_do_not_read_it() -> None:
    refused = answer(world(live("events: {reads: [1]}")))
    assert refused.reason is Refusal.UNSAFE_GOAL
    assert (refused.conflicts[0].reader.workload, refused.conflicts[0].reader.revision) == ("dwh", "external")


def test_every_live_template_elsewhere_counts_also_the_old_one_of_a_roll() -> None:
    assert answer(world(live("events: {reads: [1]}", "events: {reads: [1, 2]}"))).reason is Refusal.UNSAFE_GOAL


def test_what_a_reader_elsewhere_declares_to_write_counts_too() -> None:
    made = world(live("events: {reads: [1], writes: [3]}"), reader=workload("events: {reads: [1, 3]}", "events: {reads: [1]}"))
    assert "dwh (external) writes events 3" in answer(made).conflicts[0].sentence


def test_a_contract_may_have_another_name_in_the_declaration_elsewhere() -> None:
    made = world(live("users.events: {reads: [1]}"), source={**FROM_WAREHOUSE, "contract": "users.events"})
    assert answer(made).reason is Refusal.UNSAFE_GOAL
    assert made.unread == ()


def test_both_channels_of_an_api_are_read_by_their_name_elsewhere() -> None:
    api = contract("api", api={"server": "server"}, externalWriters=[{"name": "app", "from": {**FROM_WAREHOUSE, "contract": "shop-api"}}])
    foreign = {WAREHOUSE: live("{shop-api/request: {writes: [1]}, shop-api/response: {reads: [1]}}")}
    old = "{api/request: {reads: [1]}, api/response: {writes: [1]}}"
    for new in ("{api/request: {reads: [2]}, api/response: {writes: [1]}}", "{api/request: {reads: [1]}, api/response: {writes: [2]}}"):
        assert plan(built([api], {"server": workload(old, new)}, foreign=foreign, namespace="shop").world).reason is Refusal.UNSAFE_GOAL


def test_one_workload_elsewhere_is_one_party_on_all_contracts() -> None:
    contracts = [contract(name, externalReaders=[{"name": f"dwh-{name}", "from": FROM_WAREHOUSE}]) for name in ("orders", "events")]
    mine = {"writer": unchanged("{orders: {writes: [1]}, events: {writes: [1]}}")}
    made = built(contracts, mine, foreign={WAREHOUSE: live("{orders: {reads: [1]}, events: {reads: [1]}}")}, namespace="shop")
    assert [party.name for party in made.world.parties if party.external] == ["dwh-orders"]


def test_two_parties_of_one_name_stay_apart() -> None:
    by_hand = {"name": "dwh", "writes": ["1"]}
    topic = contract(externalReaders=[{"name": "dwh", "from": FROM_WAREHOUSE}], externalWriters=[by_hand])
    made = built([topic], {"writer": unchanged("events: {writes: [1]}")}, foreign={WAREHOUSE: live("events: {reads: [1]}")}, namespace="shop")
    assert sorted(party.name for party in made.world.parties if party.external) == ["dwh", "dwh (data/warehouse)"]


def test_without_a_namespace_the_workload_is_in_that_of_the_safe_rollout() -> None:
    topic = contract(externalReaders=[{"name": "dwh", "from": {"workload": "warehouse"}}])
    here = {ForeignName(namespace="shop", workload="warehouse"): live("events: {reads: [1]}")}
    made = built([topic], {"writer": workload("events: {writes: [1]}", "events: {writes: [2]}")}, foreign=here, namespace="shop")
    assert answer(made).reason is Refusal.UNSAFE_GOAL and made.unread == ()


def test_a_workload_that_can_not_be_read_holds_new_versions_back_and_says_why() -> None:
    made = world(ForeignWorkload(problem="nobody may read it"))
    refused = answer(made)
    assert refused.reason is Refusal.UNSAFE_GOAL
    assert "dwh (external) reads only 1 (assumed" in refused.conflicts[0].sentence
    assert made.unread == ("what dwh does with events is not known: nobody may read it. Until then new versions that concern it wait",)


def test_a_workload_that_can_not_be_read_holds_no_bug_fix_back() -> None:
    made = world(ForeignWorkload(problem="gone"), writer=workload("events: {writes: [1]}", "events: {writes: [1]}"))
    assert answer(made).accepted


def test_a_writer_that_can_not_be_read_keeps_readers_from_giving_a_version_up() -> None:
    made = world(ForeignWorkload(problem="gone"), side="externalWriters", reader=workload("events: {reads: [1, 2]}", "events: {reads: [2]}"))
    assert "dwh (external) writes events 1" in answer(made).conflicts[0].sentence


def test_what_a_writer_that_can_not_be_read_is_taken_to_write_is_not_stored_for_ever() -> None:
    reader = {"reader": unchanged("events: {reads: [7]}")}
    assert stored_now(world(ForeignWorkload(problem="gone"), side="externalWriters", **reader).world) == {"events": frozenset()}
    assert stored_now(world(live("events: {writes: [7]}"), side="externalWriters", **reader).world) == {"events": frozenset("7")}


def test_a_silent_live_pod_elsewhere_tells_nothing() -> None:
    made = world(live("events: {reads: [1, 2]}", None))
    assert not answer(made).accepted
    assert "add it to its pod template" in made.unread[0]


def test_an_annotation_that_was_only_added_elsewhere_describes_the_silent_pods_as_well() -> None:
    made = world(live(None, "events: {reads: [1, 2]}", bodies=("same", "same")))
    assert answer(made).accepted and made.unread == ()


def test_a_broken_annotation_elsewhere_is_named_with_its_line() -> None:
    assert "line 1" in world(live("events: {reads: [")).unread[0]


def test_a_declaration_that_leaves_the_contract_out_is_a_mistyped_name() -> None:
    made = world(live("event: {reads: [1, 2]}"))
    assert not answer(made).accepted
    assert "did you mean event?" in made.unread[0]


def test_a_workload_elsewhere_without_live_pods_stands_in_nobodys_way() -> None:
    made = world(live())
    assert answer(made).accepted
    assert made.world.parties[-1].alive == ()


def test_what_is_required_elsewhere_is_required() -> None:
    made = world(live("events: {reads: [1], required: true}"))
    assert made.world.parties[-1].alive[0].use("events") == Use(reads=frozenset("1"), required=True)
