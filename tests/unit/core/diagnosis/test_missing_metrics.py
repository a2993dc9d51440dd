"""With a metric missing a cause may be suspected or unknown; the name of another one is never given."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest

from saferollout.core.catalogue.series import SignalName
from saferollout.core.catalogue.signals import SIGNALS
from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Arm, Dependency, Evidence, Life, Reading, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.diagnosis import shop
from tests.unit.core.diagnosis.test_screens import SCENES

Needed = tuple[Cause, Callable[[], Evidence], Symptom, str]
NEEDED: tuple[Needed, ...] = (
    (Cause.MODE_1, shop.mode_1, Symptom.CONSUMER_FAILURES, "billing-service"),
    (Cause.MODE_2, shop.mode_2, Symptom.REJECTED, "user-service"),
    (Cause.MODE_2, shop.mode_2, Symptom.SERVER_ERRORS, "user-service"),
    (Cause.MODE_3, shop.mode_3, Symptom.STALLED, "billing-service"),
    (Cause.MODE_4, shop.mode_4, Symptom.CACHE_MISSES, "user-service"),
    (Cause.MODE_4, shop.mode_4, Symptom.CACHE_PUTS, "user-service"),
    (Cause.MODE_5, shop.mode_5, Symptom.SERVER_ERRORS, "user-service"),
    (Cause.MODE_5, shop.mode_5, Symptom.DATA_ERRORS, "user-service"),
    (Cause.CAPACITY, shop.too_little_capacity, Symptom.SATURATED, "user-service"),
)


@pytest.mark.parametrize(("cause", "scene", "symptom", "workload"), NEEDED, ids=lambda one: getattr(one, "value", None))
def test_without_a_metric_that_it_needs_a_cause_is_suspected_at_most(cause: Cause, scene: Callable[[], Evidence], symptom: Symptom, workload: str) -> None:
    finding = diagnose(shop.blind(scene(), symptom, workload))
    assert finding.cause in (cause, Cause.UNKNOWN)
    assert finding.certainty is Certainty.SUSPECTED
    assert finding.doubts


@pytest.mark.parametrize(("cause", "scene", "symptom", "workload"), NEEDED, ids=lambda one: getattr(one, "value", None))
def test_what_is_only_suspected_takes_nothing_back_unless_its_new_pods_are_proved_worse(
    cause: Cause, scene: Callable[[], Evidence], symptom: Symptom, workload: str
) -> None:
    finding = diagnose(shop.blind(scene(), symptom, workload))
    proved = symptom is Symptom.SERVER_ERRORS and cause is Cause.MODE_2
    expected = Action.ROLL_BACK if proved else Action.STOP_SPREADING if cause is Cause.MODE_5 else Action.HOLD
    assert finding.action in (expected, Action.HOLD)


@pytest.mark.parametrize(("cause", "dependency"), [
    (Cause.MODE_1, Dependency.KAFKA),
    (Cause.MODE_1, Dependency.POSTGRES),
    (Cause.MODE_3, Dependency.KAFKA),
    (Cause.MODE_4, Dependency.CACHE),
    (Cause.MODE_5, Dependency.POSTGRES),
    (Cause.CAPACITY, Dependency.POSTGRES),
])  # fmt: skip
def test_a_dependency_of_unknown_life_keeps_a_cause_from_being_named(cause: Cause, dependency: Dependency) -> None:
    finding = diagnose(shop.living(SCENES[cause](), dependency, Life.UNKNOWN))
    assert (finding.cause, finding.certainty) == (cause, Certainty.SUSPECTED)
    assert any("nothing tells whether" in one for one in finding.doubts)


@pytest.mark.parametrize("cause", [Cause.MODE_1, Cause.MODE_3, Cause.MODE_4, Cause.MODE_5])
def test_a_dependency_that_a_contract_implies_and_nobody_lists_is_unknown(cause: Cause) -> None:
    assert diagnose(replace(SCENES[cause](), liveness=())).certainty is Certainty.SUSPECTED


@pytest.mark.parametrize(("cause", "dependency"), [
    (Cause.BROKER_DOWN, Dependency.KAFKA),
    (Cause.DATABASE_DOWN, Dependency.POSTGRES),
    (Cause.GATEWAY_RESTART, Dependency.GATEWAY),
])  # fmt: skip
def test_an_outage_whose_liveness_nobody_can_tell_is_suspected_at_most(cause: Cause, dependency: Dependency) -> None:
    finding = diagnose(shop.living(SCENES[cause](), dependency, Life.UNKNOWN))
    assert finding.certainty is Certainty.SUSPECTED
    assert finding.action is Action.HOLD


@pytest.mark.parametrize("cause", [one for one in SCENES if one not in (Cause.UNKNOWN, Cause.NOTHING, Cause.SCRAPE_TROUBLE)])
def test_no_two_symptoms_can_go_missing_so_that_another_cause_is_named(cause: Cause) -> None:
    evidence = SCENES[cause]()
    seen = sorted({(one.symptom, one.workload) for one in evidence.readings if one.standing is Standing.WORSE})
    for hidden in (*combinations(seen, 1), *combinations(seen, 2)):
        partly = replace(evidence, readings=tuple(_told(one) if (one.symptom, one.workload) in hidden else one for one in evidence.readings))
        finding = diagnose(partly)
        assert finding.certainty is Certainty.SUSPECTED or finding.cause is cause, hidden


@pytest.mark.parametrize("cause", [Cause.MODE_1, Cause.MODE_4])
def test_an_onset_that_nobody_knows_makes_before_and_after_a_suspicion(cause: Cause) -> None:
    evidence = SCENES[cause]()
    finding = diagnose(replace(evidence, readings=tuple(replace(one, onset=None) for one in evidence.readings)))
    assert (finding.cause, finding.certainty) == (cause, Certainty.SUSPECTED)
    assert finding.began is None


def test_a_healthy_release_says_which_mode_it_could_not_have_seen() -> None:
    finding = diagnose(shop.blind(shop.healthy(), Symptom.CACHE_MISSES, "user-service"))
    assert (finding.cause, finding.certainty) == (Cause.NOTHING, Certainty.SUSPECTED)
    assert finding.doubts == ("mode 4 on profiles can't be seen: cache misses of user-service are not known: no series",)


def test_only_old_or_only_new_pods_that_can_be_read_are_not_compared() -> None:
    finding = diagnose(shop.blind(shop.mode_2(), Symptom.REJECTED, "user-service", Arm.NEW, Arm.OLD))
    assert finding.certainty is Certainty.SUSPECTED


def _told(reading: Reading) -> Reading:
    return replace(reading, standing=Standing.CANNOT_TELL, onset=None)


def test_what_cannot_be_seen_says_why_where_nothing_was_counted() -> None:
    bare = shop.blind(shop.healthy(), Symptom.SLOW, "user-service")
    why = "have it publish buckets"
    told = tuple(replace(one, total=0.0, detail=why) if one.symptom is Symptom.SLOW and one.workload == "user-service" else one for one in bare.readings)
    doubts = diagnose(replace(bare, readings=told)).doubts
    assert any(one.endswith(f"slow answers of user-service are not known: {why}") for one in doubts), doubts


@pytest.mark.parametrize(
    ("signal", "dependency"),
    [(SignalName.BROKERS_UP, Dependency.KAFKA), (SignalName.DATABASE_UP, Dependency.POSTGRES), (SignalName.CACHE_UP, Dependency.CACHE)],
)
def test_what_it_costs_that_nothing_tells_of_a_dependency_names_the_modes_that_are_only_suspected_then(signal: SignalName, dependency: Dependency) -> None:
    modes = (Cause.MODE_1, Cause.MODE_2, Cause.MODE_3, Cause.MODE_4, Cause.MODE_5)
    suspected = {cause.name[-1] for cause in modes if diagnose(shop.living(SCENES[cause](), dependency, Life.UNKNOWN)).certainty is Certainty.SUSPECTED}
    assert suspected == set(re.findall(r"\d", SIGNALS[signal].costs))
