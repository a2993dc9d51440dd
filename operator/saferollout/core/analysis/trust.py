"""What of the evidence rests on data with a gap: whoever is blamed by nothing else stays where it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from saferollout.core.analysis.counts import POD_SYMPTOMS
from saferollout.core.analysis.gaps import Gap
from saferollout.core.catalogue.series import SignalName
from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Evidence, Reading, Standing
from saferollout.core.diagnosis.finding import Finding
from saferollout.core.diagnosis.symptoms import Symptom

RESTS_ON: Final[Mapping[Symptom, frozenset[SignalName]]] = {
    **{one.symptom: frozenset({one.signal}) for one in POD_SYMPTOMS},
    Symptom.ANY_4XX: frozenset({SignalName.HTTP_SERVER}),
    Symptom.CALLS_ANY_4XX: frozenset({SignalName.HTTP_CLIENT}),
    Symptom.DEAD_LETTERS: frozenset({SignalName.DEAD_LETTERS}),
    Symptom.STALLED: frozenset(
        {SignalName.RECORDS_CONSUMED, SignalName.TOPIC_INFLOW, SignalName.ASSIGNED_PARTITIONS, SignalName.OWNED_PARTITIONS}
    ),
    Symptom.LAG: frozenset({SignalName.GROUP_LAG}),
    Symptom.TOPIC_SILENT: frozenset({SignalName.TOPIC_INFLOW}),
    Symptom.SEND_FAILURES: frozenset({SignalName.PRODUCER_ERRORS, SignalName.RECORDS_SENT}),
    Symptom.SLOW: frozenset({SignalName.LATENCY, SignalName.LATENCY_SUM, SignalName.HTTP_SERVER}),
    Symptom.LATENCY_SWINGS: frozenset({SignalName.LATENCY}),
    Symptom.FEWER_REQUESTS: frozenset({SignalName.HTTP_SERVER}),
    Symptom.MORE_REQUESTS: frozenset({SignalName.HTTP_SERVER}),
    Symptom.CACHE_PUTS: frozenset({SignalName.CACHE_PUTS, SignalName.CACHE_GETS}),
    Symptom.EVICTIONS: frozenset({SignalName.CACHE_EVICTIONS}),
    Symptom.NOT_READY: frozenset({SignalName.READINESS}),
    Symptom.SATURATED: frozenset({SignalName.CPU_THROTTLING, SignalName.POOL_PENDING, SignalName.POOL_TIMEOUTS}),
}
"""The signals that each symptom is told by; one that may be told by any of several rests on all of them."""


def is_confirmed(finding: Finding, evidence: Evidence, gaps: Sequence[Gap]) -> bool:
    """Tell whether what is sound of the evidence blames the same workload in the same way."""
    sound = tuple(_sound(evidence.readings, gaps))
    if sound == tuple(evidence.readings):
        return True
    other = diagnose(replace(evidence, readings=sound))
    return (other.action, other.workload) == (finding.action, finding.workload)


def _sound(readings: Sequence[Reading], gaps: Sequence[Gap]) -> Iterator[Reading]:
    for one in readings:
        gap = next((gap for gap in gaps if gap.signal in RESTS_ON[one.symptom] and _is_about(gap, one)), None)
        yield one if gap is None else replace(one, standing=Standing.CANNOT_TELL, onset=None, worse_at=None, detail=gap.sentence)


def _is_about(gap: Gap, reading: Reading) -> bool:
    return not gap.workloads or not reading.workload or reading.workload in gap.workloads
