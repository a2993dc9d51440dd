"""Answers of which only the class is told: `4xx` of a workload may be 400 as well as 404, so none of the kinds of 4xx is known.

They are counted with the 4xx that are no validation, and renamed here: what is known is that answers 4xx are worse, not which.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from saferollout.core.analysis.material import Material
from saferollout.core.catalogue.series import SignalName
from saferollout.core.counting import Look
from saferollout.core.diagnosis.evidence import Reading, Standing
from saferollout.core.diagnosis.symptoms import Symptom

CLASS_4XX: Final = "4[xX]{2}|4|client_error"
"""What the status is where it says only that it is some 4xx (Envoy's response_code_class, proxies' and libraries' own words)."""

_RENAMED: Final = {
    Symptom.OTHER_4XX: (SignalName.HTTP_SERVER, Symptom.ANY_4XX),
    Symptom.CALLS_OTHER_4XX: (SignalName.HTTP_CLIENT, Symptom.CALLS_ANY_4XX),
}
_UNTOLD: Final = {
    Symptom.REJECTED: SignalName.HTTP_SERVER,
    Symptom.DENIED: SignalName.HTTP_SERVER,
    Symptom.CALLS_REJECTED: SignalName.HTTP_CLIENT,
    Symptom.CALLS_DENIED: SignalName.HTTP_CLIENT,
}


def by_class(material: Material, readings: Iterable[Reading]) -> Iterator[Reading]:
    """Say of readings what they can't tell, where answers 4xx were counted without a code: which 4xx it was, and so that one kind is as before."""
    for one in readings:
        signal, symptom = _RENAMED.get(one.symptom, (_UNTOLD.get(one.symptom), one.symptom))
        if signal is None or not _tells_class_only(material, signal, one.workload):
            yield one
        elif symptom is not one.symptom:
            yield replace(one, symptom=symptom)
        elif one.standing is Standing.WORSE:
            yield one
        else:
            yield replace(one, standing=Standing.CANNOT_TELL, total=0.0, detail="some answers 4xx have no code")


def _tells_class_only(material: Material, signal: SignalName, workload: str) -> bool:
    """Tell whether any pod of a workload had counted answers 4xx without a code, at any look."""
    return material.once(("class only", signal, workload), lambda: any(_has_class(material, signal, workload)))


def _has_class(material: Material, signal: SignalName, workload: str) -> tuple[bool, ...]:
    series = material.series_for(signal, workload=workload)
    if series is None:
        return ()
    key = series.keys[0].name if series.keys else ""
    pattern = re.compile(CLASS_4XX)

    def has(look: Look) -> bool:
        counted = (item for processes in look.subjects.values() for keys in processes.values() for item in keys.items())
        return any(count > 0 and any(label == key and pattern.fullmatch(value) for label, value in labels) for labels, count in counted)

    return material.of_each(("has class", series), material.looks(series, workload=workload), has, workload=workload)
