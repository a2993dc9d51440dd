"""Parties that the operator does not run: one fixed revision each, as the contract declares it (kernel.md section 8.4)."""

from collections.abc import Sequence

from saferollout.api.contracts import Contract
from saferollout.core.contracts import Party, Revision, Use
from saferollout.core.intake import request, response
from saferollout.core.sources import Source


def external_parties(
    contracts: Sequence[Contract], numbered: frozenset[str], sources: Sequence[Source]
) -> tuple[tuple[Party, ...], tuple[str, ...]]:
    """Return the external parties of the numbered contracts, and notes on those that can't be compared."""
    uses: dict[str, dict[str, Use]] = {}
    notes: list[str] = []
    for contract in contracts:
        if not (contract.external_readers or contract.external_writers):
            continue
        if contract.name not in numbered:
            notes.append(f"{contract.name} names versions of external parties, but no template numbers any: they are not compared.")
            continue
        for name, channel, use in _uses_on(contract, sources):
            known = uses.setdefault(name, {}).get(channel, Use())
            uses[name][channel] = Use(
                reads=use.reads if known.reads is None else known.reads | (use.reads or frozenset()), writes=known.writes | use.writes
            )
    taken = {source.workload for source in sources}
    parties = tuple(_party(f"{name} (external)" if name in taken else name, used) for name, used in uses.items())
    return parties, tuple(notes)


def _party(name: str, uses: dict[str, Use]) -> Party:
    return Party(name=name, alive=(Revision(key="external", uses=uses),), external=True)


def _uses_on(contract: Contract, sources: Sequence[Source]) -> list[tuple[str, str, Use]]:
    reading = _reading_channel(contract, sources)
    writing = request(contract.name) if contract.api is not None else contract.name
    servers = {reader.name for reader in contract.external_readers} if reading == writing and contract.api is not None else set()
    return [
        *((reader.name, reading, Use(reads=frozenset(reader.reads))) for reader in contract.external_readers),
        *(
            (writer.name, response(contract.name) if writer.name in servers else writing, Use(writes=frozenset(writer.writes)))
            for writer in contract.external_writers
        ),
    ]


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
