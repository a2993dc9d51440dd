"""Everything that is counted of a workload's pods: each symptom for which there are series, pod by pod and look by look."""

from collections.abc import Iterator

from saferollout.core.analysis.by_contract import counted_by_contract
from saferollout.core.analysis.counts import POD_SYMPTOMS, Counted, counting, ratio_of
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.pod_looks import at_their_limit, not_ready, restarted
from saferollout.core.analysis.slowness import slow_answers
from saferollout.core.analysis.stalls import stalls_of
from saferollout.core.catalogue.series import SignalName
from saferollout.core.diagnosis.evidence import Member, Part, Shared
from saferollout.core.diagnosis.symptoms import Symptom


def counted_symptoms(material: Material, member: Member) -> Iterator[Counted]:
    """Yield what was counted of a workload's pods; nothing for a symptom without a series."""
    name, is_pod = member.workload, material.pods_of(member.workload)
    for one in POD_SYMPTOMS:
        series = material.series_for(one.signal, workload=name)
        if series is not None:
            count, intervals = counting(one.symptom, series, is_pod=is_pod), material.intervals(series, workload=name)
            counts = material.of_each((one.symptom, series), intervals, count, workload=name)
            yield Counted(one.symptom, counts, proportion=one.proportion)
    yield from _ratios(material, name)
    yield from counted_by_contract(material, member)
    yield from stalls_of(material, member)
    yield from (one for one in (restarted(material, name), not_ready(material, name)) if one is not None)
    yield at_their_limit(material, name)
    slow = slow_answers(material, name) if answers_requests(member) else ""
    if isinstance(slow, Counted):
        yield slow


def answers_requests(member: Member) -> bool:
    """Tell whether a workload has a part in a contract for which it is seen how long its answers take."""
    return any(role.kind in (Shared.API, Shared.CACHE) and role.parts & {Part.SERVES, Part.READS} for role in member.roles)


def _ratios(material: Material, name: str) -> Iterator[Counted]:
    for symptom, events, among in (
        (Symptom.CACHE_PUTS, SignalName.CACHE_PUTS, SignalName.CACHE_GETS),
        (Symptom.SEND_FAILURES, SignalName.PRODUCER_ERRORS, SignalName.RECORDS_SENT),
    ):
        above, below = material.series_for(events, workload=name), material.series_for(among, workload=name)
        if above is not None and below is not None:
            found = ratio_of(material.intervals(above, workload=name), material.intervals(below, workload=name), is_pod=material.pods_of(name))
            yield Counted(symptom, found, proportion=False)
