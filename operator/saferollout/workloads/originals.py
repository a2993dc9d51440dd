"""The user's own fields, put aside in an annotation while a Deployment is paced, and given back by value.

The annotation is JSON with exactly these four keys; null says "the user had it unset", so a missing key is never taken for that.
What cannot be read is never guessed: a wrong minReadySeconds or strategy, given back, would be ours and not the user's.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from saferollout.api import names
from saferollout.core.views import Pace
from saferollout.workloads.protocol import RawObject

MIN_READY_OUT_OF_REACH: Final = 2147483646
DEADLINE_OUT_OF_REACH: Final = 2147483647
"""The largest deadline the API takes; it must be above minReadySeconds."""

_DEFAULT_SHARE: Final = "25%"
"""Kubernetes' own default of maxUnavailable and maxSurge."""

_DEFAULT_DEADLINE: Final = 600
"""Kubernetes' own default of progressDeadlineSeconds."""

_ALL_PERCENT: Final = 100

_MOST: Final = 2**31 - 1
"""The largest number that these fields take."""

_PERCENTAGE: Final = re.compile(r"[0-9]{1,100}%")

_KEYS: Final = frozenset({"minReadySeconds", "progressDeadlineSeconds", "maxUnavailable", "maxSurge"})


class OriginalsLost(Exception):
    """The annotation with the user's own fields is missing, unreadable, or nothing that the API server would take; the message says which."""


@dataclass(frozen=True, slots=True)
class Originals:
    """What stood in the Deployment before it was paced; None: unset."""

    min_ready_seconds: int | None
    progress_deadline_seconds: int | None
    max_unavailable: int | str | None
    max_surge: int | str | None

    @property
    def effective_min_ready_seconds(self) -> int:
        """Return minReadySeconds with Kubernetes' default."""
        return self.min_ready_seconds or 0

    @property
    def effective_max_unavailable(self) -> int | str:
        """Return maxUnavailable with Kubernetes' default."""
        return _DEFAULT_SHARE if self.max_unavailable is None else self.max_unavailable

    @property
    def effective_max_surge(self) -> int | str:
        """Return maxSurge with Kubernetes' default."""
        return _DEFAULT_SHARE if self.max_surge is None else self.max_surge


def is_paced(deployment: RawObject) -> bool:
    """Tell whether any trace of a pace is on the Deployment: the label, the annotation, or the number nobody else would choose."""
    metadata = deployment["metadata"]
    return (
        names.LABEL_PACED in (metadata.get("labels") or {})
        or names.ANNOTATION_ORIGINAL in (metadata.get("annotations") or {})
        or deployment["spec"].get("minReadySeconds") == MIN_READY_OUT_OF_REACH
    )


def originals_of(deployment: RawObject) -> Originals:
    """Return the user's own fields: from the annotation where the Deployment is paced, else from spec. Raises OriginalsLost."""
    if is_paced(deployment):
        return _parse((deployment["metadata"].get("annotations") or {}).get(names.ANNOTATION_ORIGINAL))
    spec = deployment["spec"]
    rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
    return Originals(
        min_ready_seconds=spec.get("minReadySeconds"),
        progress_deadline_seconds=spec.get("progressDeadlineSeconds"),
        max_unavailable=rolling.get("maxUnavailable"),
        max_surge=rolling.get("maxSurge"),
    )


def put_pace(deployment: dict[str, Any], pace: Pace) -> None:
    """Set the pace, and put the user's own fields aside in the same object if that has not been done."""
    saved = _render(originals_of(deployment))
    metadata, spec = deployment["metadata"], deployment["spec"]
    metadata.setdefault("annotations", {})[names.ANNOTATION_ORIGINAL] = saved
    metadata.setdefault("labels", {})[names.LABEL_PACED] = "true"
    spec["minReadySeconds"] = MIN_READY_OUT_OF_REACH
    spec["progressDeadlineSeconds"] = DEADLINE_OUT_OF_REACH
    spec.setdefault("strategy", {})["rollingUpdate"] = {"maxUnavailable": pace.max_unavailable, "maxSurge": pace.max_surge}


def give_back_pace(deployment: dict[str, Any]) -> None:
    """Give the user's own fields back by value, unset ones unset; nothing happens where nothing was borrowed."""
    if not is_paced(deployment):
        return
    originals = originals_of(deployment)
    metadata, spec = deployment["metadata"], deployment["spec"]
    metadata.get("annotations", {}).pop(names.ANNOTATION_ORIGINAL, None)
    metadata.get("labels", {}).pop(names.LABEL_PACED, None)
    _put(spec, "minReadySeconds", originals.min_ready_seconds)
    _put(spec, "progressDeadlineSeconds", originals.progress_deadline_seconds)
    strategy = spec.setdefault("strategy", {})
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return  # its owner chose another one meanwhile, which takes no such fields
    rolling = strategy.setdefault("rollingUpdate", {})
    _put(rolling, "maxUnavailable", originals.max_unavailable)
    _put(rolling, "maxSurge", originals.max_surge)
    if not rolling:
        del strategy["rollingUpdate"]


def _put(fields: dict[str, Any], key: str, value: int | str | None) -> None:
    if value is None:
        fields.pop(key, None)
    else:
        fields[key] = value


def _render(originals: Originals) -> str:
    fields = {
        "minReadySeconds": originals.min_ready_seconds,
        "progressDeadlineSeconds": originals.progress_deadline_seconds,
        "maxUnavailable": originals.max_unavailable,
        "maxSurge": originals.max_surge,
    }
    return json.dumps(fields, sort_keys=True)


def _parse(text: str | None) -> Originals:
    if text is None:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} is missing")
    try:
        fields = json.loads(text)
    except ValueError:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} is not JSON") from None
    if not isinstance(fields, dict) or fields.keys() != _KEYS:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} does not have exactly the keys {', '.join(sorted(_KEYS))}")
    originals = Originals(
        min_ready_seconds=_seconds(fields, "minReadySeconds"),
        progress_deadline_seconds=_seconds(fields, "progressDeadlineSeconds"),
        max_unavailable=_amount(fields, "maxUnavailable"),
        max_surge=_amount(fields, "maxSurge"),
    )
    _must_be_acceptable(originals)
    return originals


def _must_be_acceptable(originals: Originals) -> None:
    """Refuse what the API server would refuse for ever (ValidateDeploymentSpec of Kubernetes): that nobody could be given back."""
    unavailable, surge = (_number(amount) for amount in (originals.effective_max_unavailable, originals.effective_max_surge))
    if unavailable == 0 and surge == 0:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} has both maxUnavailable and maxSurge 0, so nothing could roll")
    if isinstance(originals.effective_max_unavailable, str) and unavailable > _ALL_PERCENT:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} has maxUnavailable {originals.max_unavailable}, more than 100%")
    deadline = _DEFAULT_DEADLINE if originals.progress_deadline_seconds is None else originals.progress_deadline_seconds
    if deadline <= originals.effective_min_ready_seconds:
        raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} has a progressDeadlineSeconds not above minReadySeconds")


def _number(amount: int | str) -> int:
    return int(amount.removesuffix("%")) if isinstance(amount, str) else amount


def _seconds(fields: dict[str, Any], key: str) -> int | None:
    value = fields[key]
    if value is None or _is_number(value):
        return value
    raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} has {key} {value!r}, which is no number of seconds")


def _amount(fields: dict[str, Any], key: str) -> int | str | None:
    value = fields[key]
    if isinstance(value, str) and _PERCENTAGE.fullmatch(value) and _number(value) <= _MOST:
        return value
    if value is None or _is_number(value):
        return value
    raise OriginalsLost(f"the annotation {names.ANNOTATION_ORIGINAL} has {key} {value!r}, which is no number or percentage")


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
