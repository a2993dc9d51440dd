"""Plan a newer template over a half-rolled one: directly where that is safe, else by way of what ran before."""

from dataclasses import replace

from saferollout.api.spec import RollbackScope
from saferollout.core.contracts import Party, World, stored_now
from saferollout.core.planner import plan
from saferollout.core.plans import Plan
from saferollout.core.rollback import rollback


def plan_superseding(world: World) -> Plan:
    """Return the plan of a world in which rolls were interrupted.

    Where no direct plan exists, `back_first` of the answer names the workloads to bring back to their stable revision, in
    order; only then its steps are safe. Where that is impossible too, the answer is the direct plan's refusal.
    """
    direct = plan(world)
    interrupted = [party for party in world.parties if _is_superseded(party)]
    if direct.accepted or not interrupted:
        return direct
    names = [party.name for party in interrupted]
    way = rollback(world, failed=names[0], rolled=names, scope=RollbackScope.RELEASE)
    if set(way.back) != set(names):
        return direct
    returned = tuple(_returned(party) if party.name in names else party for party in world.parties)
    later = plan(replace(world, parties=returned, stored=stored_now(world)))
    return replace(later, back_first=way.back) if later.accepted else direct


def _is_superseded(party: Party) -> bool:
    keys = [revision.key for revision in party.alive]
    return len(keys) > 1 and party.goal is not None and party.goal.key not in keys


def _returned(party: Party) -> Party:
    return replace(party, alive=(party.stable,) if party.stable is not None else party.alive[:1])
