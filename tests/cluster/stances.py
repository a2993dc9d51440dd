"""What a Deployment of a shop does at a moment, in the words that the pages about other tools use."""

from __future__ import annotations

from tests.cluster.shop import Shop


def stance(shop: Shop, name: str) -> str:
    """Name it: gone, pinned, left paused, goes back, held, paced, paused, rolls or runs."""
    found = next((item for item in shop.read("/apis/apps/v1", "deployments")["items"] if item["metadata"]["name"] == name), None)
    if found is None:
        return "gone"
    labels, annotations = found["metadata"].get("labels") or {}, found["metadata"].get("annotations") or {}
    spec, pods = found["spec"], shop.images(name)
    image = spec["template"]["spec"]["containers"][0]["image"]
    if "saferollout.io/pinned" in labels:
        return "pinned"
    if "saferollout.io/left-paused" in annotations:
        return "left paused"
    available = found.get("status", {}).get("availableReplicas", 0) == sum(pods.values()) == spec["replicas"]
    if "saferollout.io/held" in labels:
        return "goes back" if image in pods or pods and not available else "held"
    if spec.get("paused"):
        return "paused"
    if "saferollout.io/paced" in labels:
        return "paced"
    return "runs" if available and set(pods) == {image} else "rolls"
