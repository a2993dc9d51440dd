"""Parties that the operator does not run (kernel.md section 8.4): versions by hand, or as a foreign workload's live pods declare them.

A foreign workload that can't be read is taken to speak exactly what is written or stored now, as a silent revision is: what
waits then is another party's new version, and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from saferollout.api.contracts import Contract
from saferollout.api.externals import ExternalReader
from saferollout.core.adoption import Custom
from saferollout.core.contracts import NO_VERSIONS, Party, Revision, Use
from saferollout.core.foreign import ForeignName, ForeignWorkload, foreign_name
from saferollout.core.foreign_uses import Wish, foreign_revisions
from saferollout.core.intake import request, response
from saferollout.core.sources import Source


@dataclass(frozen=True, slots=True)
class Unread:
    """A foreign party of which nothing is known but its channels, and why."""

    party: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    problem: str


@dataclass(slots=True)
class Externals:
    """The external parties of the numbered contracts, those that can't be read, and what can't be compared."""

    parties: list[Party] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of externalReaders or externalWriters on a numbered contract. `wish`, if any, says where its versions are declared."""

    name: str
    channel: str
    is_reader: bool
    versions: frozenset[str]
    wish: Wish | None

    @property
    def use(self) -> Use:
        """Return what was written by hand."""
        return Use(reads=self.versions) if self.is_reader else Use(writes=self.versions)


def external_parties(
    contracts: Sequence[Contract],
    numbered: frozenset[str],
    sources: Sequence[Source],
    *,
    foreign: Mapping[ForeignName, ForeignWorkload],
    namespace: str,
) -> Externals:
    """Return the external parties; `namespace` is the SafeRollout's."""
    found = Externals()
    entries: list[Entry] = []
    for contract in contracts:
        if not contract.external_parties:
            continue
        if contract.name not in numbered:
            found.notes.append(f"{contract.name} names versions of external parties, but no template numbers any: they are not compared.")
            continue
        entries += _entries(contract, sources, namespace)
    taken = {source.workload for source in sources}
    _add_by_hand(found, [entry for entry in entries if entry.wish is None], taken)
    _add_foreign(found, [entry for entry in entries if entry.wish is not None], taken, foreign)
    return found


def assumed_parties(externals: Externals, customs: Mapping[str, Custom]) -> tuple[Party, ...]:
    """Return the parties that can't be read, as silent revisions are taken (kernel.md section 8.5)."""
    return tuple(_party(unread.party, (_assumed(unread, customs),)) for unread in externals.unread)


def _assumed(unread: Unread, customs: Mapping[str, Custom]) -> Revision:
    uses = {
        channel: Use(
            reads=customs[channel].versions if channel in unread.reads else None,
            writes=customs[channel].versions if channel in unread.writes else NO_VERSIONS,
        )
        for channel in dict.fromkeys((*unread.reads, *unread.writes))
    }
    return Revision(key="external", uses=uses, assumed=frozenset(uses))


def _add_by_hand(found: Externals, entries: Sequence[Entry], taken: set[str]) -> None:
    uses: dict[str, dict[str, Use]] = {}
    for entry in entries:
        known = uses.setdefault(entry.name, {}).get(entry.channel, Use())
        reads = entry.use.reads if known.reads is None else known.reads | (entry.use.reads or NO_VERSIONS)
        uses[entry.name][entry.channel] = Use(reads=reads, writes=known.writes | entry.use.writes)
    for name, used in uses.items():
        found.parties.append(_party(_free(name, taken, "external"), (Revision(key="external", uses=used),)))


def _add_foreign(found: Externals, entries: Sequence[Entry], taken: set[str], foreign: Mapping[ForeignName, ForeignWorkload]) -> None:
    """Make one party of each foreign workload, whatever its entries call it: it has one set of live pods."""
    by_workload: dict[ForeignName, list[tuple[Entry, Wish]]] = {}
    for entry in entries:
        if entry.wish is not None:
            by_workload.setdefault(entry.wish.source, []).append((entry, entry.wish))
    for source, asked in by_workload.items():
        name = _free(asked[0][0].name, taken, "/".join(filter(None, (source.namespace, source.workload))))
        read = foreign_revisions(source, foreign.get(source), tuple(wish for _, wish in asked))
        if read.problem:
            reads = tuple(entry.channel for entry, _ in asked if entry.is_reader)
            writes = tuple(entry.channel for entry, _ in asked if not entry.is_reader)
            contracts = ", ".join(dict.fromkeys(wish.contract for _, wish in asked))
            problem = f"what {name} does with {contracts} is not known: {read.problem}. Until then new versions that concern it wait"
            found.unread.append(Unread(party=name, reads=reads, writes=writes, problem=problem))
        else:
            found.parties.append(_party(name, read.revisions))


def _free(name: str, taken: set[str], otherwise: str) -> str:
    """Return a name that no other party has."""
    free = f"{name} ({otherwise})" if name in taken else name
    taken.add(free)
    return free


def _party(name: str, revisions: tuple[Revision, ...]) -> Party:
    return Party(name=name, alive=revisions, external=True)


def _entries(contract: Contract, sources: Sequence[Source], namespace: str) -> Iterator[Entry]:
    reading = _reading_channel(contract, sources)
    writing = request(contract.name) if contract.api is not None else contract.name
    servers = {reader.name for reader in contract.external_readers} if reading == writing and contract.api is not None else set()
    for party in contract.external_parties:
        is_reader = isinstance(party, ExternalReader)
        channel = reading if is_reader else response(contract.name) if party.name in servers else writing
        wish = None
        if party.taken_from is not None:
            wish = Wish(
                source=foreign_name(party.taken_from, namespace=namespace),
                contract=contract.name,
                theirs=party.taken_from.contract or contract.name,
                is_api=contract.api is not None,
            )
        yield Entry(party.name, channel, is_reader, frozenset(party.versions or ()), wish)


def _reading_channel(contract: Contract, sources: Sequence[Source]) -> str:
    """Return what external readers read: of an API, the answers, unless nobody of ours serves it and they are the server."""
    if contract.api is None:
        return contract.name
    ours = contract.api.server is not None or any(
        declaration is not None and declaration.get(request(contract.name), Use()).reads is not None
        for source in sources
        for declaration in source.declared.values()
    )
    return response(contract.name) if ours else request(contract.name)
