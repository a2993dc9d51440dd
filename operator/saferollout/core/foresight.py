"""Answer before anyone needs it: if a workload fails while it rolls, what goes back, and what stays."""

from collections.abc import Mapping
from dataclasses import replace

from saferollout.api.spec import RollbackScope
from saferollout.core.contracts import Party, World, stored_after_roll, stored_now
from saferollout.core.plans import Plan, Roll, RollbackPlan
from saferollout.core.rollback import rollback


def if_failed(world: World, plan: Plan, *, workload: str, scope: RollbackScope) -> RollbackPlan:
    """Return the rollback for a workload that fails in its roll, all steps before it done.

    The plan must be an accepted plan of the world; a workload that it does not roll gives an empty answer.
    """
    asked = {(sanction.contract, sanction.version) for sanction in world.sanctions}
    current = world
    rolled: list[str] = []
    for step in plan.steps:
        if not isinstance(step, Roll):
            if (step.contract, step.version) not in asked:
                current = _drained(current, step.contract, step.version)
            continue
        party = world.party(step.workload)
        if party is None or party.goal is None:
            continue
        rolled.append(step.workload)
        stored = stored_after_roll(current, step.workload)
        failing = step.workload == workload
        alive = (*party.alive, party.goal) if failing and not party.recreate else (party.goal,)
        stable = party.stable or (party.alive[0] if party.alive else None)
        current = _with(current, replace(party, alive=alive, goal=None, stable=stable), stored)
        if failing:
            return rollback(current, failed=workload, rolled=rolled, scope=scope)
    return RollbackPlan(back=(), stay=())


def _drained(world: World, contract: str, version: str) -> World:
    stored = stored_now(world)
    return replace(world, stored={**stored, contract: stored.get(contract, frozenset()) - {version}})


def _with(world: World, changed: Party, stored: Mapping[str, frozenset[str]]) -> World:
    parties = tuple(changed if party.name == changed.name else party for party in world.parties)
    return replace(world, parties=parties, stored=stored)
