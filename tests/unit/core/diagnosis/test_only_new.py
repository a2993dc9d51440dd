"""Restarts of new pods alone, where the test between the arms can't tell yet."""

from dataclasses import replace

import pytest

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Evidence, Life, Standing
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.symptoms import Symptom
from tests.unit.core.diagnosis import shop

NAME = "user-service"


def restarting(new: int, *, old: int = 0, new_total: float = 300, old_total: float = 300, than_before: bool = True, symptom: Symptom = Symptom.RESTARTS) -> Evidence:
    """Return evidence of so many restarts (of `total` looks at pods), of which the test between the arms can't tell yet."""
    evidence = shop.worse(shop.healthy(), symptom, NAME, Arm.NEW, Against.BASELINE) if than_before else shop.healthy()
    counts = {(Arm.NEW, Against.OTHER_ARM): (new, new_total), (Arm.OLD, Against.OTHER_ARM): (old, old_total)}
    unsure = [
        replace(one, standing=Standing.CANNOT_TELL, count=counts[one.arm, one.against][0], total=counts[one.arm, one.against][1])
        if (one.symptom, one.workload) == (symptom, NAME) and (one.arm, one.against) in counts
        else one
        for one in evidence.readings
    ]
    return replace(evidence, readings=tuple(unsure))


def test_many_restarts_of_new_pods_and_none_of_old_ones_are_a_bug_of_the_new_revision() -> None:
    finding = diagnose(restarting(20))
    assert (finding.cause, finding.certainty, finding.workload, finding.action) == (Cause.PLAIN_BUG, Certainty.NAMED, NAME, Action.ROLL_BACK)


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(restarting(17), id="too few where new pods are half of all: two thirds to the power of 17 is above one in a thousand"),
        pytest.param(restarting(60, old=1), id="an old pod restarts too"),
        pytest.param(restarting(20, new_total=500, old_total=100), id="hardly any old pods to compare with"),
        pytest.param(restarting(20, old_total=0), id="no old pod was watched"),
        pytest.param(restarting(20, than_before=False), id="no more than before"),
        pytest.param(restarting(20, symptom=Symptom.NOT_READY), id="pods that are not ready, which one bad node explains as well"),
    ],
)
def test_what_chance_explains_names_nobody(evidence: Evidence) -> None:
    assert diagnose(evidence).certainty is not Certainty.NAMED or diagnose(evidence).cause is Cause.NOTHING


def test_where_nothing_tells_of_nodes_it_is_suspected_only() -> None:
    finding = diagnose(shop.living(restarting(20), Dependency.NODE, Life.UNKNOWN))
    assert (finding.cause, finding.certainty) == (Cause.PLAIN_BUG, Certainty.SUSPECTED)
