"""Describe revisions on contracts that state one of Confluent's words and on which nobody numbers versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from saferollout.api.contracts import Compatibility, Contract
from saferollout.core.contracts import Channel, Sanction, Use
from saferollout.core.intake import Roles, channels_of, roles_of
from saferollout.core.sources import Source
from saferollout.core.words import LOOKS_AHEAD, Generations, derived_use, generation_of, is_change, label


@dataclass(slots=True)
class Wording:
    """What words add to the world: uses by workload and template, stored generations, and what to say about it."""

    uses: dict[tuple[str, str], dict[str, Use]] = field(default_factory=dict)
    stored: dict[str, frozenset[str]] = field(default_factory=dict)
    sanctions: tuple[Sanction, ...] = ()
    remarks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def worded(contracts: Sequence[Contract], sources: Sequence[Source], recorded: Mapping[str, frozenset[str]]) -> Wording:
    """Derive the uses of every template on the worded contracts among these; `contracts` must not be numbered."""
    wording = Wording()
    parties = {source.workload: _generations(source) for source in sources}
    for contract in contracts:
        if contract.compatibility is None:
            continue
        # On an API the word is about the request channel, which comes first; the response counts as unchanged.
        channel = channels_of(contract)[0]
        roles = roles_of(contract)[channel.name]
        partners = [parties[name] for name in parties if name in roles.readers or name in roles.writers]
        _add(wording, contract.compatibility, channel, roles, partners, recorded.get(channel.name, frozenset()))
        wording.sanctions += tuple(_sanctions(contract.compatibility, channel, roles, sources))
    return wording


def _add(
    wording: Wording, word: Compatibility, channel: Channel, roles: Roles, parties: Sequence[Generations], recorded: frozenset[str]
) -> None:
    changed = is_change(word, roles, parties)
    _remark(wording, word, channel, parties, changed=changed)
    under_way = any(generation for party in parties for generation in party.alive.values())
    stored = {number for version in recorded if (number := generation_of(version)) is not None}
    if not under_way:
        # The release that made later generations has finished: they became one with the current one.
        stored = {0} if stored else set()
    present = frozenset(stored).union(*(party.all for party in parties)) if changed else frozenset({0})
    if channel.stores and changed:
        wording.stored[channel.name] = frozenset(map(label, stored))
    for party in parties:
        for hash_, generation in _by_hash(party).items():
            use = derived_use(word, roles, party, generation=generation if changed else 0, present=present)
            wording.uses.setdefault((party.workload, hash_), {})[channel.name] = use


def _by_hash(party: Generations) -> dict[str, int]:
    return {**party.before, **party.alive, **({} if party.goal_hash is None or party.goal is None else {party.goal_hash: party.goal})}


def _generations(source: Source) -> Generations:
    """Number a workload's templates: what ran before the release is 0, and each newer one that came over it one more."""
    alive = {facts.hash: facts.generation if facts.generation is not None else place for place, facts in enumerate(source.templates.alive)}
    stable = source.templates.stable
    if stable is not None and not any(alive.values()):
        # Whatever has replaced the stable template came with the release under way.
        alive = {hash_: 0 if hash_ == stable.hash else 1 for hash_ in alive}
    before = {stable.hash: 0} if stable is not None else {}
    goal = source.goal
    if goal is None or goal.hash in alive:
        return Generations(source.workload, alive, before=before)
    number = goal.generation if goal.generation is not None else max(alive.values(), default=0) + 1
    return Generations(source.workload, alive, goal=number, goal_hash=goal.hash, before=before)


def _remark(wording: Wording, word: Compatibility, channel: Channel, parties: Sequence[Generations], *, changed: bool) -> None:
    if changed:
        sentence = f"by the word {word} on {channel.name}: {label(0)} is what ran before, {label(1)} what this release brings"
    else:
        sentence = f"only one side of {channel.name} changes, so it counts as unchanged under {word}; the gates watch"
    for party in parties:
        if party.changes:
            wording.remarks[party.workload] = (*wording.remarks.get(party.workload, ()), sentence)


def _sanctions(word: Compatibility, channel: Channel, roles: Roles, sources: Sequence[Source]) -> list[Sanction]:
    """Ask a person before a reader returns to a template that may not read what was written since."""
    if not channel.stores or word in LOOKS_AHEAD:
        return []
    return [
        Sanction(
            workload=source.workload,
            contract=channel.name,
            version=label(0),
            sentence=f"{source.workload} goes back to an earlier template; under {word} it may not read what {channel.name} holds by now",
        )
        for source in sources
        if source.templates.reverted and source.goal is not None and source.workload in roles.readers
    ]
