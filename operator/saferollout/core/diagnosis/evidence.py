"""What a diagnosis rests on: readings of symptoms, whether dependencies live, and what the release did when.

This is the seam to the statistics and to the catalogue of signals: they fill it, nothing in this package measures or counts. How it is to be filled:

- **Readings.** One for each symptom, workload, arm and comparison that was looked at. What was looked for and could not be told (no series, too
  little traffic) is a reading too, CANNOT_TELL with the reason in `detail`; only so can a finding say what is missing. A reading that is left out
  counts as CANNOT_TELL.
- **Between arms or in time.** A workload with new and old pods is read as NEW and as OLD against OTHER_ARM, and as NEW, OLD and ALL against BASELINE. One
  that is not rolling is read as NEIGHBOUR against BASELINE where it shares a contract with the release, else as OUTSIDE against BASELINE.
- **One of several contracts of a kind.** A reading names its contract where it was counted for that one alone, by a label of the series; what was counted for
  all of them together names none. Both may be there.
- **Stalls** are looks at pods of which it is known that partitions they own grew, so that a partial stall is one of the pods that own those partitions; a pod
  without any, or whose own change while the group rebalances, is not among them. Where nobody tells who owns what, `doubt` says so. A dead letter belongs to
  the contract's topic, `workload` is then whoever the topic's dead letters come from, or empty.
- **Liveness.** Every dependency that this release can depend on, UNKNOWN where nothing tells. One that is left out is not used, except what the kind of a
  contract implies (a topic needs Kafka): that is UNKNOWN then.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from saferollout.core.diagnosis.symptoms import Symptom


class Arm(StrEnum):
    """Whose events were counted."""

    NEW = "New"
    OLD = "Old"
    ALL = "All"
    NEIGHBOUR = "Neighbour"
    OUTSIDE = "Outside"


class Against(StrEnum):
    """What they were compared with: the other pods of the same workload, the time before the release, workloads outside of it."""

    OTHER_ARM = "OtherArm"
    BASELINE = "Baseline"
    OUTSIDE = "Outside"


class Standing(StrEnum):
    """What a test said. Only WORSE and CLEAR are evidence."""

    WORSE = "Worse"
    CLEAR = "Clear"
    CANNOT_TELL = "CannotTell"


@dataclass(frozen=True, slots=True)
class Reading:
    """One symptom of one workload: `count` bad events among `total`; `value` and `reference` are shares (count for each of total).

    `onset`: end of the first window of the excess, as it is estimated; `worse_at`: when the test said WORSE, which it has said since. Both None where it is
    not worse or not known. `detail`: why it can't be told. `doubt`: why one that is worse proves nothing yet. `phi`: how far windows
    scatter, against what chance alone makes (core/statistics/dispersion.py); the evidence was divided by it. None where that is not measured.
    """

    symptom: Symptom
    workload: str
    arm: Arm
    against: Against
    standing: Standing
    contract: str = ""
    count: float = 0.0
    total: float = 0.0
    value: float = 0.0
    reference: float = 0.0
    onset: datetime | None = None
    worse_at: datetime | None = None
    detail: str = ""
    doubt: str = ""
    phi: float | None = None


class Dependency(StrEnum):
    """What workloads stand on and no release of theirs changes."""

    KAFKA = "Kafka"
    POSTGRES = "Postgres"
    CACHE = "Cache"
    GATEWAY = "Gateway"
    NODE = "Node"
    SCRAPE = "Scrape"


class Life(StrEnum):
    """What a dependency's own liveness says. RESTARTED: it is up, and was not all the time since the release began."""

    ALIVE = "Alive"
    DOWN = "Down"
    RESTARTED = "Restarted"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Liveness:
    """Whether a dependency lives; `name` is which one (a node's, a workload's), `since` when it went down or came up again.

    `in_part`: only some of its servers are, or were, away.
    """

    dependency: Dependency
    life: Life
    since: datetime | None = None
    name: str = ""
    in_part: bool = False


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A dependency that is away or begins anew again and again, so that no time since `since` counts: each outage's quiet time reaches to the next.

    `times`: when it was back, without those that came within a quiet time of one before. `before`: it was so before the release already.
    """

    dependency: Dependency
    times: tuple[datetime, ...]
    since: datetime
    name: str = ""
    before: bool = False


class Shared(StrEnum):
    """The kinds of contract, an API being one."""

    TOPIC = "Topic"
    API = "Api"
    TABLE = "Table"
    CACHE = "Cache"


class Part(StrEnum):
    """What a workload does with a contract."""

    READS = "Reads"
    WRITES = "Writes"
    SERVES = "Serves"
    CALLS = "Calls"


@dataclass(frozen=True, slots=True)
class Role:
    """A workload's part in a contract. `changed`: its new template declares something else than its old one; `declared`: it declares at all.

    `shares_dead_letters`: dead letters of another contract come to the same topic, so they speak for neither.
    """

    contract: str
    kind: Shared
    parts: frozenset[Part]
    changed: bool = False
    declared: bool = False
    shares_dead_letters: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """From `at` on, this share (0 to 1) of a workload's pods was new."""

    at: datetime
    share: float


@dataclass(frozen=True, slots=True)
class Member:
    """A workload as the release sees it. `shares` is empty while it has not begun to roll, and stays when it has ended.

    `new_ready`: when its first new pod was ready. `in_release` False: outside, a placebo, unless a contract ties it to the release.
    """

    workload: str
    roles: tuple[Role, ...] = ()
    in_release: bool = True
    new_ready: datetime | None = None
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at one instant `at`; `release` and `namespace` are the SafeRollout's, for the commands.

    `answered`: whoever was asked has answered, so that nothing to tell means that little happened; not that nobody looked. `recurring`: what is away
    again and again; `meanwhile`: how new pods stand against old ones in those outages, which proves nothing.
    """

    release: str
    namespace: str
    at: datetime
    readings: tuple[Reading, ...] = ()
    liveness: tuple[Liveness, ...] = ()
    members: tuple[Member, ...] = ()
    answered: bool = False
    recurring: tuple[Recurrence, ...] = ()
    meanwhile: tuple[Reading, ...] = ()
