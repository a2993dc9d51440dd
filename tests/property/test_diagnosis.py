"""Random evidence, also such as no world would give: what a diagnosis must never do."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Dependency, Evidence, Life, Liveness, Member, Reading, Standing
from saferollout.core.diagnosis.finding import ENVIRONMENT, Action, Cause, Certainty
from saferollout.core.diagnosis.sentences import headline, screen
from tests.unit.core.diagnosis import shop

INSTANTS = st.sampled_from([None, shop.BEGIN, shop.FIRST_STEP, shop.ONSET, shop.SECOND_STEP])
STEPPED = st.sampled_from([(), shop.STEPS[:1], shop.STEPS])


@st.composite
def evidence(draw: st.DrawFn) -> Evidence:
    """Any workloads roll, any few readings are worse or can't be told, any dependency lives or not."""
    members = tuple(_member(draw, one) for one in shop.MEMBERS)
    whole = shop.healthy(members=members)
    places = draw(st.lists(st.integers(0, len(whole.readings) - 1), max_size=12, unique=True))
    readings = [replace(one, **_standing(draw)) if place in places else one for place, one in enumerate(whole.readings)]
    lives = tuple(Liveness(one, draw(st.sampled_from(Life)), since=draw(INSTANTS)) for one in draw(st.sets(st.sampled_from(Dependency))))
    return replace(whole, readings=tuple(readings), liveness=lives)


def _member(draw: st.DrawFn, member: Member) -> Member:
    shares = draw(STEPPED) if member.in_release else ()
    return replace(member, shares=shares, new_ready=shares[0].at if shares and draw(st.booleans()) else None)


def _standing(draw: st.DrawFn) -> dict[str, object]:
    standing = draw(st.sampled_from([Standing.WORSE, Standing.WORSE, Standing.CANNOT_TELL]))
    return {"standing": standing, "onset": draw(INSTANTS) if standing is Standing.WORSE else None}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidence())
def test_a_finding_never_goes_back_for_an_outage_or_for_mode_5_or_for_nothing(given_evidence: Evidence) -> None:
    finding = diagnose(given_evidence)
    if finding.action is Action.ROLL_BACK:
        assert finding.cause not in ENVIRONMENT | {Cause.MODE_5, Cause.CAPACITY, Cause.UNKNOWN, Cause.NOTHING}
        assert not any(one.life is Life.DOWN for one in given_evidence.liveness)
        assert any(one.workload == finding.workload and one.shares for one in given_evidence.members)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidence())
def test_a_name_stands_on_a_reading_or_on_a_life_and_is_never_given_with_a_doubt(given_evidence: Evidence) -> None:
    finding = diagnose(given_evidence)
    assert (finding.certainty is Certainty.SUSPECTED) or not finding.doubts
    if finding.cause not in (Cause.NOTHING, Cause.UNKNOWN):
        worse = any(one.standing is Standing.WORSE for one in given_evidence.readings)
        assert worse or any(one.life is Life.DOWN for one in given_evidence.liveness)
        assert finding.evidence


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidence(), st.randoms())
def test_the_order_of_evidence_does_not_matter_to_cause_and_action(given_evidence: Evidence, random: object) -> None:
    shuffled: list[Reading] = list(given_evidence.readings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = diagnose(given_evidence), diagnose(replace(given_evidence, readings=tuple(shuffled)))
    assert (one.cause, one.certainty, one.action, one.workload) == (other.cause, other.certainty, other.action, other.workload)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(evidence())
def test_every_finding_can_be_drawn(given_evidence: Evidence) -> None:
    finding = diagnose(given_evidence)
    assert headline(finding) and "\n" not in headline(finding)
    assert screen(finding).startswith(finding.cause.meaning[:1].upper()) or finding.certainty is Certainty.SUSPECTED
    assert not (finding.cause is Cause.NOTHING) or finding.action is Action.GO_ON
