"""Describe revisions on contracts that state one of Confluent's words and on which nobody numbers versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from saferollout.api.contracts import Compatibility, Contract
from saferollout.core.contracts import Channel, Sanction, Use
from saferollout.core.evidence import method_for
from saferollout.core.generations import generations_of, returning_generations_of
from saferollout.core.intake import Roles, channels_of, roles_of
from saferollout.core.sources import Source
from saferollout.core.templates import same_program
from saferollout.core.words import Generations, derived_use, generation_of, is_change, label


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
    for contract in contracts:
        if contract.compatibility is None:
            continue
        # On an API the word is about the request channel, which comes first; the response counts as unchanged.
        channel = channels_of(contract)[0]
        roles = roles_of(contract)[channel.name]
        _add(wording, contract.compatibility, channel, roles, [source for source in sources if source.workload in roles.all], recorded)
    return wording


def _add(
    wording: Wording, word: Compatibility, channel: Channel, roles: Roles, sources: Sequence[Source], recorded: Mapping[str, frozenset[str]]
) -> None:
    going_back = _only_returns(sources)
    parties = [returning_generations_of(source) if going_back and source.templates.reverted else generations_of(source) for source in sources]
    changed = is_change(word, roles, parties)
    _remark(wording, word, channel, parties, changed=changed, going_back=going_back)
    # Where nothing can prove that the later generation has drained a person is asked about that anyway: then it is one question.
    shared = going_back and changed and channel.stores and method_for(channel) is None
    wording.sanctions += tuple(_sanctions(word, channel, roles, sources, generation=1 if shared else 0))
    under_way = any(generation for party in parties for generation in party.alive.values())
    stored = {number for version in recorded.get(channel.name, ()) if (number := generation_of(version)) is not None}
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


def _only_returns(sources: Sequence[Source]) -> bool:
    """Tell whether all that changes is a return: then what runs is the later generation, and the word holds the other way round."""
    returning = {source.workload for source in sources if source.templates.reverted}
    return bool(returning) and all(source.workload in returning for source in sources if generations_of(source).changes)


def _by_hash(party: Generations) -> dict[str, int]:
    return {**party.before, **party.alive, **({} if party.goal_hash is None or party.goal is None else {party.goal_hash: party.goal})}


def _remark(
    wording: Wording, word: Compatibility, channel: Channel, parties: Sequence[Generations], *, changed: bool, going_back: bool
) -> None:
    if not changed:
        sentence = f"only one side of {channel.name} changes, so it counts as unchanged under {word}; the gates watch"
    elif going_back:
        sentence = f"by the word {word} on {channel.name}: {label(0)} is what comes back, {label(1)} what this release takes back"
    else:
        sentence = f"by the word {word} on {channel.name}: {label(0)} is what ran before, {label(1)} what this release brings"
    for party in parties:
        if party.changes:
            wording.remarks[party.workload] = (*wording.remarks.get(party.workload, ()), sentence)


def _sanctions(word: Compatibility, channel: Channel, roles: Roles, sources: Sequence[Source], *, generation: int) -> list[Sanction]:
    """Ask a person before a reader returns to a template that may not read what was written since.

    How far each side returns is not known: a reader that goes back further than its writers meets what it never could read, although
    all of them return. One that still lives meets what is written already, so its return adds nothing.
    """
    if channel.versioned_keys or _reads_on_wherever_it_returns(word, roles, sources):
        return []
    reason = f"under {word} it may not read what lies in {channel.name} or is written to it"
    return [
        Sanction(
            workload=source.workload,
            contract=channel.name,
            version=label(generation),
            sentence=f"{source.workload} goes back to an earlier template; {reason}",
        )
        for source in sources
        if source.templates.reverted and source.workload in roles.readers and _is_gone(source)
    ]


def _reads_on_wherever_it_returns(word: Compatibility, roles: Roles, sources: Sequence[Source]) -> bool:
    """Tell whether the word itself says that any earlier reader can read what there is; the plain ones tell only of neighbours.

    Under ForwardTransitive that is all that came later, so not what a writer writes that returns beside it, and maybe further.
    """
    if word is Compatibility.FULL_TRANSITIVE:
        return True
    writers_return = any(source.templates.reverted and source.workload in roles.writers for source in sources)
    return word is Compatibility.FORWARD_TRANSITIVE and not writers_return


def _is_gone(source: Source) -> bool:
    goal = source.goal
    return goal is not None and not any(same_program(facts, goal) for facts in source.templates.alive)
