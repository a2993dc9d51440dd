"""kopf's handlers only hand on."""

from typing import Any

import kopf

from saferollout.engine.resources import Kind
from saferollout.shell.handlers import registry_for, watching_settings


class Heard:
    """An intake that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Kind, str]] = []

    def changed(self, kind: Kind, raw: Any) -> None:
        """Remember a change."""
        self.calls.append(("changed", kind, raw["metadata"]["name"]))

    def deleted(self, kind: Kind, raw: Any) -> None:
        """Remember a deletion."""
        self.calls.append(("deleted", kind, raw["metadata"]["name"]))


async def _no_login() -> kopf.ConnectionInfo:
    return kopf.ConnectionInfo(server="https://nowhere")


async def test_every_kind_is_heard_and_deletions_are_told_apart() -> None:
    heard = Heard()
    registry = registry_for(heard, login=_no_login)  # type: ignore[arg-type]
    handlers = {handler.id: handler.fn for handler in registry._watching.get_all_handlers()}
    for event_type, name in ((None, "listed"), ("ADDED", "added"), ("MODIFIED", "modified"), ("DELETED", "deleted")):
        await handlers["hear-pods"](event={"type": event_type, "object": {"metadata": {"name": name}}}, logger=None)
    assert heard.calls == [
        ("changed", Kind.POD, "listed"), ("changed", Kind.POD, "added"), ("changed", Kind.POD, "modified"), ("deleted", Kind.POD, "deleted"),
    ]
    assert set(handlers) == {"hear-saferollouts", "hear-deployments", "hear-replicasets", "hear-pods"}


def test_kopf_may_only_watch() -> None:
    settings = watching_settings()
    assert settings.peering.standalone
    assert not settings.posting.enabled
    assert settings.scanning.disabled
    assert settings.networking.request_timeout == 15
