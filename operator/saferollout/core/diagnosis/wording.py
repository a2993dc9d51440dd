"""Words of readings and numbers, short and always the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Reading
from saferollout.core.diagnosis.symptoms import Symptom

DEPENDENCY: Final[Mapping[Dependency, str]] = {
    Dependency.KAFKA: "the broker",
    Dependency.POSTGRES: "the database",
    Dependency.CACHE: "the cache",
    Dependency.GATEWAY: "the gateway",
    Dependency.NODE: "the node",
    Dependency.SCRAPE: "Prometheus",
}

_TOLD_BY_CONTRACT: Final = frozenset({Symptom.CONSUMER_FAILURES, Symptom.CACHE_MISSES, Symptom.CACHE_PUTS, Symptom.DATA_ERRORS, Symptom.CALLS_REJECTED})
"""What is counted for all contracts of a workload together as well, so that the words have to tell one from the other."""


_BURSTS: Final = 3.0
"""Overdispersion from which on a person is told of it: some pod or client makes the errors in bursts, and detection is slower."""


def percent(share: float) -> str:
    """Return a share as people write it, with three digits at most."""
    return f"{share * 100:.3g} %" if share < 10 else f"{share:.3g} times"


def number(value: float) -> str:
    """Return a count; whole where it is whole."""
    return f"{value:.0f}"


def line(reading: Reading) -> str:
    """Return one reading in numbers: who, how much of what, against what."""
    value = f"{reading.symptom.meaning} {percent(reading.value)} ({number(reading.count)} of {number(reading.total)} {reading.symptom.among})"
    bursts = f"; they come in bursts (phi {reading.phi:.2g})" if reading.phi is not None and reading.phi >= _BURSTS else ""
    return f"{_who(reading)}: {value}, {_against(reading)} {percent(reading.reference)}{bursts}"


def _who(reading: Reading) -> str:
    if not reading.workload:
        return reading.contract
    of = f"{reading.workload} on {reading.contract}" if reading.contract and reading.symptom in _TOLD_BY_CONTRACT else reading.workload
    return {
        Arm.NEW: f"new pods of {of}",
        Arm.OLD: f"old pods of {of}",
        Arm.ALL: f"all pods of {of}",
        Arm.NEIGHBOUR: of,
        Arm.OUTSIDE: f"{of}, outside the release",
    }[reading.arm]


def _against(reading: Reading) -> str:
    match reading.against:
        case Against.OTHER_ARM:
            return "its old pods" if reading.arm is Arm.NEW else "its new pods"
        case Against.BASELINE:
            return "before the release"
        case Against.OUTSIDE:
            return "outside the release"


def clock(at: datetime) -> str:
    """Return an instant as people read it on one day; every instant of the operator is UTC."""
    return f"{at:%H:%M:%S}"
