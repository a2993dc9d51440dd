"""Git's template, put aside on the Deployment while an older one is pinned, so that it comes back even where no tool re-applies it."""

import base64
import binascii
import gzip
import json
from typing import Any, Final

from saferollout.api import names
from saferollout.workloads.protocol import RawObject

_ROOM_FOR_ANNOTATIONS: Final = 256 * 1024
"""Kubernetes' limit on all annotations of an object together, keys and values (TotalAnnotationSizeLimitB)."""

_LARGEST: Final = 200 * 1024


def put_aside(deployment: dict[str, Any], template: RawObject) -> None:
    """Keep a template in an annotation, the same text for the same template; one that is too large is left to Git to re-apply.

    Its text for the pin policy, the fingerprint, is written by the API server itself: the chart's policy-waiting.yaml.
    """
    annotations = deployment["metadata"].setdefault("annotations", {})
    for key in (names.ANNOTATION_WAITING_TEMPLATE, names.ANNOTATION_WAITING_FINGERPRINT):
        annotations.pop(key, None)
    taken = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    packed = _pack(template)
    if len(packed) > min(_LARGEST, _ROOM_FOR_ANNOTATIONS - taken - 1024):
        return
    annotations[names.ANNOTATION_WAITING_TEMPLATE] = packed


def waiting_template(deployment: RawObject) -> dict[str, Any] | None:
    """Return the template that was put aside; None where there is none, or one that somebody made unreadable.

    What a bypass left behind when it ended the pin does not wait any more.
    """
    metadata = deployment["metadata"]
    packed = (metadata.get("annotations") or {}).get(names.ANNOTATION_WAITING_TEMPLATE)
    if packed is None or names.LABEL_PINNED not in (metadata.get("labels") or {}):
        return None
    try:
        template = json.loads(gzip.decompress(base64.b64decode(packed, validate=True)))
    except (ValueError, OSError, EOFError, binascii.Error):
        return None
    return template if isinstance(template, dict) else None


def _pack(template: RawObject) -> str:
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    # mtime 0: the time of packing would make equal templates differ.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
