"""Describe revisions that say nothing, where others number versions (kernel.md section 8.5).

A silent revision is taken to read and write exactly what is written or stored now, so that its own fixes never wait;
what waits is another party's new version.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from saferollout.core.contracts import NO_VERSIONS, Declaration, Use
from saferollout.core.intake import Roles


@dataclass(frozen=True, slots=True)
class Custom:
    """What is usual on a channel: its roles, and the versions that a silent party is taken to speak."""

    roles: Roles
    versions: frozenset[str]


def assumed_uses(workload: str, *, successor: Declaration | None, customs: Mapping[str, Custom]) -> dict[str, Use]:
    """Return what a silent revision is taken to do on the numbered channels, as its role or its successor says."""
    uses: dict[str, Use] = {}
    for name, custom in customs.items():
        later = (successor or {}).get(name, Use())
        reads = workload in custom.roles.readers or later.reads is not None
        writes = workload in custom.roles.writers or bool(later.writes)
        if reads or writes:
            uses[name] = Use(reads=custom.versions if reads else None, writes=custom.versions if writes else NO_VERSIONS)
    return uses


def customary(*, stored: frozenset[str], written: frozenset[str], base: str) -> frozenset[str]:
    """Return what is written or stored now; where nothing is known, the contract's baseVersion."""
    return stored | written or frozenset({base})
