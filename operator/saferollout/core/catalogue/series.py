"""What a signal is, and one exporter's series for it.

    Series(signal=SignalName.HTTP_SERVER, exporter="Micrometer", metric="http_server_requests_seconds_count",
           reading=Reading.COUNTER, subject=Subject.POD, keys=(Key("status"),), source="...")
"""

from dataclasses import dataclass
from enum import StrEnum


class SignalName(StrEnum):
    """What can be told apart by series, whoever exports them."""

    DEAD_LETTERS = "DeadLetters"
    CONSUMER_FAILURES = "ConsumerFailures"
    RECORDS_CONSUMED = "RecordsConsumed"
    ASSIGNED_PARTITIONS = "AssignedPartitions"
    OWNED_PARTITIONS = "OwnedPartitions"
    GROUP_LAG = "GroupLag"
    GROUP_OFFSET = "GroupOffset"
    TOPIC_INFLOW = "TopicInflow"
    PRODUCER_ERRORS = "ProducerErrors"
    RECORDS_SENT = "RecordsSent"
    HTTP_SERVER = "HttpServer"
    HTTP_CLIENT = "HttpClient"
    LATENCY = "Latency"
    LATENCY_SUM = "LatencySum"
    CACHE_GETS = "CacheGets"
    CACHE_PUTS = "CachePuts"
    CACHE_EVICTIONS = "CacheEvictions"
    DB_OPERATIONS = "DbOperations"
    POOL_PENDING = "PoolPending"
    POOL_TIMEOUTS = "PoolTimeouts"
    RESTARTS = "Restarts"
    READINESS = "Readiness"
    NODE_READY = "NodeReady"
    SCRAPED = "Scraped"
    CPU_THROTTLING = "CpuThrottling"
    BROKERS_UP = "BrokersUp"
    DATABASE_UP = "DatabaseUp"
    DATABASE_START = "DatabaseStart"
    CACHE_UP = "CacheUp"
    CACHE_START = "CacheStart"
    GATEWAY_START = "GatewayStart"


class Subject(StrEnum):
    """Whom a series is about."""

    POD = "Pod"        # has a label with the pod: the only kind that tells new pods from old ones
    TOPIC = "Topic"    # a topic, queue or stream, by one of its labels
    GROUP = "Group"    # a consumer group, by one of its labels
    SERVER = "Server"  # a broker, database, cache or gateway as a whole


class Reading(StrEnum):
    """How the value of a series is to be read."""

    COUNTER = "Counter"  # begins at 0 with its process; one that goes backwards has begun anew
    OFFSET = "Offset"    # only grows, but does not begin at 0; one that goes backwards was truncated or made anew
    GAUGE = "Gauge"      # counts nothing
    START = "Start"      # when something started, in seconds since 1970
    UPTIME = "Uptime"    # how many seconds ago it started


class Aggregate(StrEnum):
    """How several series with the same labels become one."""

    SUM = "sum"  # parts of a whole, such as the URIs behind a status
    MAX = "max"  # the same thing reported several times, such as a partition by two exporters
    MIN = "min"


@dataclass(frozen=True, slots=True)
class Key:
    """What samples of a signal are told apart by, and what the exporter calls it; `optional`: some of its series may lack the label."""

    name: str
    label: str = ""
    optional: bool = False

    @property
    def exported(self) -> str:
        """Return the exporter's label."""
        return self.label or self.name


@dataclass(frozen=True, slots=True)
class Matcher:
    """A label that must have a value: of several things that a metric counts, the one that is meant."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another metric that a query takes account of: of the same pods, or of what they share the label `on` with."""

    metric: str
    matchers: tuple[Matcher, ...] = ()
    on: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One exporter's series for a signal.

    `subject_label` names the topic, queue, stream or group (subjects TOPIC and GROUP), `topic_label` the topic of a group. `beside` is a
    metric that the same exporter has when this one is not switched on, and `enable` how to switch it on. `failed` is a pattern of the
    first key's values that mean a failure, where the signal counts good and bad alike. `unit` is that of `le` and of sums, in seconds.
    `unless`: a pod does not count while one of these is above 0 for it. `times`: the value is multiplied by this.
    """

    signal: SignalName
    exporter: str
    metric: str
    reading: Reading
    subject: Subject
    source: str
    keys: tuple[Key, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    aggregate: Aggregate = Aggregate.SUM
    subject_label: str = ""
    topic_label: str = ""
    beside: str = ""
    enable: str = ""
    note: str = ""
    failed: str = ""
    unit: float = 1.0
    configured: bool = False
    unless: tuple[Other, ...] = ()
    times: Other | None = None

    @property
    def per_pod(self) -> bool:
        """Tell whether the series tells new pods from old ones."""
        return self.subject is Subject.POD

    @property
    def required_labels(self) -> tuple[str, ...]:
        """Return the labels that every series must have to be of use, beside those of the pod and of `matchers`."""
        own = (self.subject_label, self.topic_label, *(key.exported for key in self.keys if not key.optional))
        return tuple(dict.fromkeys(label for label in own if label))


@dataclass(frozen=True, slots=True)
class Signal:
    """What a signal tells (`what`), how its samples may be told apart, and what nobody can know without it (`costs`).

    `needs` are those of the keys without which a series says nothing; `fails`: a series must say which values mean a failure.
    """

    name: SignalName
    what: str
    costs: str
    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    fails: bool = False
