"""The graph of kernel.md section 4: what must have rolled, or be proved drained, before a workload may roll."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from saferollout.core.conflicts import Face, PairKey, Violation, clause, faces_of, violations
from saferollout.core.contracts import World, stored_now
from saferollout.core.plans import Conflict, Repair

Node = tuple[str, ...]


def roll_node(workload: str) -> Node:
    """Name the roll of a workload in the graph."""
    return ("roll", workload)


def drain_node(channel: str, version: str) -> Node:
    """Name the drain of a version in the graph, by proof or by approval."""
    return ("drain", channel, version)


def sanction_node(channel: str, version: str) -> Node:
    """Name a person's word about a version that stays where it is."""
    return ("sanction", channel, version)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an edge is there. A cause without a violation brings its own conflict and repair."""

    sentence: str
    violation: Violation | None = None
    conflict: Conflict | None = None
    repair: Repair | None = None


@dataclass(slots=True)
class Graph:
    """Edges by their end: `before[then][first]` are the causes why `first` precedes `then`."""

    before: dict[Node, dict[Node, list[Cause]]] = field(default_factory=dict)

    def add_node(self, node: Node) -> None:
        """Put a node in, if it is not there yet."""
        self.before.setdefault(node, {})

    def add(self, first: Node, then: Node, cause: Cause) -> None:
        """Put an edge in, or one more cause to an edge that is there."""
        self.add_node(first)
        self.add_node(then)
        self.before[then].setdefault(first, []).append(cause)

    def causes(self, first: Node, then: Node) -> tuple[Cause, ...]:
        """Return why one node precedes the other."""
        return tuple(self.before.get(then, {}).get(first, ()))


@dataclass(slots=True)
class Findings:
    """What the pairs of a world say: what is broken already, what never can work, and the edges."""

    unsafe_now: list[Violation] = field(default_factory=list)
    unsafe_goal: list[Violation] = field(default_factory=list)
    against_itself: list[Violation] = field(default_factory=list)
    graph: Graph = field(default_factory=Graph)
    protects: dict[Node, list[str]] = field(default_factory=lambda: defaultdict(list))


def find(world: World, *, tolerated: frozenset[PairKey] = frozenset()) -> Findings:
    """Sort every violating pair of a world into its row of the table in kernel.md section 4.

    Pairs that are violated now, and those in `tolerated`, refuse nothing.
    """
    findings = Findings()
    for party in world.parties:
        if party.rolls:
            findings.graph.add_node(roll_node(party.name))
    found = list(violations(world, stored_now(world)))
    findings.unsafe_now = [violation for violation in found if violation.both_live]
    accepted = {violation.key for violation in findings.unsafe_now} | tolerated
    drains: list[Violation] = []
    for violation in found:
        if violation.both_live or violation.key in accepted:
            continue
        if violation.writer is None:
            drains.append(violation)
        else:
            _sort_in(findings, violation)
    _add_drains(world, findings, drains)
    return findings


def _sort_in(findings: Findings, violation: Violation) -> None:
    writer, reader = violation.writer, violation.reader
    if writer is None:
        return
    if violation.both_final:
        findings.unsafe_goal.append(violation)
        return
    if violation.same_party:
        if not reader.party.recreate:
            findings.against_itself.append(violation)
        return
    # One side is alive and goes; the other only comes. Who goes must have gone first.
    goes, comes = (writer, reader) if writer.lives else (reader, writer)
    cause = Cause(sentence=f"{goes.party.name} first: {clause(violation)}", violation=violation)
    findings.graph.add(roll_node(goes.party.name), roll_node(comes.party.name), cause)


def _add_drains(world: World, findings: Findings, drains: list[Violation]) -> None:
    live_writers = _live_writers(world, frozenset(violation.channel.name for violation in drains))
    refused = {(violation.channel.name, violation.version, violation.reader.party.name) for violation in findings.unsafe_goal}
    for violation in drains:
        reader, name, version = violation.reader, violation.channel.name, violation.version
        if (name, version, reader.party.name) in refused:
            continue
        node = drain_node(name, version)
        findings.protects[node].append(reader.party.name)
        proof = Cause(sentence=f"only when {name} {version} has drained: {clause(violation)}", violation=violation)
        findings.graph.add(node, roll_node(reader.party.name), proof)
        for writer in live_writers.get((name, version), {}).values():
            sentence = f"{writer.party.name} first: it writes {name} {version} until it has rolled"
            gone = Cause(sentence=sentence, violation=replace(violation, writer=writer))
            findings.graph.add(roll_node(writer.party.name), node, gone)


def _live_writers(world: World, channels: frozenset[str]) -> dict[tuple[str, str], dict[str, Face]]:
    writers: dict[tuple[str, str], dict[str, Face]] = defaultdict(dict)
    for party in world.parties:
        for face in faces_of(party):
            if not face.lives:
                continue
            for name in channels & face.revision.uses.keys():
                for version in face.revision.use(name).writes:
                    writers[name, version].setdefault(party.name, face)
    return writers
