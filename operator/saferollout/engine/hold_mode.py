"""Find out who holds a changed template: the API server by its policy, or the operator."""

from typing import Final

from saferollout.core.views import HoldMode
from saferollout.engine.errors import ClusterError, NotFound, TransientError
from saferollout.engine.ports import Cluster
from saferollout.engine.resources import HOLD_POLICIES, HOLD_POLICY_BINDINGS
from saferollout.engine.store import Place

_CLUSTER_WIDE: Final = ""


class HoldModeProbe:
    """Remembers the last answer; what can't be asked stays as it was, and counts as the weaker mode where it was never known."""

    def __init__(self, cluster: Cluster, *, policy: str) -> None:
        self._cluster = cluster
        self._policy = policy
        self._mode = HoldMode.REACTIVE
        self._known = False

    @property
    def mode(self) -> HoldMode:
        """Return the mode found last."""
        return self._mode

    async def look(self) -> None:
        """Ask for the policy and its binding, both of the same name.

        Raise TransientError where no answer was ever given: on a guess a bypass would be taken for a slip, and held again.
        """
        if not self._policy:
            return
        place = Place(namespace=_CLUSTER_WIDE, name=self._policy)
        try:
            # A server before 1.36 has no such resource, which is a 404 as well.
            await self._cluster.get(HOLD_POLICIES, place)
            await self._cluster.get(HOLD_POLICY_BINDINGS, place)
        except NotFound:
            self._mode = HoldMode.REACTIVE
        except TransientError:
            if not self._known:
                raise
            return
        except ClusterError:
            return
        else:
            self._mode = HoldMode.POLICY
        self._known = True
