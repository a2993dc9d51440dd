"""Order what `required: true` asks for: a consumer that stalls while nobody writes must never be left alone.

Only edges are added, so that safety stays pairwise; it may refuse what a cleverer order could do (kernel.md section 4).
"""

from dataclasses import dataclass, field

from saferollout.core.conflicts import Face, faces_by_channel
from saferollout.core.contracts import Channel, Party, World, in_order, listed
from saferollout.core.graph import Cause, Graph, roll_node
from saferollout.core.plans import Conflict, Repair, RevisionRole, Side


@dataclass(slots=True)
class Changes:
    """Who starts, stops or goes on with writing a channel, and who comes or ceases to require that somebody does."""

    lasting: bool = False
    written_now: bool = False
    starting: list[Party] = field(default_factory=list)
    stopping: list[Party] = field(default_factory=list)
    newly_requiring: list[Party] = field(default_factory=list)
    no_longer_requiring: list[Party] = field(default_factory=list)
    requiring_now: list[Party] = field(default_factory=list)
    requiring_then: list[Party] = field(default_factory=list)


def add_requirements(world: World, graph: Graph) -> tuple[list[Conflict], list[Conflict], list[Repair]]:
    """Add the edges that requirements ask for; return what stalls now, what would stall for ever, and repairs."""
    stalled_now: list[Conflict] = []
    stalled_goal: list[Conflict] = []
    repairs: list[Repair] = []
    for name, faces in faces_by_channel(world).items():
        channel = world.channels[name]
        if not any(face.revision.use(name).required for face in faces):
            continue
        changes = _changes(name, faces)
        if not changes.written_now:
            stalled_now += [_stall(channel, party, _face(party, lives=True).role) for party in changes.requiring_now]
        if changes.lasting:
            continue
        refused = [] if changes.starting else [p for p in changes.requiring_then if changes.written_now or p not in changes.requiring_now]
        stalled_goal += [_stall(channel, party, _face(party, lives=False).role) for party in refused]
        readable = _readable(name, faces)
        if refused:
            repairs += _goal_repairs(channel, changes.stopping, refused, readable)
        _add_edges(graph, channel, changes, readable)
    return stalled_now, stalled_goal, repairs


def _face(party: Party, *, lives: bool) -> Face:
    revision = party.alive[-1] if lives and party.alive else party.final[-1]
    return Face(party, revision, lives=lives, final=not lives)


def _changes(name: str, faces: list[Face]) -> Changes:
    changes = Changes()
    parties = {face.party.name: face.party for face in faces}
    for party in parties.values():
        now = [revision.use(name) for revision in party.alive]
        then = [revision.use(name) for revision in party.final]
        writes_now, writes_then = any(use.writes for use in now), any(use.writes for use in then)
        # Of several alive revisions each may be the last one left, so all must write for the writing to go on.
        writes_throughout = bool(now) and all(use.writes for use in now) and bool(then) and all(use.writes for use in then)
        requires_now, requires_then = any(use.required for use in now), any(use.required for use in then)
        changes.written_now |= writes_now
        changes.lasting |= writes_throughout
        if writes_then and not writes_throughout:
            changes.starting.append(party)
        if writes_now and not writes_then:
            changes.stopping.append(party)
        if requires_now:
            changes.requiring_now.append(party)
        if requires_then:
            changes.requiring_then.append(party)
        if requires_then and not (requires_now and all(use.required for use in now)):
            changes.newly_requiring.append(party)
        if requires_now and not requires_then:
            changes.no_longer_requiring.append(party)
    return changes


def _readable(name: str, faces: list[Face]) -> frozenset[str] | None:
    """Return the versions that whoever reads the channel in the end can read; None where nobody reads it."""
    reads = [use.reads for face in faces if face.final and (use := face.revision.use(name)).reads is not None]
    return frozenset.intersection(*reads) if reads else None


def _add_edges(graph: Graph, channel: Channel, changes: Changes, readable: frozenset[str] | None) -> None:
    name = channel.name
    for starter in changes.starting:
        for reader in changes.newly_requiring:
            sentence = f"{starter.name} first: {reader.name} (new) stalls while nobody writes {name}"
            repair = _without_requirement(channel, reader)
            _edge(graph, channel, first=starter, then=reader, reader=reader, sentence=sentence, repair=repair)
        for stopper in changes.stopping:
            sentence = f"{starter.name} first: it takes over writing {name} from {stopper.name}"
            reader = (changes.requiring_now + changes.requiring_then)[0]
            repair = _keep_writing(channel, stopper, readable)
            _edge(graph, channel, first=starter, then=stopper, reader=reader, sentence=sentence, repair=repair)
    for reader in changes.no_longer_requiring:
        for stopper in changes.stopping:
            sentence = f"{reader.name} first: {reader.name} (old) stalls when {stopper.name} stops writing {name}"
            repair = _keep_writing(channel, stopper, readable)
            _edge(graph, channel, first=reader, then=stopper, reader=reader, sentence=sentence, repair=repair)


def _edge(graph: Graph, channel: Channel, *, first: Party, then: Party, reader: Party, sentence: str, repair: Repair) -> None:
    if first.name == then.name or not first.rolls or not then.rolls:
        return
    role = RevisionRole.NEW if reader.rolls and any(use.use(channel.name).required for use in reader.final) else RevisionRole.OLD
    conflict = Conflict(channel.name, None, None, Side(reader.name, role), 3, f"{sentence}.")
    graph.add(roll_node(first.name), roll_node(then.name), Cause(sentence, conflict=conflict, repair=repair))


def _stall(channel: Channel, party: Party, role: RevisionRole) -> Conflict:
    sentence = f"{party.name} ({role}) stalls while nobody writes {channel.name}, and no workload writes it."
    return Conflict(channel.name, None, None, Side(party.name, role), 3, sentence)


def _goal_repairs(channel: Channel, stopping: list[Party], refused: list[Party], readable: frozenset[str] | None) -> list[Repair]:
    """Return what makes a goal possible in which a reader would stall: one writer goes on, or nobody requires that."""
    kept = [_keep_writing(channel, party, readable) for party in stopping]
    everybody_reads = [repair for repair in kept if readable is None or readable.issuperset(repair.writes)]
    ours = [party for party in refused if not party.external]
    if everybody_reads or len(ours) < len(refused):
        return (everybody_reads or kept)[:1]
    return [_without_requirement(channel, party) for party in ours]


def _without_requirement(channel: Channel, reader: Party) -> Repair:
    """Change the goal: a revision released before it would leave the reader as demanding as it is."""
    use = reader.final[-1].use(channel.name)
    what = f"{channel.name} without requiring that anybody writes it"
    if reader.rolls:
        sentence = f"Let the new revision of {reader.name} read {what}; require it in a later release."
    else:
        sentence = f"Release first a revision of {reader.name} that reads {what}."
    return Repair(reader.name, channel.name, in_order(use.reads or ()), in_order(use.writes), sentence)


def _keep_writing(channel: Channel, stopper: Party, readable: frozenset[str] | None) -> Repair:
    written = frozenset[str]().union(*(revision.use(channel.name).writes for revision in stopper.alive))
    kept = written if readable is None else written & readable or written
    reads = stopper.final[-1].use(channel.name).reads if stopper.final else None
    sentence = f"Let the new revision of {stopper.name} still write {channel.name} {listed(kept)}; stop that in a later release."
    return Repair(stopper.name, channel.name, in_order(reads or ()), in_order(kept), sentence)
