"""Plan a release: a topological order of the graph of pairs, or the counter-example that forbids one.

Greedy never errs here (the theorem of kernel.md section 4), so no search is needed.
"""

from saferollout.core.conflicts import described, without_stored_shadows
from saferollout.core.contracts import Party, World
from saferollout.core.cycles import components, shortest_cycle
from saferollout.core.evidence import drain_step, method_for
from saferollout.core.graph import Cause, Findings, Graph, Node, drain_node, find, roll_node, sanction_node
from saferollout.core.plans import Approve, Conflict, Plan, Refusal, Repair, Roll, Step
from saferollout.core.preferences import add_preferences
from saferollout.core.repairs import cycle_repairs, goal_repairs, own_repairs
from saferollout.core.requirements import add_requirements
from saferollout.core.stages import DRAIN_RANK, STAGE_RANK, changes_of, reading_rank, stage_of
from saferollout.core.ties import in_tie_order


def plan(world: World) -> Plan:
    """Return the plan for a world: same world, same plan."""
    findings = find(world)
    stalled_now, stalled_goal, stall_repairs = add_requirements(world, findings.graph)
    unsafe_now = (*map(described, without_stored_shadows(findings.unsafe_now)), *stalled_now)
    refusal = _refused_pairs(world, findings, stalled_goal, stall_repairs) or _refused_cycle(world, findings.graph)
    if refusal is not None:
        reason, message, conflicts, repairs = refusal
        return Plan(
            accepted=False, reason=reason, message=message, unsafe_now=unsafe_now, conflicts=conflicts, repairs=repairs, notes=world.notes
        )
    add_preferences(world, findings.graph)
    _add_sanctions(world, findings.graph)
    return Plan(accepted=True, steps=_ordered(world, findings), unsafe_now=unsafe_now, notes=world.notes)


Answer = tuple[Refusal, str, tuple[Conflict, ...], tuple[Repair, ...]]


def _refused_pairs(world: World, findings: Findings, stalled: list[Conflict], stall_repairs: list[Repair]) -> Answer | None:
    if findings.unsafe_goal or stalled:
        conflicts = (*map(described, findings.unsafe_goal), *stalled)
        repairs = (*goal_repairs(world, findings.unsafe_goal), *stall_repairs)
        message = f"The goal itself is unsafe: {_short(conflicts)}"
        return Refusal.UNSAFE_GOAL, message, conflicts, repairs
    if not findings.against_itself:
        return None
    conflicts = tuple(map(described, findings.against_itself))
    names = list(dict.fromkeys(violation.reader.party.name for violation in findings.against_itself))
    message = f"{' and '.join(names)} can't roll while its old and new pods live together: {_short(conflicts)}"
    return Refusal.SELF_CONFLICT, message, conflicts, own_repairs(findings.against_itself)


def _short(conflicts: tuple[Conflict, ...]) -> str:
    more = len(conflicts) - 1
    return conflicts[0].sentence.rstrip(".") + (f" (and {more} more)." if more else ".")


def _refused_cycle(world: World, graph: Graph) -> Answer | None:
    knots = components(graph.before)
    if not knots:
        return None
    cycles = [shortest_cycle(graph.before, members) for members in knots]
    edges = [[graph.causes(first, then) for first, then in zip(cycle, [*cycle[1:], cycle[0]], strict=True)] for cycle in cycles]
    causes = [cause for cycle in edges for causes in cycle for cause in causes]
    repairs = tuple(repair for cycle in edges for repair in cycle_repairs(world, cycle, works=_has_an_order))
    conflicts = _conflicts(causes)
    rolls = [node[1] for node in cycles[0] if node == roll_node(node[1])]
    message = f"No order is safe: {_round_trip(rolls)}; {_short(conflicts)}"
    return Refusal.NO_SAFE_ORDER, message, conflicts, tuple(dict.fromkeys(repairs))


def _round_trip(workloads: list[str]) -> str:
    if len(workloads) == 1:
        return f"{workloads[0]} would have to roll before what it waits for has drained"
    return " before ".join([*workloads, workloads[0]])


def _conflicts(causes: list[Cause]) -> tuple[Conflict, ...]:
    pairs = without_stored_shadows([cause.violation for cause in causes if cause.violation is not None])
    own = [cause.conflict for cause in causes if cause.conflict is not None]
    return tuple(dict.fromkeys((*map(described, pairs), *own)))


def _has_an_order(world: World) -> bool:
    findings = find(world)
    _, stalled, _ = add_requirements(world, findings.graph)
    return not (findings.unsafe_goal or findings.against_itself or stalled or components(findings.graph.before))


def _add_sanctions(world: World, graph: Graph) -> None:
    for sanction in world.sanctions:
        party = world.party(sanction.workload)
        if party is None or not party.rolls:
            continue
        drain = drain_node(sanction.contract, sanction.version)
        # A person who is asked about the version anyway is asked once.
        shared = drain in graph.before and method_for(world.channels[sanction.contract]) is None
        node = drain if shared else sanction_node(sanction.contract, sanction.version)
        graph.add(node, roll_node(sanction.workload), Cause(sentence=sanction.sentence))


def _ordered(world: World, findings: Findings) -> tuple[Step, ...]:
    """Return the steps by Kahn's algorithm, ties as kernel.md section 4 settles them."""
    parties = {party.name: party for party in world.parties}
    steps: list[Step] = []
    ids: dict[Node, str] = {}
    for node in in_tie_order(findings.graph, lambda node: _rank(node, parties)):
        after = tuple(ids[first] for first in findings.graph.before[node])
        step = _step(node, world, parties, findings, after)
        ids[node] = step.id
        steps.append(step)
    return tuple(steps)


def _rank(node: Node, parties: dict[str, Party]) -> tuple[int, ...]:
    if node[0] != "roll":
        return DRAIN_RANK, 0, 0
    party = parties[node[1]]
    return STAGE_RANK[stage_of(party)], reading_rank(party), party.order


def _step(node: Node, world: World, parties: dict[str, Party], findings: Findings, after: tuple[str, ...]) -> Step:
    causes = [cause for firsts in findings.graph.before[node].values() for cause in firsts]
    sentences = tuple(dict.fromkeys(cause.sentence for cause in causes))
    if node[0] == "roll":
        party = parties[node[1]]
        because = (*changes_of(party, world), *sentences, *world.remarks.get(party.name, ()))
        return Roll(workload=party.name, stage=stage_of(party), because=because, after=after)
    asked = [sanction for sanction in world.sanctions if (sanction.contract, sanction.version) == node[1:]]
    answered_for = tuple(sanction.sentence for sanction in asked)
    if node[0] == "sanction":
        protects = tuple(sanction.workload for sanction in asked)
        return Approve(contract=node[1], version=node[2], because=answered_for, after=after, protects=protects)
    because = (*sentences, *answered_for)
    return drain_step(world.channels[node[1]], node[2], protects=tuple(findings.protects[node]), because=because, after=after)
