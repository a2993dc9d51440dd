"""Find cycles in a graph and name them: strongly connected components, and the shortest cycle in one."""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def components(before: Mapping[N, Iterable[N]]) -> list[list[N]]:
    """Return the strongly connected components that hold a cycle, members in the order of the mapping.

    Tarjan's algorithm without recursion, because a chain of workloads may be longer than Python's stack.
    """
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    waiting: set[N] = set()
    found: list[list[N]] = []
    position = {node: place for place, node in enumerate(before)}
    for root in before:
        if root in index:
            continue
        work = [(root, iter(before.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        waiting.add(root)
        while work:
            node, successors = work[-1]
            child = next((other for other in successors if other not in index or other in waiting), None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    member = _pop_component(stack, waiting, node)
                    if len(member) > 1 or node in before.get(node, ()):
                        found.append(sorted(member, key=position.__getitem__))
            elif child in index:
                low[node] = min(low[node], index[child])
            else:
                index[child] = low[child] = len(index)
                stack.append(child)
                waiting.add(child)
                work.append((child, iter(before.get(child, ()))))
    return sorted(found, key=lambda members: position[members[0]])


def _pop_component(stack: list[N], waiting: set[N], node: N) -> list[N]:
    members: list[N] = []
    while True:
        member = stack.pop()
        waiting.discard(member)
        members.append(member)
        if member == node:
            return members


def shortest_cycle(before: Mapping[N, Iterable[N]], members: list[N]) -> list[N]:
    """Return a shortest cycle inside a component, each node after the one that must precede it.

    Ties go to the first member, so the same graph names the same cycle.
    """
    inside = set(members)
    best: list[N] = []
    for start in members:
        cycle = _cycle_through(before, inside, start)
        if cycle and (not best or len(cycle) < len(best)):
            best = cycle
        if 0 < len(best) <= 2:
            break
    return best


def _cycle_through(before: Mapping[N, Iterable[N]], inside: set[N], start: N) -> list[N]:
    came_from: dict[N, N] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for earlier in before.get(node, ()):
            if earlier == start:
                return _walk(came_from, start, node)
            if earlier in inside and earlier not in came_from:
                came_from[earlier] = node
                queue.append(earlier)
    return []


def _walk(came_from: Mapping[N, N], start: N, last: N) -> list[N]:
    # The search went backwards along "precedes", so the walk from its last node to the start is in rolling order.
    path = [last]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path
