"""What looks like one cause and is another, or none (the traps of systems-and-signals.md D2)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Evidence, Life, Reading, Standing
from saferollout.core.diagnosis.finding import ENVIRONMENT, MODES, Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.diagnosis import shop


def test_a_stalled_poison_record_is_mode_1_where_the_writer_moved_last() -> None:
    """Without an error-handling deserializer nothing fails and no dead letters come: old consumers stand still."""
    finding = diagnose(shop.worse(shop.healthy(), Symptom.STALLED, "billing-service", *shop.NEIGHBOUR))
    assert (finding.cause, finding.certainty, finding.workload) == (Cause.MODE_1, Certainty.NAMED, "user-service")


def test_a_stalled_poison_record_is_mode_1_also_after_the_reader_has_rolled() -> None:
    members = shop.rolling("user-service", at=shop.SECOND_STEP + timedelta(minutes=10), members=shop.rolling("billing-service"))
    onset = shop.SECOND_STEP + timedelta(minutes=11)
    evidence = shop.worse(shop.healthy(members=members), Symptom.STALLED, "billing-service", onset=onset)
    finding = diagnose(evidence)
    assert (finding.cause, finding.workload) == (Cause.MODE_1, "user-service")


def test_a_stall_of_a_whole_group_is_mode_3_where_the_reader_moved_last_and_not_certain() -> None:
    members = shop.rolling("billing-service", at=shop.FIRST_STEP, members=shop.rolling("user-service", at=shop.FIRST_STEP - timedelta(minutes=30)))
    evidence = shop.blind(shop.worse(shop.healthy(members=members), Symptom.STALLED, "billing-service"), Symptom.STALLED, "billing-service", Arm.NEW, Arm.OLD)
    finding = diagnose(evidence)
    assert (finding.cause, finding.certainty, finding.workload) == (Cause.MODE_3, Certainty.SUSPECTED, "billing-service")
    assert finding.action is Action.HOLD


def _doubted(evidence: Evidence) -> Evidence:
    """Return it with nobody telling which pods own partitions."""
    stalls = [one for one in evidence.readings if one.symptom is Symptom.STALLED and one.standing is Standing.WORSE]
    return replace(evidence, readings=tuple(replace(one, doubt="who owns what is not known") if one in stalls else one for one in evidence.readings))


def test_a_stall_of_pods_that_may_own_nothing_is_suspected_and_nobody_goes_back() -> None:
    assert diagnose(shop.mode_3()).action is Action.ROLL_BACK
    finding = diagnose(_doubted(shop.mode_3()))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_3, Certainty.SUSPECTED, Action.HOLD)
    assert finding.doubts == ("who owns what is not known",)


def test_such_a_stall_proves_no_poison_record_either() -> None:
    finding = diagnose(_doubted(shop.worse(shop.healthy(), Symptom.STALLED, "billing-service", *shop.NEIGHBOUR)))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)


def test_two_sides_that_moved_at_once_are_not_told_apart() -> None:
    members = shop.rolling("billing-service", at=shop.FIRST_STEP + timedelta(seconds=10), members=shop.rolling("user-service"))
    finding = diagnose(shop.worse(shop.healthy(members=members), Symptom.STALLED, "billing-service"))
    assert finding.certainty is Certainty.SUSPECTED
    assert finding.action is Action.HOLD


def test_dead_letters_alone_are_never_mode_1() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.DEAD_LETTERS, contract="user-events"))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)


def test_dead_letters_with_failures_that_nobody_can_see_are_suspected_only() -> None:
    evidence = shop.worse(shop.healthy(), Symptom.DEAD_LETTERS, contract="user-events")
    finding = diagnose(shop.blind(evidence, Symptom.CONSUMER_FAILURES, "billing-service"))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)
    assert any("dead letters alone do not tell" in one for one in finding.doubts)


def test_a_database_that_is_down_and_fills_the_dead_letter_topic_is_not_mode_1() -> None:
    finding = diagnose(shop.database_down())
    assert (finding.cause, finding.action, finding.also) == (Cause.DATABASE_DOWN, Action.RESUME_AFTER_QUIET, ())


def test_mode_1_is_not_named_while_nobody_can_tell_whether_the_database_is_up() -> None:
    finding = diagnose(shop.living(shop.mode_1(), Dependency.POSTGRES, Life.UNKNOWN))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)


def test_a_cold_local_cache_is_not_mode_4() -> None:
    evidence = shop.healthy()
    for arm, against in ((Arm.NEW, Against.OTHER_ARM), (Arm.NEW, Against.BASELINE), (Arm.ALL, Against.BASELINE)):
        evidence = shop.worse(evidence, Symptom.CACHE_MISSES, "user-service", arm, against)
        evidence = shop.worse(evidence, Symptom.CACHE_PUTS, "user-service", arm, against)
    finding = diagnose(evidence)
    assert (finding.cause, finding.action) == (Cause.NOTHING, Action.GO_ON)
    assert "cold" in finding.sentence


def test_where_nobody_counts_misses_what_only_new_pods_put_tells_that_they_are_cold() -> None:
    evidence = shop.blind(shop.worse(shop.healthy(), Symptom.CACHE_PUTS, "user-service", *shop.NEW_WORSE), Symptom.CACHE_MISSES, "user-service")
    assert diagnose(evidence).cause is Cause.NOTHING
    both = shop.worse(evidence, Symptom.CACHE_PUTS, "user-service", *shop.OLD_THAN_BEFORE)
    assert diagnose(both).cause is not Cause.NOTHING


def test_misses_of_all_pods_together_do_not_tell_a_cold_cache_from_mode_4() -> None:
    evidence = shop.worse(shop.worse(shop.healthy(), Symptom.CACHE_MISSES, "user-service"), Symptom.CACHE_PUTS, "user-service")
    finding = diagnose(shop.blind(evidence, Symptom.CACHE_MISSES, "user-service", Arm.NEW, Arm.OLD))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_4, Certainty.SUSPECTED, Action.HOLD)


def test_a_cache_that_was_restarted_empty_is_not_mode_4() -> None:
    assert diagnose(shop.cache_down()).cause is Cause.CACHE_DOWN


def test_a_cache_that_evicts_more_than_before_keeps_mode_4_from_its_name_and_is_no_trouble_by_itself() -> None:
    evicts = Reading(Symptom.EVICTIONS, "", Arm.ALL, Against.BASELINE, Standing.WORSE, contract="profiles", count=900, total=300, value=3.0, onset=shop.ONSET)
    beside = shop.mode_4()
    finding = diagnose(replace(beside, readings=(*beside.readings, evicts)))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_4, Certainty.SUSPECTED, Action.HOLD)
    assert finding.doubts == ("entries are evicted too: the cache may have too little room",)
    elsewhere = replace(evicts, contract="sessions")
    assert diagnose(replace(beside, readings=(*beside.readings, elsewhere))).certainty is Certainty.NAMED
    alone = shop.healthy()
    assert diagnose(replace(alone, readings=(*alone.readings, evicts))).cause is Cause.NOTHING


def test_new_pods_that_are_slow_by_two_formats_in_one_cache_are_not_a_plain_bug() -> None:
    assert diagnose(shop.mode_4()).cause is Cause.MODE_4


def test_a_partial_stall_is_that_of_the_pods_which_own_the_partitions() -> None:
    """Both pools are in one group, so only part of the partitions stand still; each reading is of the pods that own them."""
    evidence = shop.worse(shop.healthy("billing-service"), Symptom.STALLED, "billing-service", *shop.NEW_WORSE)
    evidence = shop.worse(evidence, Symptom.STALLED, "billing-service")
    finding = diagnose(evidence)
    assert (finding.cause, finding.certainty, finding.workload) == (Cause.MODE_3, Certainty.NAMED, "billing-service")


def test_lag_after_a_rebalance_is_no_stall() -> None:
    finding = diagnose(shop.worse(shop.healthy("billing-service"), Symptom.LAG, "billing-service"))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)


def test_codes_of_logins_routes_and_limits_are_not_mode_2_and_take_nothing_back() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.DENIED, "user-service", *shop.NEW_WORSE))
    assert (finding.cause, finding.certainty, finding.action, finding.workload) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.HOLD, "user-service")


def test_new_pods_that_answer_5xx_go_back_beside_whatever_else_they_answer() -> None:
    finding = diagnose(shop.worse(shop.plain_bug(), Symptom.DENIED, "user-service", *shop.NEW_WORSE))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.PLAIN_BUG, Certainty.NAMED, Action.ROLL_BACK)
    assert "5xx" in finding.sentence


@pytest.mark.parametrize(("new", "old", "held"), [
    (0.1, 0.0, True), (0.099, 0.0, False), (0.375, 0.125, True), (0.37, 0.125, False), (0.6, 0.25, False),
])  # fmt: skip
@pytest.mark.parametrize("place", [shop.NEW_WORSE, (Arm.NEW, Against.BASELINE), (Arm.ALL, Against.BASELINE)])
def test_only_a_big_difference_of_answers_that_may_be_right_holds(place: tuple[Arm, Against], new: float, old: float, held: bool) -> None:
    evidence = shop.worse(shop.healthy(), Symptom.DENIED, "user-service", *place)
    sized = (replace(one, value=new, reference=old) if one.standing is Standing.WORSE else one for one in evidence.readings)
    assert diagnose(replace(evidence, readings=tuple(sized))).action is (Action.HOLD if held else Action.GO_ON)


def test_answers_that_may_be_right_of_old_pods_and_of_who_does_not_roll_are_no_trouble() -> None:
    old = diagnose(shop.worse(shop.healthy(), Symptom.DENIED, "user-service", *shop.OLD_THAN_BEFORE))
    neighbour = diagnose(shop.worse(shop.healthy("billing-service"), Symptom.DENIED, "user-service", *shop.NEIGHBOUR))
    outside = diagnose(shop.worse(shop.healthy(), Symptom.DENIED, "search-service", *shop.OUTSIDE))
    assert [one.action for one in (old, neighbour, outside)] == [Action.GO_ON] * 3


def test_validation_and_logins_at_once_are_suspected_and_the_server_goes_back_all_the_same() -> None:
    finding = diagnose(shop.worse(shop.mode_2(), Symptom.DENIED, "user-service", *shop.NEW_WORSE))
    assert (finding.certainty, finding.action) in ((Certainty.SUSPECTED, Action.ROLL_BACK), (Certainty.NAMED, Action.ROLL_BACK))
    assert finding.cause in (Cause.MODE_2, Cause.PLAIN_BUG)
    assert finding.workload == "user-service"


def test_a_server_that_answers_5xx_as_well_is_not_named_mode_2() -> None:
    finding = diagnose(shop.worse(shop.mode_2(), Symptom.SERVER_ERRORS, "user-service", *shop.NEW_WORSE))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.PLAIN_BUG, Certainty.SUSPECTED, Action.ROLL_BACK)


@pytest.mark.parametrize(("crashes", "certainty"), [(0, Certainty.NAMED), (30, Certainty.NAMED), (31, Certainty.SUSPECTED), (300, Certainty.SUSPECTED)])
def test_too_few_crashes_to_be_compared_do_not_hide_mode_2_where_refusals_outnumber_them(crashes: int, certainty: Certainty) -> None:
    finding = diagnose(_crashes_that_cannot_be_compared(count=crashes, total=2000))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_2, certainty, Action.ROLL_BACK)
    said = f"its new pods answered {crashes} times 5xx, and refused 300 times"
    assert any(said in one for one in finding.not_because) is (certainty is Certainty.NAMED)


def test_crashes_that_were_counted_among_fewer_answers_than_the_refusals_say_nothing_of_mode_2() -> None:
    """New pods that report 5xx of one path only, or whose series came late."""
    finding = diagnose(_crashes_that_cannot_be_compared(count=0, total=1999))
    assert (finding.cause, finding.certainty) == (Cause.MODE_2, Certainty.SUSPECTED)


def _crashes_that_cannot_be_compared(*, count: float, total: float) -> Evidence:
    evidence = shop.blind(shop.mode_2(), Symptom.SERVER_ERRORS, "user-service")
    place = (Symptom.SERVER_ERRORS, "user-service", *shop.NEW_WORSE)
    few = (replace(one, count=count, total=total) if (one.symptom, one.workload, one.arm, one.against) == place else one for one in evidence.readings)
    return replace(evidence, readings=tuple(few))


def test_in_mode_4_old_pods_that_the_new_ones_contaminate_are_compared_with_before_the_release() -> None:
    """Between the arms there is no difference: both are worse than they were."""
    evidence = shop.healthy()
    for symptom in (Symptom.CACHE_MISSES, Symptom.CACHE_PUTS):
        evidence = shop.worse(evidence, symptom, "user-service", *shop.OLD_THAN_BEFORE)
    finding = diagnose(evidence)
    assert (finding.cause, finding.certainty) == (Cause.MODE_4, Certainty.NAMED)


def test_mode_5_never_goes_back_even_where_a_bug_of_the_same_new_pods_is_plain() -> None:
    finding = diagnose(shop.worse(shop.mode_5(), Symptom.RESTARTS, "user-service", *shop.NEW_WORSE))
    assert finding.action is Action.STOP_SPREADING


def test_a_suspected_mode_5_keeps_a_named_bug_from_going_back() -> None:
    evidence = shop.blind(shop.mode_5(), Symptom.DATA_ERRORS, "user-service")
    finding = diagnose(shop.worse(evidence, Symptom.RESTARTS, "user-service", *shop.NEW_WORSE))
    assert finding.action is Action.STOP_SPREADING


def test_unhealthy_old_nodes_are_not_mode_5() -> None:
    evidence = shop.worse(shop.healthy(), Symptom.SERVER_ERRORS, "user-service", *shop.OLD_WORSE)
    finding = diagnose(shop.living(evidence, Dependency.NODE, Life.DOWN, since=shop.ONSET, name="worker-3"))
    assert (finding.cause, finding.action) == (Cause.NODE_TROUBLE, Action.RESUME_AFTER_QUIET)


def test_old_pods_that_fail_with_nothing_wrong_in_the_data_stay_unnamed_and_nothing_goes_back() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.SERVER_ERRORS, "user-service", *shop.OLD_WORSE))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)


def test_a_gateway_that_restarts_because_it_is_released_is_no_outage() -> None:
    evidence = shop.worse(shop.healthy("gateway"), Symptom.SERVER_ERRORS, "gateway", *shop.NEW_WORSE)
    finding = diagnose(shop.living(evidence, Dependency.GATEWAY, Life.RESTARTED, since=shop.ONSET, name="gateway"))
    assert (finding.cause, finding.action) == (Cause.PLAIN_BUG, Action.ROLL_BACK)


def test_a_restart_long_before_the_trouble_does_not_explain_it() -> None:
    finding = diagnose(shop.living(shop.mode_1(), Dependency.KAFKA, Life.RESTARTED, since=shop.ONSET - timedelta(minutes=30)))
    assert (finding.cause, finding.certainty) == (Cause.MODE_1, Certainty.NAMED)


def test_a_workload_outside_that_is_ill_by_itself_stops_nobody() -> None:
    finding = diagnose(shop.worse(shop.healthy(), Symptom.RESTARTS, "search-service", *shop.OUTSIDE))
    assert (finding.cause, finding.action) == (Cause.NOTHING, Action.GO_ON)


def test_more_requests_alone_are_no_trouble() -> None:
    assert diagnose(shop.worse(shop.healthy(), Symptom.MORE_REQUESTS, "user-service")).cause is Cause.NOTHING


def test_what_readers_and_clients_suffer_in_consequence_is_not_a_second_cause() -> None:
    finding = diagnose(shop.worse(shop.mode_2(), Symptom.CALLS_FAILED, "gateway", *shop.NEIGHBOUR))
    assert (finding.cause, finding.also) == (Cause.MODE_2, ())


def test_two_bugs_at_once_are_both_told() -> None:
    members = shop.rolling("gateway", members=shop.rolling("user-service"))
    evidence = shop.worse(shop.healthy(members=members), Symptom.REJECTED, "user-service", *shop.NEW_WORSE)
    finding = diagnose(shop.worse(evidence, Symptom.RESTARTS, "gateway", *shop.NEW_WORSE))
    assert finding.cause is Cause.MODE_2
    assert any("new pods of gateway fail" in one for one in finding.also)


def test_the_same_evidence_gives_the_same_finding_in_whatever_order_it_comes() -> None:
    evidence = shop.mode_4()
    assert diagnose(replace(evidence, readings=tuple(reversed(evidence.readings)))) == diagnose(evidence)


def test_nothing_measured_is_not_nothing_wrong() -> None:
    evidence = shop.healthy()
    silent = tuple(replace(one, standing=Standing.CANNOT_TELL) for one in evidence.readings)
    finding = diagnose(replace(evidence, readings=silent))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)
    assert diagnose(Evidence(release="r", namespace="n", at=shop.BEGIN)).action is Action.HOLD


@pytest.mark.parametrize("cause", sorted(MODES | ENVIRONMENT))
def test_every_mode_and_outage_says_what_it_is_usually_taken_for(cause: Cause) -> None:
    assert cause.mistaken_for


def test_what_has_only_just_begun_holds_and_is_not_named_yet() -> None:
    """A database that went down is known at the next scrape, the failures of consumers perhaps at this one."""
    evidence = replace(shop.mode_1(), at=shop.ONSET + timedelta(minutes=4))
    known = replace(evidence, readings=tuple(replace(one, worse_at=evidence.at - timedelta(seconds=15)) for one in evidence.readings))
    finding = diagnose(known)
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_1, Certainty.SUSPECTED, Action.HOLD)
    assert "it has only just begun" in finding.doubts


@pytest.mark.parametrize(("seconds", "certainty"), [(60, Certainty.NAMED), (5, Certainty.SUSPECTED)])
def test_a_better_comparison_that_joins_late_does_not_take_a_name_back(seconds: int, certainty: Certainty) -> None:
    """Old pods are first known to be worse than before, and only then to be worse than the new ones."""
    evidence = shop.mode_5()
    for symptom in (Symptom.SERVER_ERRORS, Symptom.DATA_ERRORS):
        evidence = shop.worse(evidence, symptom, "user-service", Arm.OLD)
    at = shop.ONSET + timedelta(minutes=4)
    seen = {Against.OTHER_ARM: at - timedelta(seconds=5), Against.BASELINE: at - timedelta(seconds=seconds)}
    readings = tuple(replace(one, worse_at=seen[one.against]) if one.standing is Standing.WORSE else one for one in evidence.readings)
    finding = diagnose(replace(evidence, at=at, readings=readings))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_5, certainty, Action.STOP_SPREADING)


def test_what_has_only_just_begun_takes_nothing_back_even_where_new_pods_are_worse() -> None:
    finding = diagnose(replace(shop.mode_2(), at=shop.ONSET + timedelta(seconds=15)))
    assert (finding.cause, finding.certainty, finding.action) == (Cause.MODE_2, Certainty.SUSPECTED, Action.HOLD)


def test_new_pods_that_are_slow_while_their_cache_is_cold_are_no_plain_bug() -> None:
    evidence = shop.worse(shop.healthy(), Symptom.SLOW, "user-service", *shop.NEW_WORSE)
    finding = diagnose(shop.worse(evidence, Symptom.CACHE_MISSES, "user-service", *shop.NEW_WORSE))
    assert (finding.cause, finding.action) == (Cause.UNKNOWN, Action.HOLD)
    assert diagnose(evidence).cause is Cause.PLAIN_BUG


def test_a_cold_cache_of_new_pods_is_not_explained_by_a_restart_of_the_cache() -> None:
    evidence = shop.healthy()
    for arm in (Arm.NEW, Arm.ALL):
        evidence = shop.worse(evidence, Symptom.CACHE_MISSES, "user-service", arm)
    finding = diagnose(shop.living(evidence, Dependency.CACHE, Life.RESTARTED, since=shop.ONSET))
    assert (finding.cause, finding.action) == (Cause.NOTHING, Action.GO_ON)


def test_a_neighbour_that_is_slow_while_pods_start_is_no_trouble_and_one_that_fails_is() -> None:
    slow = shop.worse(shop.healthy("gateway"), Symptom.SLOW, "user-service", *shop.NEIGHBOUR)
    assert (diagnose(slow).cause, diagnose(slow).action) == (Cause.NOTHING, Action.GO_ON)
    fails = shop.worse(shop.healthy("gateway"), Symptom.SERVER_ERRORS, "user-service", *shop.NEIGHBOUR)
    assert diagnose(fails).action is Action.HOLD


@pytest.mark.parametrize(
    ("life", "said"), [(Life.DOWN, "the broker is down in part since 10:04:15"), (Life.RESTARTED, "the broker was down in part until 10:04:15")]
)
def test_a_broker_that_is_down_in_part_is_not_called_down(life: Life, said: str) -> None:
    evidence = shop.living(shop.broker_down(), Dependency.KAFKA, life, since=shop.ONSET)
    in_part = replace(evidence, liveness=tuple(replace(one, in_part=one.dependency is Dependency.KAFKA) for one in evidence.liveness))
    finding = diagnose(in_part)
    assert (finding.cause, finding.certainty, finding.action) == (Cause.BROKER_DOWN, Certainty.NAMED, Action.RESUME_AFTER_QUIET)
    assert finding.evidence[:2] == (said, "fewer servers are, or were, there than as the release began")
    assert finding.sentence == said.partition(" since")[0].partition(" until")[0]


@pytest.mark.parametrize(("phi", "said"), [(None, False), (2.9, False), (3.0, True), (12.4, True)])
def test_errors_that_come_in_bursts_are_told_with_the_evidence(phi: float | None, said: bool) -> None:
    evidence = shop.mode_2()
    found = diagnose(replace(evidence, readings=tuple(replace(one, phi=phi) for one in evidence.readings)))
    assert ("come in bursts" in " ".join(found.evidence)) is said
