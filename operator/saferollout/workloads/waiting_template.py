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
    """Keep a template in an annotation, the same text for the same template; one that is too large is left to Git to re-apply."""
    annotations = deployment["metadata"].setdefault("annotations", {})
    taken = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    packed = _pack(template)
    if len(packed) > min(_LARGEST, _ROOM_FOR_ANNOTATIONS - taken - 1024):
        return
    annotations[names.ANNOTATION_WAITING_TEMPLATE] = packed
    annotations[names.ANNOTATION_WAITING_FINGERPRINT] = fingerprint(template)


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


def fingerprint(template: RawObject) -> str:
    """Return what the pin policy can compute too (it has no hash): names and images of all containers, and the declaration.

    Must stay equal to the expression in the chart's policies-pin.yaml; a cluster test holds them together.
    """
    spec = template.get("spec", {})
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    images = [f"{container['name']}={container.get('image', '')}" for container in containers]
    declaration = ((template.get("metadata") or {}).get("annotations") or {}).get(names.ANNOTATION_CONTRACTS, "")
    return ",".join([*images, declaration])


def _pack(template: RawObject) -> str:
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    # mtime 0: the time of packing would make equal templates differ.
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
