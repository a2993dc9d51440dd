"""Describe revisions on contracts whose versions somebody numbers: what they declare, or what they are taken to do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from saferollout.api.contracts import Contract
from saferollout.core.adoption import Custom, assumed_uses, customary
from saferollout.core.contracts import Channel, Party, Revision
from saferollout.core.intake import channels_of, roles_of
from saferollout.core.sources import Source
from saferollout.core.templates import TemplateFacts, read_template
from saferollout.core.words import generation_of


def numbered_names(contracts: Sequence[Contract], sources: Sequence[Source]) -> frozenset[str]:
    """Return the contracts on which any template numbers versions; there words and roles are only a fallback."""
    owner = {channel.name: contract.name for contract in contracts for channel in channels_of(contract)}
    return frozenset(
        owner[name]
        for source in sources
        for declaration in source.declared.values()
        for name, use in (declaration or {}).items()
        if use.reads is not None or use.writes
    )


def retained_writes(
    numbered: frozenset[str],
    channels: Mapping[str, Channel],
    recorded: Mapping[str, frozenset[str]],
    retained: Mapping[str, Sequence[str | None]],
) -> dict[str, frozenset[str]]:
    """Return what may lie in the numbered channels: what was recorded, and what retained templates declared to write."""
    lying = {
        name: {version for version in recorded.get(name, ()) if generation_of(version) is None}
        for name, channel in channels.items()
        if channel.contract in numbered and channel.stores
    }
    for workload, annotations in retained.items():
        for annotation in annotations:
            read = read_template(workload, TemplateFacts(hash="", contracts=annotation), tuple(channels))
            for name, use in (read.declaration or {}).items():
                if name in lying:
                    lying[name] |= use.writes
    return {name: frozenset(versions) for name, versions in lying.items() if versions}


def numbered_revisions(sources: Sequence[Source], customs: Mapping[str, Custom]) -> dict[tuple[str, str], Revision]:
    """Return each template as a revision on the numbered channels, by workload and hash."""
    revisions: dict[tuple[str, str], Revision] = {}
    for source in sources:
        for facts in source.facts:
            declaration = source.declared.get(facts.hash)
            if declaration is not None:
                revisions[source.workload, facts.hash] = Revision(facts.hash, dict(declaration))
                continue
            uses = assumed_uses(source.workload, successor=source.successor, customs=customs)
            revisions[source.workload, facts.hash] = Revision(facts.hash, uses, assumed=frozenset(uses))
    return revisions


def customs_of(
    contracts: Sequence[Contract], sources: Sequence[Source], stored: Mapping[str, frozenset[str]], externals: Sequence[Party]
) -> dict[str, Custom]:
    """Return what is usual on each channel of the numbered contracts: what a party that says nothing is taken to speak."""
    written: dict[str, set[str]] = defaultdict(set)
    brought: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        for facts in source.facts:
            # What this release brings is no custom yet: a silent party is not known to speak it.
            place = brought if _is_new(source, facts) else written
            for name, use in (source.declared.get(facts.hash) or {}).items():
                place[name] |= use.writes
    for party in externals:
        for name, use in (pair for revision in party.alive for pair in revision.uses.items()):
            written[name] |= use.writes
    customs: dict[str, Custom] = {}
    for contract in contracts:
        for name, roles in roles_of(contract).items():
            known = stored.get(name, frozenset()) - (brought[name] - written[name])
            versions = customary(stored=known, written=frozenset(written[name]), base=contract.base_version)
            customs[name] = Custom(roles=roles, versions=versions)
    return customs


def _is_new(source: Source, facts: TemplateFacts) -> bool:
    stable = source.templates.stable
    if stable is not None:
        return facts.hash != stable.hash
    return facts.hash not in {alive.hash for alive in source.templates.alive}
