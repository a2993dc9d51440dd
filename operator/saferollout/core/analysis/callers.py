"""Whether workloads through which others get their requests are there: a gateway, or whoever calls the API of a workload that rolls.

No exporter says so of a workload, its pods do: it is down where none of them is seen, and was restarted where none of them is one of a look before.
One that this release rolls is left out: its pods come and go by the release's own doing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import has_rolled, pods_seen
from saferollout.core.diagnosis.evidence import Dependency, Life, Liveness
from saferollout.core.statistics.windows import Interval

_Gap = tuple[datetime, datetime, datetime | None]
"""The last look at pods of before, the first at which none of them was left, and the first at new ones (None: there are none yet)."""


def callers_alive(material: Material) -> Iterator[Liveness]:
    """Yield, for each caller whose pods were seen before the first roll, how it is now."""
    for name in _callers(material):
        gaps = _gaps(material, name)
        if not gaps:
            yield Liveness(dependency=Dependency.GATEWAY, life=Life.ALIVE, name=name)
            continue
        _, gone, back = gaps[-1]
        life = Life.DOWN if back is None else Life.RESTARTED
        yield Liveness(dependency=Dependency.GATEWAY, life=life, since=gone if back is None else back, name=name)


def callers_away(material: Material, *, quiet: timedelta) -> Iterator[Interval]:
    """Yield the times, by now over, at which a caller was away, from the last look before to the quiet time after.

    One that is still away may have been scaled to nothing: it is an outage only while it is missed, which the diagnosis tells (environment.py).
    """
    for name in _callers(material):
        for before, _, back in _gaps(material, name):
            if back is not None:
                yield Interval(start=before, end=back + quiet)


def _callers(material: Material) -> Iterator[str]:
    """Yield the clients of APIs whose server rolls, and that do not roll themselves."""
    found = (
        client
        for contract in material.snapshot.spec.contracts
        if contract.api is not None and any(has_rolled(material, server) for server in material.parties[contract.name].readers)
        for client in material.parties[contract.name].writers
    )
    for name in dict.fromkeys(found):
        if name in material.snapshot.world.workloads and not has_rolled(material, name):
            yield name


def _gaps(material: Material, name: str) -> tuple[_Gap, ...]:
    return material.once(("caller's gaps", name), lambda: tuple(_gaps_in(material, name)))


def _gaps_in(material: Material, name: str) -> Iterator[_Gap]:
    pods: set[str] = set()
    before = gone = None
    for at, seen in sorted(pods_seen(material, name).items()):
        if at < material.schedule.began:
            pods = seen or pods
            before = at
            continue
        if pods and gone is None and not seen & pods:
            gone = at
        if gone is not None and seen:
            if not seen & pods:  # the same pods as before were there all the time, and nobody saw them
                yield before or gone, gone, at
            gone = None
        if gone is None:
            pods, before = seen or pods, at
    if gone is not None:
        yield before or gone, gone, None
