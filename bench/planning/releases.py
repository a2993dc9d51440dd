"""Seeded releases of several shapes, as people write them: contracts of the spec, and declarations on pod templates.

In each of them a safe order exists; there are half as many contracts as workloads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from saferollout.api.contracts import Contract
from saferollout.core.templates import TemplateFacts, WorkloadTemplates

_MOST_WRITTEN: Final = 100
"""How many contracts one service writes at most; an annotation may name 400."""

Uses = dict[str, dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """What a plan starts from."""

    contracts: tuple[Contract, ...]
    workloads: Mapping[str, WorkloadTemplates]


class _Drawing:
    """Workloads by number, each with what it uses before and after; everything goes from version 1 to version 2."""

    def __init__(self, workloads: int) -> None:
        self.old: list[Uses] = [{} for _ in range(workloads)]
        self.new: list[Uses] = [{} for _ in range(workloads)]

    def writes(self, workload: int, contract: int) -> None:
        """Have a workload change what it writes."""
        self._use(workload, contract, "writes", [1], [2])

    def widens(self, workload: int, contract: int) -> None:
        """Have a workload learn to read the new version beside the old one."""
        self._use(workload, contract, "reads", [1], [1, 2])

    def moves(self, workload: int, contract: int) -> None:
        """Have a workload that reads both versions stop reading the old one."""
        self._use(workload, contract, "reads", [1, 2], [2])

    def reads(self, workload: int, contract: int) -> None:
        """Have a workload read both, before and after."""
        self._use(workload, contract, "reads", [1, 2], [1, 2])

    def _use(self, workload: int, contract: int, verb: str, before: list[int], after: list[int]) -> None:
        self.old[workload].setdefault(f"c{contract}", {}).setdefault(verb, before)
        self.new[workload].setdefault(f"c{contract}", {}).setdefault(verb, after)

    def release(self, contracts: list[dict[str, Any]]) -> PlannedRelease:
        """Return the release with the declarations as the annotation's text."""
        known = tuple(Contract.model_validate(contract) for contract in contracts)
        names = [f"w{number}" for number in range(len(self.old))]
        return PlannedRelease(known, {name: self._templates(number) for number, name in enumerate(names)})

    def _templates(self, number: int) -> WorkloadTemplates:
        old = TemplateFacts(hash=f"{number}-old", contracts=_annotation(self.old[number]))
        new = TemplateFacts(hash=f"{number}-new", contracts=_annotation(self.new[number]))
        return WorkloadTemplates(alive=(old,), desired=new, stable=old)


def _annotation(uses: Uses) -> str:
    lines = (f"{name}: {{{', '.join(f'{verb}: {versions}' for verb, versions in use.items())}}}" for name, use in uses.items())
    return "\n".join(lines) or "{}"


def _topic(number: int) -> dict[str, Any]:
    return {"name": f"c{number}", "topic": {"name": f"c{number}", "retentionSeconds": 3600}}


def chain(workloads: int, random: Random) -> PlannedRelease:
    """Return links of a writer and a reader, where each link's writer also reads the next link: half of the rolls stand in one row."""
    drawing, contracts = _Drawing(workloads), workloads // 2
    for link in range(contracts):
        drawing.writes(2 * link, link)
        drawing.widens(2 * link + 1, link)
        if link + 1 < contracts:
            drawing.widens(2 * link, link + 1)
    return drawing.release([_topic(number) for number in range(contracts)])


def star(workloads: int, random: Random) -> PlannedRelease:
    """Return one contract that everybody reads, and services in its middle that write many others, each read by one or two."""
    drawing, contracts = _Drawing(workloads), workloads // 2
    hubs = -(-contracts // _MOST_WRITTEN)
    for contract in range(contracts):
        drawing.writes(contract % hubs, contract)
    for workload in range(hubs, workloads):
        drawing.widens(workload, 0)
        drawing.widens(workload, workload % contracts)
    return drawing.release([_topic(number) for number in range(contracts)])


def random_dag(workloads: int, random: Random) -> PlannedRelease:
    """Return contracts with one or two writers and one to four readers anywhere behind them."""
    drawing, contracts = _Drawing(workloads), workloads // 2
    for contract in range(contracts):
        first = random.randrange(workloads - 5)
        for writer in random.sample(range(max(0, first - 20), first + 1), k=min(random.randint(1, 2), first + 1)):
            drawing.writes(writer, contract)
        for reader in random.sample(range(first + 1, workloads), k=random.randint(1, 4)):
            drawing.widens(reader, contract)
    return drawing.release([_topic(number) for number in range(contracts)])


def mixed(workloads: int, random: Random) -> PlannedRelease:
    """Return topics, tables, caches and APIs; some readers widen first, some narrow after a drain, some contracts have roles or a word.

    What goes first always has the higher number, so that no two contracts ask for opposite orders.
    """
    drawing, contracts = _Drawing(workloads), workloads // 2
    declared: list[dict[str, Any]] = []
    for contract in range(contracts):
        kind = random.choice(("topic", "topic", "table", "cache", "api", "roles", "word"))
        narrowing = kind in ("topic", "cache") and random.random() < 0.2
        writer = random.randrange(5, workloads - 5)
        readers = random.sample(range(writer) if narrowing else range(writer + 1, workloads), k=random.randint(1, 3))
        declared.append(_declared(contract, kind, writer=writer, readers=readers))
        if kind in ("api", "roles", "word"):
            continue
        drawing.writes(writer, contract)
        for reader in readers:
            (drawing.moves if narrowing else random.choice((drawing.widens, drawing.reads)))(reader, contract)
    return drawing.release(declared)


def _declared(number: int, kind: str, *, writer: int, readers: list[int]) -> dict[str, Any]:
    name, names = f"c{number}", [f"w{reader}" for reader in readers]
    roles: dict[str, Any] = {"readers": names, "writers": [f"w{writer}"]}
    return {
        "topic": _topic(number),
        "table": {"name": name, "table": {"name": name}},
        "cache": {"name": name, "cache": {"ttlSeconds": 60}},
        "api": {"name": name, "api": {"server": f"w{writer}", "clients": names}},
        "roles": {**_topic(number), **roles},
        "word": {**_topic(number), **roles, "compatibility": "Backward"},
    }[kind]


SHAPES: Final[Mapping[str, Callable[[int, Random], PlannedRelease]]] = {
    "chain": chain,
    "star": star,
    "random DAG": random_dag,
    "mixed": mixed,
}
