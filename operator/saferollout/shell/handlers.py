"""kopf hears the cluster; its handlers only hand events on. Nothing is decided, retried or written by kopf.

Only `on.event` is used: the other handlers keep state in annotations and finalizers on the objects, which are the users'.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import kopf

from saferollout.api import names
from saferollout.engine.intake import Intake
from saferollout.engine.resources import RELEASED, Kind, parts_of
from saferollout.shell.cluster import PAGE_SIZE

_DELETED: Final = "DELETED"
_REQUEST_TIMEOUT: Final = 15
_CONNECT_TIMEOUT: Final = 5


def registry_for(
    intake: Intake, *, login: Callable[[], Awaitable[kopf.ConnectionInfo]], workloads: Iterable[Kind] = RELEASED
) -> kopf.OperatorRegistry:
    """Return kopf's registry with a handler for each kind that is kept, and our login."""
    registry = kopf.OperatorRegistry()
    for kind in (Kind.SAFE_ROLLOUT, *parts_of(workloads)):
        resource = kind.resource
        kopf.on.event(resource.group, resource.version, resource.plural, id=f"hear-{resource.plural}", registry=registry)(_hear(intake, kind))

    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    kopf.on.login(id="log-in", registry=registry)(log_in)
    return registry


def watching_settings() -> kopf.OperatorSettings:
    """Return kopf's settings for watching and nothing else."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.chunk_size = PAGE_SIZE
    settings.networking.request_timeout = _REQUEST_TIMEOUT
    settings.networking.connect_timeout = _CONNECT_TIMEOUT
    # kopf removes "its" finalizer from every object that no handler of its own needs it on: it must not take ours for that.
    settings.persistence.finalizer = f"{names.FINALIZER}-by-kopf"
    # kopf would kill the process ten minutes after a clean exit that it was told of by cancellation.
    settings.process.ultimate_exiting_timeout = None
    return settings


def _hear(intake: Intake, kind: Kind) -> Callable[..., Awaitable[None]]:
    async def hear(event: Any, **_: Any) -> None:
        raw = event["object"]
        if event["type"] == _DELETED:
            intake.deleted(kind, raw)
        else:
            intake.changed(kind, raw)

    return hear
