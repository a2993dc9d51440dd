"""The table of evidence (systems-and-signals.md D2 and D3), cell by cell: what each cell says must be there for the name to be given."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Evidence, Life, Part
from saferollout.core.diagnosis.finding import ENVIRONMENT, MODES, Action, Cause, Certainty, Finding
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.diagnosis import shop

SCENES: dict[Cause, Callable[[], Evidence]] = {
    Cause.MODE_1: shop.mode_1,
    Cause.MODE_2: shop.mode_2,
    Cause.MODE_3: shop.mode_3,
    Cause.MODE_4: shop.mode_4,
    Cause.MODE_5: shop.mode_5,
}


def named(finding: Finding) -> Cause | None:
    return finding.cause if finding.certainty is Certainty.NAMED else None


# The row "pool differential".


@pytest.mark.parametrize(("cause", "workload", "side"), [
    (Cause.MODE_1, "user-service", Part.WRITES),
    (Cause.MODE_2, "user-service", Part.SERVES),
    (Cause.MODE_3, "billing-service", Part.READS),
    (Cause.MODE_4, "user-service", Part.WRITES),
    (Cause.MODE_5, "user-service", Part.WRITES),
])  # fmt: skip
def test_the_side_that_moved_is_to_blame(cause: Cause, workload: str, side: Part) -> None:
    finding = diagnose(SCENES[cause]())
    assert (finding.cause, finding.workload, finding.side) == (cause, workload, side)


def test_a_reader_in_the_middle_of_its_own_roll_is_a_victim_of_mode_1_where_its_old_pods_are_worse() -> None:
    members = shop.rolling("billing-service", at=shop.FIRST_STEP - timedelta(minutes=20), members=shop.rolling("user-service"))
    evidence = shop.worse(shop.healthy(members=members), Symptom.CONSUMER_FAILURES, "billing-service", *shop.OLD_WORSE)
    finding = diagnose(shop.worse(evidence, Symptom.DEAD_LETTERS, contract="user-events"))
    assert (named(finding), finding.workload, finding.victim) == (Cause.MODE_1, "user-service", "billing-service")
    assert any("only old pods of billing-service fail" in one for one in finding.not_because)


def test_a_reader_whose_own_new_pods_are_worse_is_no_victim_of_mode_1() -> None:
    members = shop.rolling("billing-service", members=shop.rolling("user-service"))
    finding = diagnose(shop.worse(shop.healthy(members=members), Symptom.CONSUMER_FAILURES, "billing-service", *shop.NEW_WORSE))
    assert (finding.cause, finding.workload) == (Cause.PLAIN_BUG, "billing-service")


def test_4xx_on_new_and_old_pods_alike_are_not_mode_2() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.REJECTED, "user-service"))
    assert named(finding) is None
    assert finding.action is Action.HOLD


def test_in_mode_5_new_pods_that_are_better_than_old_ones_do_not_hide_it() -> None:
    finding = diagnose(shop.mode_5())
    assert (finding.cause, finding.action) == (Cause.MODE_5, Action.STOP_SPREADING)


# The row "workloads outside the rollout also hit".


@pytest.mark.parametrize(("cause", "symptom"), [
    (Cause.MODE_1, Symptom.CONSUMER_FAILURES),
    (Cause.MODE_3, Symptom.STALLED),
    (Cause.MODE_4, Symptom.CACHE_MISSES),
])  # fmt: skip
def test_what_hits_workloads_outside_as_well_is_not_named_a_mode_by_before_and_after(cause: Cause, symptom: Symptom) -> None:
    finding = diagnose(shop.worse(SCENES[cause](), symptom, "search-service", *shop.OUTSIDE))
    assert finding.cause not in MODES
    assert finding.action in (Action.HOLD, Action.ROLL_BACK if cause is Cause.MODE_4 else Action.HOLD)


@pytest.mark.parametrize(("cause", "symptom"), [(Cause.MODE_2, Symptom.REJECTED), (Cause.MODE_5, Symptom.SERVER_ERRORS)])
def test_a_difference_between_arms_beside_a_trouble_outside_holds_and_says_so(cause: Cause, symptom: Symptom) -> None:
    finding = diagnose(shop.worse(SCENES[cause](), symptom, "search-service", *shop.OUTSIDE))
    assert finding.action is Action.HOLD
    assert any("search-service, outside the release" in one for one in finding.also)


def test_a_workload_outside_that_reads_the_topic_is_a_victim_and_no_placebo() -> None:
    reads = next(one.roles for one in shop.MEMBERS if one.workload == "billing-service")
    members = tuple(replace(one, roles=reads) if one.workload == "search-service" else one for one in shop.rolling("user-service"))
    finding = diagnose(shop.worse(shop.healthy(members=members), Symptom.CONSUMER_FAILURES, "search-service", *shop.OUTSIDE))
    assert (named(finding), finding.victim) == (Cause.MODE_1, "search-service")


@pytest.mark.parametrize("scene", [shop.broker_down, shop.database_down, shop.gateway_restart])
def test_an_outage_says_who_suffers_outside(scene: Callable[[], Evidence]) -> None:
    assert any("search-service, outside the release, suffers too" in one for one in diagnose(scene()).not_because)


# The row "dependency's own liveness bad".


@pytest.mark.parametrize(("cause", "dependency", "outage"), [
    (Cause.MODE_1, Dependency.KAFKA, Cause.BROKER_DOWN),
    (Cause.MODE_1, Dependency.POSTGRES, Cause.DATABASE_DOWN),
    (Cause.MODE_4, Dependency.CACHE, Cause.CACHE_DOWN),
])  # fmt: skip
def test_a_dependency_that_is_down_explains_what_began_in_time(cause: Cause, dependency: Dependency, outage: Cause) -> None:
    finding = diagnose(shop.living(SCENES[cause](), dependency, Life.DOWN, since=shop.ONSET))
    assert named(finding) is outage
    assert finding.action in (Action.RESUME_AFTER_QUIET, Action.HOLD)


@pytest.mark.parametrize("cause", [Cause.MODE_2, Cause.MODE_3, Cause.MODE_5])
def test_an_outage_beside_a_difference_between_arms_holds_and_judges_anew(cause: Cause) -> None:
    finding = diagnose(shop.living(SCENES[cause](), Dependency.POSTGRES, Life.DOWN, since=shop.ONSET))
    assert (finding.cause, finding.action) == (Cause.DATABASE_DOWN, Action.HOLD)
    assert any(cause.meaning in one for one in finding.also)


@pytest.mark.parametrize("dependency", Dependency)
def test_what_is_down_is_named_and_nothing_goes_back(dependency: Dependency) -> None:
    finding = diagnose(shop.living(shop.healthy(), dependency, Life.DOWN, since=shop.ONSET))
    assert named(finding) in ENVIRONMENT
    assert finding.action is Action.RESUME_AFTER_QUIET


@pytest.mark.parametrize("dependency", Dependency)
def test_a_restart_that_hurt_nobody_is_no_trouble(dependency: Dependency) -> None:
    assert diagnose(shop.living(shop.healthy(), dependency, Life.RESTARTED, since=shop.ONSET)).cause is Cause.NOTHING


# The rows "DLQ inflow" and "topic inflow".


def test_dead_letters_say_how_many_and_that_they_can_be_replayed() -> None:
    assert any("300 dead letters" in one and "replayed" in one for one in diagnose(shop.mode_1()).then)


def test_mode_1_needs_no_dead_letters_where_nobody_keeps_them() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.CONSUMER_FAILURES, "billing-service", *shop.NEIGHBOUR))
    assert named(finding) is Cause.MODE_1
    assert not any("dead letters" in one for one in finding.then)


def test_dead_letters_beside_a_stall_keep_mode_3_from_being_named() -> None:
    finding = diagnose(shop.worse(shop.mode_3(), Symptom.DEAD_LETTERS, contract="user-events"))
    assert named(finding) is None


def test_a_topic_that_goes_silent_with_a_broker_that_is_down_is_the_broker() -> None:
    assert named(diagnose(shop.broker_down())) is Cause.BROKER_DOWN


# The row "onset".


@pytest.mark.parametrize("cause", [Cause.MODE_1, Cause.MODE_4])
@pytest.mark.parametrize("late", [timedelta(minutes=-3), timedelta(minutes=8)])
def test_what_began_before_the_first_new_pod_or_long_after_a_step_is_not_its_consequence(cause: Cause, late: timedelta) -> None:
    evidence = SCENES[cause]()
    moved = tuple(replace(one, onset=one.onset + late) if one.onset is not None else one for one in evidence.readings)
    assert diagnose(replace(evidence, readings=moved)).cause is not cause


@pytest.mark.parametrize("cause", sorted(MODES))
def test_the_onset_stands_beside_the_step(cause: Cause) -> None:
    began = diagnose(SCENES[cause]()).began
    assert began is not None
    assert (began.at, began.step_at, began.share) == (shop.ONSET, shop.FIRST_STEP, 0.1)


# The row "scales with new share".


def test_what_began_with_a_later_step_is_set_beside_that_one() -> None:
    evidence = shop.worse(shop.healthy(), Symptom.CONSUMER_FAILURES, "billing-service", *shop.NEIGHBOUR, onset=shop.SECOND_STEP + timedelta(seconds=30))
    began = diagnose(evidence).began
    assert began is not None
    assert (began.step_at, began.share) == (shop.SECOND_STEP, 0.3)


# The row "SQLSTATE class".


def test_connection_errors_of_the_old_pods_are_not_mode_5() -> None:
    evidence = shop.worse(shop.healthy(), Symptom.SERVER_ERRORS, "user-service", *shop.OLD_WORSE)
    finding = diagnose(shop.worse(evidence, Symptom.CONNECTION_ERRORS, "user-service", *shop.OLD_WORSE))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)


def test_another_reader_of_the_table_is_a_victim_of_mode_5() -> None:
    reads = next(one.roles for one in shop.MEMBERS if one.workload == "user-service")[2:3]
    members = tuple(replace(one, roles=(*one.roles, *reads)) if one.workload == "billing-service" else one for one in shop.rolling("user-service"))
    finding = diagnose(shop.worse(shop.healthy(members=members), Symptom.DATA_ERRORS, "billing-service", *shop.NEIGHBOUR))
    assert (finding.cause, finding.workload, finding.victim) == (Cause.MODE_5, "user-service", "billing-service")
    assert finding.action is Action.STOP_SPREADING


# The row "action".


@pytest.mark.parametrize(("cause", "action"), [
    (Cause.MODE_1, Action.ROLL_BACK),
    (Cause.MODE_2, Action.ROLL_BACK),
    (Cause.MODE_3, Action.ROLL_BACK),
    (Cause.MODE_4, Action.ROLL_BACK),
    (Cause.MODE_5, Action.STOP_SPREADING),
])  # fmt: skip
def test_each_mode_has_its_action(cause: Cause, action: Action) -> None:
    assert diagnose(SCENES[cause]()).action is action


def test_mode_5_offers_forward_and_no_way_back() -> None:
    commands = [one.text for one in diagnose(shop.mode_5()).commands]
    assert any(one.startswith("saferollout forward opencore -n opencore") for one in commands)
    assert not any("rollback" in one or "abort" in one for one in commands)


def test_a_client_ahead_of_its_server_is_mode_3_and_goes_back() -> None:
    finding = diagnose(shop.worse(shop.healthy("gateway"), Symptom.CALLS_REJECTED, "gateway", Arm.NEW, Against.OTHER_ARM))
    assert (named(finding), finding.workload, finding.side, finding.action) == (Cause.MODE_3, "gateway", Part.CALLS, Action.ROLL_BACK)


def test_an_answer_that_old_clients_cannot_read_is_suspected_only() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.SERVER_ERRORS, "gateway", *shop.NEIGHBOUR))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)
    assert (finding.workload, finding.victim) == ("user-service", "gateway")
