"""What a diagnosis says: the cause, how sure it is, whose step is to blame, from which evidence, and what to do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from saferollout.api.explained import ExplainedWord
from saferollout.core.diagnosis.evidence import Dependency, Part


class Cause(ExplainedWord):
    """What broke: the first line of its screen, and what it is usually taken for."""

    mistaken_for: str

    def __init__(self, word: str, meaning: str, mistaken_for: str = "") -> None:
        super().__init__(word, meaning)
        self.mistaken_for = mistaken_for

    MODE_1 = "Mode1", "mode 1, a new producer and an old consumer", "a flaky queue"
    MODE_2 = "Mode2", "mode 2, a new validation and an old client", "a client's bug"
    MODE_3 = "Mode3", "mode 3, a consumer ahead of its producer", "a dependency that is down"
    MODE_4 = "Mode4", "mode 4, two formats in one cache", "a cache in trouble"
    MODE_5 = "Mode5", "mode 5, old pods meet rows that only new ones can read", "unhealthy old nodes"
    BROKER_DOWN = "BrokerDown", "the message broker is or was down", "this release"
    DATABASE_DOWN = "DatabaseDown", "the database is or was down", "this release"
    CACHE_DOWN = "CacheDown", "the cache is or was down", "this release"
    GATEWAY_RESTART = "GatewayRestart", "the gateway is down or was restarted", "this release"
    NODE_TROUBLE = "NodeTrouble", "a node is down or was restarted", "this release"
    SCRAPE_TROUBLE = "ScrapeTrouble", "Prometheus gets no samples", "this release"
    CAPACITY = "Capacity", "too little capacity for the traffic", "a slow new revision"
    PLAIN_BUG = "PlainBug", "the new revision fails by itself", "the environment"
    UNKNOWN = "Unknown", "something is wrong, and the evidence names no cause"
    NOTHING = "Nothing", "nothing is wrong"


MODES = frozenset({Cause.MODE_1, Cause.MODE_2, Cause.MODE_3, Cause.MODE_4, Cause.MODE_5})
CAUSE_OF = {
    Dependency.KAFKA: Cause.BROKER_DOWN,
    Dependency.POSTGRES: Cause.DATABASE_DOWN,
    Dependency.CACHE: Cause.CACHE_DOWN,
    Dependency.GATEWAY: Cause.GATEWAY_RESTART,
    Dependency.NODE: Cause.NODE_TROUBLE,
    Dependency.SCRAPE: Cause.SCRAPE_TROUBLE,
}
ENVIRONMENT = frozenset(CAUSE_OF.values())


class Certainty(StrEnum):
    """NAMED: every piece of evidence that the cause needs is there. SUSPECTED: it fits, and something is missing or ambiguous."""

    NAMED = "Named"
    SUSPECTED = "Suspected"


class Action(StrEnum):
    """What the release should do. A finding never lets a batch pass: GO_ON only says that a diagnosis is no reason to stop."""

    ROLL_BACK = "RollBack"
    STOP_SPREADING = "StopSpreading"
    HOLD = "Hold"
    RESUME_AFTER_QUIET = "ResumeAfterQuiet"
    GO_ON = "GoOn"


@dataclass(frozen=True, slots=True)
class Began:
    """When it began, and the step that it followed; `workload` is empty where it followed none."""

    at: datetime
    workload: str = ""
    step_at: datetime | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Command:
    """A command for a person, and what it is good for."""

    purpose: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What broke.

    `workload` is whose step is to blame (the one to roll back, or to stop), `side` its part in `contract`, `victim` who suffers. `sentence` and
    `doubts` hold no number that changes from look to look, so they may stand in status; `evidence` and `then` hold numbers. `doubts`: what keeps
    the cause from being named. `also`: what was found beside it. `lasts`: it holds, and is not over by itself.
    """

    cause: Cause
    certainty: Certainty
    action: Action
    sentence: str
    workload: str = ""
    side: Part | None = None
    contract: str = ""
    victim: str = ""
    evidence: tuple[str, ...] = ()
    began: Began | None = None
    not_because: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    lasts: bool = False
