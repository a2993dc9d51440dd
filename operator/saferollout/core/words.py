"""Give templates that number no versions derived ones, so that Confluent's words become ordinary constraints.

Rules: kernel.md section 8.3. A derived version is a *generation*: 0 is what ran before the release, 1 what the release brings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from saferollout.api.contracts import Compatibility
from saferollout.api.scalars import DERIVED_VERSION
from saferollout.core.contracts import Use
from saferollout.core.intake import Roles

LOOKS_BACK = frozenset({Compatibility.BACKWARD, Compatibility.BACKWARD_TRANSITIVE, Compatibility.FULL, Compatibility.FULL_TRANSITIVE})
LOOKS_AHEAD = frozenset({Compatibility.FORWARD, Compatibility.FORWARD_TRANSITIVE, Compatibility.FULL, Compatibility.FULL_TRANSITIVE})
TRANSITIVE = frozenset({Compatibility.BACKWARD_TRANSITIVE, Compatibility.FORWARD_TRANSITIVE, Compatibility.FULL_TRANSITIVE})


@dataclass(frozen=True, slots=True)
class Generations:
    """The generations of one workload by template hash: alive, before the release, and the goal's if it changes.

    `changes`: the release under way changes, or has changed, the workload.
    """

    workload: str
    alive: Mapping[str, int]
    goal: int | None = None
    goal_hash: str | None = None
    before: Mapping[str, int] = field(default_factory=dict)
    changes: bool = False

    @property
    def all(self) -> frozenset[int]:
        """Return every generation that lives or will live."""
        return frozenset(self.alive.values()) | (frozenset() if self.goal is None else {self.goal})

def label(generation: int) -> str:
    """Return the derived version of a generation."""
    return f"{DERIVED_VERSION}{generation}"


def generation_of(version: str) -> int | None:
    """Return the generation that a derived version stands for; None for a version that people numbered."""
    number = version.removeprefix(DERIVED_VERSION)
    return int(number) if version.startswith(DERIVED_VERSION) and number.isascii() and number.isdigit() else None


def is_change(word: Compatibility, roles: Roles, parties: Sequence[Generations]) -> bool:
    """Tell whether the release changes the contract: a writer and, in another workload, a reader; under None anybody."""
    changed = {party.workload for party in parties if party.changes}
    writers, readers = changed & set(roles.writers), changed & set(roles.readers)
    if word is Compatibility.NONE:
        return bool(writers | readers)
    return any(writer != reader for writer in writers for reader in readers)


def readable(word: Compatibility, generation: int, present: Iterable[int]) -> frozenset[int]:
    """Return the generations that a reader of one generation can read, among those that live or are stored."""
    earlier = sorted(other for other in present if other < generation)
    later = sorted(other for other in present if other > generation)
    back = earlier if word in TRANSITIVE else earlier[-1:]
    ahead = later if word in TRANSITIVE else later[:1]
    read = {generation}
    if word in LOOKS_BACK:
        read |= set(back)
    if word in LOOKS_AHEAD:
        read |= set(ahead)
    return frozenset(read)


def derived_use(word: Compatibility, roles: Roles, party: Generations, *, generation: int, present: frozenset[int]) -> Use:
    """Return what one revision does on a worded channel."""
    reads, writes = party.workload in roles.readers, party.workload in roles.writers
    read = readable(word, generation, present)
    if reads and writes and word is not Compatibility.NONE:
        # A party that both reads and writes can always read what it writes, its other revision's included.
        read |= party.all
    return Use(
        reads=frozenset(map(label, read)) if reads else None,
        writes=frozenset({label(generation)}) if writes else frozenset(),
    )
