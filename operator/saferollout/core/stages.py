"""Say what a roll does to the contracts: its stage, its place among ties, and the change in words."""

from collections.abc import Iterator

from saferollout.core.contracts import NO_VERSIONS, Party, Use, World, listed
from saferollout.core.plans import Stage

STAGE_RANK = {Stage.EXPAND: 0, Stage.MIGRATE: 1, Stage.CONTRACT: 3}
DRAIN_RANK = 2  # a proof may take hours, so whatever needs none goes before it


def stage_of(party: Party) -> Stage:
    """Return the stage of a party's roll (kernel.md section 5)."""
    pairs = [pair for _, pair in _changed_uses(party)]
    if any((old.reads or NO_VERSIONS) - (new.reads or NO_VERSIONS) for old, new in pairs):
        return Stage.CONTRACT
    return Stage.MIGRATE if writes_change(party) else Stage.EXPAND


def writes_change(party: Party) -> bool:
    """Tell whether a party's roll changes what it writes."""
    return any(old.writes != new.writes for _, (old, new) in _changed_uses(party))


def reading_rank(party: Party) -> int:
    """Return 0 for a party that only reads, 2 for one that only writes, 1 for all others."""
    reads = writes = False
    for revision in party.final:
        for use in revision.uses.values():
            reads |= use.reads is not None
            writes |= bool(use.writes)
    return 1 if reads == writes else (0 if reads else 2)


def changes_of(party: Party, world: World) -> Iterator[str]:
    """Yield one sentence per channel on which the roll changes something, and one if there is none."""
    said = False
    for name, (old, new) in _changed_uses(party):
        if name not in world.channels or (old.reads == new.reads and old.writes == new.writes):
            continue
        said = True
        if old.reads != new.reads:
            yield f"reads {name}: {_reads(old)} -> {_reads(new)}"
        if old.writes != new.writes:
            yield f"writes {name}: {listed(old.writes)} -> {listed(new.writes)}"
    if not said:
        yield "changes no contract"


def _reads(use: Use) -> str:
    return "not at all" if use.reads is None else listed(use.reads)


def _changed_uses(party: Party) -> Iterator[tuple[str, tuple[Use, Use]]]:
    """Yield old and new use per channel; of several old revisions the union counts for reads and writes."""
    goal = party.goal
    if goal is None:
        return
    names = {name: None for revision in (*party.alive, goal) for name in revision.uses}
    for name in names:
        olds = [revision.use(name) for revision in party.alive if revision.key != goal.key]
        read = [use.reads for use in olds if use.reads is not None]
        reads = frozenset().union(*read) if read else None
        writes = frozenset().union(*(use.writes for use in olds))
        yield name, (Use(reads=reads, writes=writes), goal.use(name))
