"""Sync waves and hooks of Argo CD that would wait for a release, or fail at one: while such a sync goes on, no newer commit gets in.

Argo CD applies a wave only when every object of the waves before is Healthy, and PostSync hooks when all of them are; a Sync hook in
the last wave makes it wait for that wave too, where there is more than this one step. A held Deployment is Suspended, which it waits
for without end; a SafeRollout whose release was refused or went back is Degraded, at which the sync fails, and with a Sync hook it may
be so already when Argo CD looks. Source: docs/argocd.md, whose table tests/argocd/test_waves.py plays with a real Argo CD.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from saferollout.api.names import KIND
from saferollout.core.lint import manages, same_namespace
from saferollout.core.lint_findings import Code, Finding, SafeRolloutManifest, Speaker, SyncedManifest, WorkloadManifest

SYNC_WAVE: Final = "argocd.argoproj.io/sync-wave"
HOOK: Final = "argocd.argoproj.io/hook"
_BEFORE_ALL: Final = "PreSync"
_WITH_ALL: Final = "Sync"
_AFTER_ALL: Final = "PostSync"
_WAVE_FIELD: Final = f"metadata.annotations.{SYNC_WAVE}"
_HOOK_FIELD: Final = f"metadata.annotations.{HOOK}"
_NO_NEWER_COMMIT: Final = "and meanwhile it takes up no newer commit, a fix included"


def waits(
    saferollouts: Sequence[SafeRolloutManifest], workloads: Sequence[WorkloadManifest], synced: Sequence[SyncedManifest]
) -> tuple[Finding, ...]:
    """Name each object once that Argo CD would sync before or after a release instead of with it; files are taken for one Application."""
    found: dict[tuple[str, int, str, str], Finding] = {}
    for saferollout in saferollouts:
        for finding in _around(saferollout, workloads, synced):
            found.setdefault((finding.place.file, finding.place.document, finding.about, finding.field), finding)
    return tuple(found.values())


def _around(
    saferollout: SafeRolloutManifest, workloads: Sequence[WorkloadManifest], synced: Sequence[SyncedManifest]
) -> Iterator[Finding]:
    released = {(workload.kind, workload.name, workload.namespace) for workload in workloads if manages(saferollout, workload)}
    members = [item for item in synced if (item.kind, item.name, item.namespace) in released and not item.hooks]
    if not members:
        return
    first = min(members, key=lambda item: item.wave)
    here = [item for item in synced if same_namespace(item.namespace, saferollout.namespace)]
    steps = {(_BEFORE_ALL in item.hooks, item.wave) for item in here if item.hooks <= {_BEFORE_ALL, _WITH_ALL}}
    for item in here:
        if item.kind == KIND and item.name == saferollout.name:
            yield from _saferollout(item, first)
        elif _AFTER_ALL in item.hooks:
            yield _after_all(item, first)
        elif item.hooks <= {_WITH_ALL} and item.wave > first.wave:
            yield _later(item, first)
        elif _WITH_ALL in item.hooks and item.wave == first.wave:
            yield _with_all(item, first, is_only_step=len(steps) == 1)


def _saferollout(item: SyncedManifest, first: SyncedManifest) -> Iterator[Finding]:
    if item.wave < first.wave:
        message = (
            f"is in sync wave {item.wave}, before {_name(first)} ({first.wave}): after a release that was refused or went back it is Degraded, "
            f"so every sync fails at it and the commit that fixes never reaches the workloads; {_same_wave(item, first)}"
        )
        yield _said(item, _field(item), message)
    elif item.wave > first.wave:
        message = (
            f"is in sync wave {item.wave}, after {_name(first)} ({first.wave}): that is held until its SafeRollout is there, and Argo CD applies this "
            f"only when that is Healthy, so neither ever goes on; {_same_wave(item, first)}"
        )
        yield _said(item, _field(item), message)


def _later(item: SyncedManifest, first: SyncedManifest) -> Finding:
    message = (
        f"is in sync wave {item.wave}, after {_name(first)} ({first.wave}): Argo CD applies it only when that is Healthy, so it waits as long as that "
        f"is held, {_NO_NEWER_COMMIT}; {_same_wave(item, first)}"
    )
    return _said(item, _field(item), message)


def _after_all(item: SyncedManifest, first: SyncedManifest) -> Finding:
    message = (
        f"is a {_AFTER_ALL} hook: Argo CD runs it only when {_name(first)} and the others are Healthy, so it waits as long as one is held, "
        f"{_NO_NEWER_COMMIT}; put it into an Application of its own, or make its check a gate"
    )
    return _said(item, _HOOK_FIELD, message)


def _with_all(item: SyncedManifest, first: SyncedManifest, *, is_only_step: bool) -> Finding:
    refused = ": where a release is refused before Argo CD ends the sync, the sync fails and is tried again for some minutes"
    held = f", beside other waves or {_BEFORE_ALL} hooks: the sync ends only when that is Healthy, so it waits as long as that is held"
    message = (
        f"is a {_WITH_ALL} hook in sync wave {item.wave}, that of {_name(first)}{refused if is_only_step else held}, {_NO_NEWER_COMMIT}; "
        f"give the hook an earlier wave, or make it a {_BEFORE_ALL} hook"
    )
    return _said(item, _HOOK_FIELD, message)


def _same_wave(item: SyncedManifest, first: SyncedManifest) -> str:
    return f'put them into one wave: {SYNC_WAVE}: "{first.wave}"' if item.states_wave else f"put them into one wave, {first.wave}"


def _field(item: SyncedManifest) -> str:
    return _WAVE_FIELD if item.states_wave else "metadata"


def _name(item: SyncedManifest) -> str:
    return f"{item.kind} {item.name}"


def _said(item: SyncedManifest, field: str, message: str) -> Finding:
    return Speaker(item.place, _name(item)).warning(Code.SYNC_WAITS, field, message)
