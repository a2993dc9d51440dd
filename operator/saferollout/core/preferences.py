"""Put role preferences into the graph, except those that would close a cycle.

A preference proves nothing and refuses nothing (kernel.md section 8.2), so it gives way to every edge that does.
"""

from collections import deque

from saferollout.core.contracts import Preference, World
from saferollout.core.cycles import components
from saferollout.core.graph import Cause, Graph, Node, roll_node


def add_preferences(world: World, graph: Graph) -> None:
    """Add each preference between two rolling workloads, in the order given, unless it would close a cycle."""
    rolling = {party.name for party in world.parties if party.rolls}
    wanted = [preference for preference in world.preferences if {preference.first, preference.then} <= rolling]
    knots = _knots(graph, wanted)
    for preference in wanted:
        first, then = roll_node(preference.first), roll_node(preference.then)
        # Only inside a knot of the complete graph can an edge close a cycle, so only there the search is needed.
        if first == then or (first in knots and knots[first] == knots.get(then) and _reaches(graph, first, then)):
            continue
        graph.add(first, then, Cause(sentence=_sentence(preference)))


def _sentence(preference: Preference) -> str:
    return (
        f"{preference.first} first: by role on {preference.contract}, not proved; "
        "versions in the annotation saferollout.io/contracts would prove it"
    )


def _knots(graph: Graph, wanted: list[Preference]) -> dict[Node, int]:
    complete = {node: set(firsts) for node, firsts in graph.before.items()}
    for preference in wanted:
        complete[roll_node(preference.then)].add(roll_node(preference.first))
    return {node: number for number, members in enumerate(components(complete)) for node in members}


def _reaches(graph: Graph, node: Node, earlier: Node) -> bool:
    """Tell whether `earlier` already precedes `node`."""
    seen = {node}
    queue = deque([node])
    while queue:
        for first in graph.before.get(queue.popleft(), ()):
            if first == earlier:
                return True
            if first not in seen:
                seen.add(first)
                queue.append(first)
    return False
