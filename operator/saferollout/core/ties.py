"""Put a graph into one order: whatever precedes comes first, and ties are settled by a rank, never by chance."""

from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from saferollout.core.graph import Graph, Node


def in_tie_order(graph: Graph, rank: Callable[[Node], tuple[int, ...]]) -> Iterator[Node]:
    """Yield the nodes in topological order, the lowest rank first among those that nothing holds.

    Raises graphlib.CycleError if there is a cycle.
    """
    sorter = TopologicalSorter({node: list(firsts) for node, firsts in graph.before.items()})
    sorter.prepare()
    ready: list[tuple[tuple[int, ...], Node]] = []
    while sorter.is_active():
        for node in sorter.get_ready():
            heappush(ready, (rank(node), node))
        node = heappop(ready)[1]
        yield node
        sorter.done(node)
