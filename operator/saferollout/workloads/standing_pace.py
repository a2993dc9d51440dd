"""A Deployment paused in the middle of a roll: the native controller scales it up to replicas + maxSurge although it is paused, and takes the
old ReplicaSet away as soon as the new one has all replicas (scale(), IsSaturated in pkg/controller/deployment of Kubernetes).

So its surge is held at what is in use, and its owner's own value is put aside until it is taken up again.
"""

import json
from typing import Any

from saferollout.api import names
from saferollout.core.views import Pace
from saferollout.workloads.pods import owned_by
from saferollout.workloads.protocol import RawObject, RawWorkload


def strategy_type(deployment: RawObject) -> str:
    """Return the strategy's type, by default RollingUpdate."""
    chosen: str = deployment["spec"].get("strategy", {}).get("type", "RollingUpdate")
    return chosen


def standing_pace(raw: RawWorkload) -> Pace:
    """Return the pace that changes nothing: maxUnavailable as it is, and exactly the surge that is in use."""
    spec = raw.workload["spec"]
    replicas = spec.get("replicas", 1)
    in_use = sum(replica_set["spec"].get("replicas", 1) for replica_set in owned_by(raw.workload["metadata"]["uid"], raw.revisions))
    surge = max(0, in_use - replicas)
    unavailable = (spec.get("strategy", {}).get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    if isinstance(unavailable, int):
        unavailable = f"{min(100, -(-100 * unavailable // replicas)) if replicas else 100}%"
    if surge == 0 and unavailable == "0%":
        unavailable = "1%"  # the API refuses a strategy of 0 and 0
    return Pace(max_unavailable=unavailable, max_surge=surge)


def keep_surge_in_use(deployment: dict[str, Any], raw: RawWorkload) -> str:
    """Hold maxSurge back where two ReplicaSets have pods; return how to restore it."""
    owned = owned_by(raw.workload["metadata"]["uid"], raw.revisions)
    with_pods = [replica_set for replica_set in owned if replica_set["spec"].get("replicas", 1) > 0]
    if len(with_pods) < 2 or strategy_type(deployment) != "RollingUpdate":
        return ""
    standing = standing_pace(raw)
    strategy = deployment["spec"].setdefault("strategy", {})
    own = strategy.get("rollingUpdate") or {}
    held = {**own, "maxSurge": standing.max_surge}
    if standing.max_surge == 0 and own.get("maxUnavailable") in (0, "0%"):
        held["maxUnavailable"] = "1%"  # the API refuses a strategy of 0 and 0
    if held == own:
        return ""
    strategy["rollingUpdate"] = held
    deployment["metadata"].setdefault("annotations", {})[names.ANNOTATION_LEFT_STRATEGY] = json.dumps({"own": own, "held": held}, sort_keys=True)
    original = own.get("maxSurge", "25%")
    return f" maxSurge was {original} and is held at {standing.max_surge}, because a higher one would add pods at once: set it back when you resume."


def take_surge_back(deployment: dict[str, Any]) -> bool:
    """Put its owner's own rolling update back where it still is as we left it; tell whether it was. Once: what was taken back is not ours to know."""
    text = (deployment["metadata"].get("annotations") or {}).get(names.ANNOTATION_LEFT_STRATEGY)
    strategy = deployment["spec"].get("strategy", {})
    try:
        left = json.loads(text or "")
        own, held = dict(left["own"]), dict(left["held"])
    except (ValueError, KeyError, TypeError):
        return False
    if strategy.get("rollingUpdate") != held:
        return False
    strategy["rollingUpdate"] = own
    del deployment["metadata"]["annotations"][names.ANNOTATION_LEFT_STRATEGY]
    return True
