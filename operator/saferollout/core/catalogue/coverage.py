"""What is found for each contract and workload of a SafeRollout, what is missing, and what that costs.

    about = about_all(spec, pods=pods, namespace="shop", labels=Labels())       # whom to ask about; discovery.py asks
    coverage_of(spec, parties=parties, pods=pods, catalogue=catalogue, there=there, about=about) -> (Line, ...)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About
from saferollout.core.catalogue.catalogue import Catalogue
from saferollout.core.catalogue.discovery import There
from saferollout.core.catalogue.finding import Found, find
from saferollout.core.catalogue.parties import Parties
from saferollout.core.catalogue.series import Reading, SignalName
from saferollout.core.catalogue.signals import SIGNALS, WANTED_BY_CONTRACTS, WANTED_BY_RELEASES, WANTED_BY_WORKLOADS, Side

Pods = Mapping[str, tuple[str, ...]]
"""Patterns of each workload's pods, old and new (core/arms.py)."""


_OF_GROUPS: Final = (SignalName.GROUP_LAG, SignalName.GROUP_OFFSET)


@dataclass(frozen=True, slots=True)
class Line:
    """One signal that a contract, a workload or both together want; neither of them for what the whole release wants.

    `group`: the consumer group that it is about, where the contract names groups.
    """

    found: Found
    contract: str = ""
    workload: str = ""
    group: str = ""

    @property
    def costs(self) -> str:
        """Return what nobody can know without it; empty where it is there."""
        return "" if self.found.series is not None else SIGNALS[self.found.signal].costs


def about_all(spec: SafeRolloutSpec, *, pods: Pods, namespace: str, labels: Labels) -> About:
    """Return whom to ask about in order to know what is there for all contracts and workloads at once."""
    topics = {topic for contract in spec.contracts for topic in (*_topic(contract), *_dead_letter_topic(contract))}
    groups = {group for contract in spec.contracts for group in _groups(contract)}
    everybody = {pattern for patterns in pods.values() for pattern in patterns}
    return About(namespace=namespace, labels=labels, pods=tuple(sorted(everybody)), topics=tuple(sorted(topics)), groups=tuple(sorted(groups)))


def coverage_of(
    spec: SafeRolloutSpec, *, parties: Mapping[str, Parties], pods: Pods, catalogue: Catalogue, there: There, about: About
) -> tuple[Line, ...]:
    """Return a line for each signal that a contract, a workload or the release wants."""
    look = _Looking(pods=pods, catalogue=catalogue, there=there, about=about)
    contracts = (line for contract in spec.contracts for line in look.contract(contract, parties.get(contract.name, Parties())))
    workloads = (look.workload(signal, workload.name) for workload in spec.workloads for signal in WANTED_BY_WORKLOADS)
    release = (Line(find(signal, catalogue=catalogue, there=there, about=about)) for signal in WANTED_BY_RELEASES)
    return (*contracts, *workloads, *release)


@dataclass(frozen=True, slots=True)
class _Looking:
    pods: Pods
    catalogue: Catalogue
    there: There
    about: About

    def contract(self, contract: Contract, parties: Parties) -> Iterator[Line]:
        for signal, side in WANTED_BY_CONTRACTS[contract.kind]:
            if side is Side.CONTRACT:
                yield from self._of_contract(signal, contract, parties)
                continue
            workloads = parties.readers if side is Side.READERS else parties.writers
            yield from (self.workload(signal, workload, contract=contract.name) for workload in workloads)
            if not workloads:
                why = f"nobody is known who {'reads' if side is Side.READERS else 'writes'}: name roles, or declare versions in the templates"
                yield Line(Found(signal=signal, why=why), contract=contract.name)

    def workload(self, signal: SignalName, workload: str, *, contract: str = "") -> Line:
        found = self._find(signal, pods=self.pods.get(workload, ()))
        return Line(found, contract=contract, workload=workload)

    def _of_contract(self, signal: SignalName, contract: Contract, parties: Parties) -> Iterator[Line]:
        if signal is SignalName.DEAD_LETTERS:
            yield Line(self._dead_letters(contract), contract=contract.name)
            return
        pods = tuple(pattern for workload in parties.readers for pattern in self.pods.get(workload, ()))
        # Each group by itself: that one is there says nothing of the others, whose name may be mistyped.
        for group in _groups(contract) if signal in _OF_GROUPS else ():
            yield Line(self._find(signal, topics=_topic(contract), groups=(group,)), contract=contract.name, group=group)
        if signal not in _OF_GROUPS or not _groups(contract):
            yield Line(self._find(signal, pods=pods, topics=_topic(contract)), contract=contract.name)

    def _dead_letters(self, contract: Contract) -> Found:
        dead, own = _dead_letter_topic(contract), _topic(contract)
        if not dead:
            return Found(signal=SignalName.DEAD_LETTERS, why="the contract names no dead-letter topic: topic.deadLetterTopic")
        found = self._find(SignalName.DEAD_LETTERS, topics=dead)
        beside = self._find(SignalName.DEAD_LETTERS, topics=own)
        if found.series is None and beside.series is not None and beside.series.reading is Reading.OFFSET:
            why = f"no series has topic {dead[0]}, so it counts as empty: see that it is spelled as the broker has it"
            return replace(beside, why=why)
        return found

    def _find(self, signal: SignalName, *, pods: tuple[str, ...] = (), topics: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> Found:
        return find(signal, catalogue=self.catalogue, there=self.there, about=replace(self.about, pods=pods, topics=topics, groups=groups))


def _topic(contract: Contract) -> tuple[str, ...]:
    return (contract.topic.name,) if contract.topic is not None else ()


def _dead_letter_topic(contract: Contract) -> tuple[str, ...]:
    return (contract.topic.dead_letter_topic,) if contract.topic is not None and contract.topic.dead_letter_topic else ()


def _groups(contract: Contract) -> tuple[str, ...]:
    return tuple(one.group for one in contract.topic.consumer_groups) if contract.topic is not None else ()
