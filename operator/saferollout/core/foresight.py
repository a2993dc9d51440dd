"""Answer before anyone needs it: if a workload fails while it rolls, what goes back, and what stays."""

from collections.abc import Mapping
from dataclasses import replace

from saferollout.core.contracts import Party, World, stored_after_roll, stored_now
from saferollout.core.plans import Plan, Roll, RollbackPlan, Scope
from saferollout.core.rollback import returning, rollback


def if_failed(world: World, plan: Plan, *, workload: str, scope: Scope) -> RollbackPlan:
    """Return the rollback for a workload that fails in its roll, all steps before it done.

    The plan must be an accepted plan of the world; a workload that it does not roll gives an empty answer.
    """
    asked = {(sanction.contract, sanction.version) for sanction in world.sanctions}
    current = world
    rolled: dict[str, Party] = {}
    for step in plan.steps:
        if not isinstance(step, Roll):
            if (step.contract, step.version) not in asked:
                current = _drained(current, step.contract, step.version)
            continue
        party = world.party(step.workload)
        if party is None or party.goal is None:
            continue
        rolled[step.workload] = party
        stored = stored_after_roll(current, step.workload)
        failing = step.workload == workload
        alive = (*party.alive, party.goal) if failing and not party.recreate else (party.goal,)
        current = _with(current, replace(party, alive=alive, goal=None), stored)
        if failing:
            before = {name: returning(one) for name, one in rolled.items()}
            return rollback(current, failed=workload, rolled=before, scope=scope)
    return RollbackPlan(back=(), stay=())


def _drained(world: World, contract: str, version: str) -> World:
    stored = stored_now(world)
    return replace(world, stored={**stored, contract: stored.get(contract, frozenset()) - {version}})


def _with(world: World, changed: Party, stored: Mapping[str, frozenset[str]]) -> World:
    parties = tuple(changed if party.name == changed.name else party for party in world.parties)
    return replace(world, parties=parties, stored=stored)
