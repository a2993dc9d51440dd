"""Short words for worlds in tests: `reads("12")`, `writes("1")`, workloads as old and new uses of channels."""

from collections.abc import Mapping

from saferollout.core.contracts import Channel, ContractKind, Party, Revision, Use, World
from saferollout.core.plans import Plan, Roll

TOPIC = Channel("events", ContractKind.TOPIC, retention_seconds=60)
TABLE = Channel("rows", ContractKind.TABLE)
CACHE = Channel("cache", ContractKind.CACHE, ttl_seconds=60)
REQUEST = Channel("api/request", ContractKind.REQUEST)
RESPONSE = Channel("api/response", ContractKind.RESPONSE)


def reads(versions: str, *, writes: str = "", required: bool = False) -> Use:
    """Return a use whose versions are single letters."""
    return Use(reads=frozenset(versions), writes=frozenset(writes), required=required)


def writes(versions: str) -> Use:
    """Return a use that only writes."""
    return Use(writes=frozenset(versions))


def revision(key: str, use: Use | Mapping[str, Use] | None, *, on: Channel) -> Revision:
    """Return a revision; a bare use is about one channel."""
    if use is None:
        return Revision(key, {})
    return Revision(key, {on.name: use} if isinstance(use, Use) else use)


def party(
    name: str,
    old: Use | Mapping[str, Use] | None,
    new: Use | Mapping[str, Use] | None = None,
    *,
    on: Channel = TOPIC,
    recreate: bool = False,
) -> Party:
    """Return a workload that runs `old` (None: not created yet) and wants `new` (None: stays)."""
    alive = () if old is None else (revision(f"{name}-old", old, on=on),)
    goal = None if new is None else revision(f"{name}-new", new, on=on)
    return Party(name, alive, goal, recreate=recreate)


def external(name: str, use: Use, *, on: Channel = TOPIC) -> Party:
    """Return a party that nobody here runs."""
    return Party(name, (revision(name, use, on=on),), external=True)


def world(
    *parties: Party, channels: tuple[Channel, ...] = (TOPIC, TABLE, CACHE, REQUEST, RESPONSE), stored: Mapping[str, str] | None = None
) -> World:
    """Return a world whose parties are in the order given."""
    ordered = tuple(Party(p.name, p.alive, p.goal, p.recreate, p.external, order, p.stable) for order, p in enumerate(parties))
    return World(ordered, {channel.name: channel for channel in channels}, {name: frozenset(v) for name, v in (stored or {}).items()})


def steps(plan: Plan) -> list[str]:
    """Return the steps of an accepted plan: rolls by their workload, other steps by their id."""
    assert plan.accepted, plan.message
    return [step.workload if isinstance(step, Roll) else step.id for step in plan.steps]
