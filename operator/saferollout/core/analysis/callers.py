"""Whether workloads through which others get their requests are there: a gateway, or whoever calls the API of a workload that rolls.

No exporter says so of a workload, its pods do: it is down where none of them is seen, and was restarted where none of them is one of a look before.
One that this release rolls is left out: its pods come and go by the release's own doing.
"""

from collections.abc import Iterator
from datetime import datetime

from saferollout.core.analysis.lifelines import Lifeline
from saferollout.core.analysis.material import Material
from saferollout.core.analysis.members import has_rolled, pods_seen
from saferollout.core.diagnosis.evidence import Dependency


def callers(material: Material) -> Iterator[Lifeline]:
    """Yield the life of each caller whose pods were seen. One that is away may have been scaled to nothing: it is an outage only while it is missed (environment.py)."""
    for name in _callers(material):
        states, starts = _life(material, name)
        if states:
            yield Lifeline(Dependency.GATEWAY, states=tuple(states), starts=tuple(starts), name=name, may_be_gone=True)


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


def _life(material: Material, name: str) -> tuple[list[tuple[datetime, bool]], list[datetime]]:
    """Return at which looks pods of before were seen, or others after a time without any; and those at which others had taken their place at once."""
    states, starts = list[tuple[datetime, bool]](), list[datetime]()
    pods, unseen = set[str](), list[datetime]()
    for at, seen in sorted(pods_seen(material, name).items()):
        is_before = at < material.schedule.began
        if not is_before and pods and not seen:
            unseen.append(at)
            continue
        if not is_before and pods and not seen & pods:
            states += [(one, False) for one in unseen]
            starts += [] if unseen else [at]
        unseen = []  # the same pods as before were there all the time, and nobody saw them
        states.append((at, True))
        pods = seen or pods
    return [*states, *((at, False) for at in unseen)], starts
