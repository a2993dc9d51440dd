"""Contracts: what two workloads share, and how a stored version is proved gone."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from saferollout.api.base import ListKind, ListType, Model, Rule
from saferollout.api.externals import MAX_VERSIONS, ExternalParty, ExternalReader, ExternalWriter
from saferollout.api.scalars import ForeignName, LongSeconds, Name, PromQL, Version

MAX_PARTIES = 50

Versions = Annotated[tuple[Version, ...], ListType(kind=ListKind.SET, max_items=MAX_VERSIONS)]
Parties = Annotated[tuple[Name, ...], ListType(kind=ListKind.SET, max_items=MAX_PARTIES)]


class ContractKind(StrEnum):
    """What a contract is; says what stores versions and which failure mode a conflict has."""

    TOPIC = "topic"
    API = "api"
    TABLE = "table"
    CACHE = "cache"


class Compatibility(StrEnum):
    """Confluent's words for schemas, for templates that number no versions."""

    BACKWARD = "Backward"
    BACKWARD_TRANSITIVE = "BackwardTransitive"
    FORWARD = "Forward"
    FORWARD_TRANSITIVE = "ForwardTransitive"
    FULL = "Full"
    FULL_TRANSITIVE = "FullTransitive"
    NONE = "None"


class CacheKeys(StrEnum):
    """Whether revisions share the keys of a cache."""

    SHARED = "Shared"
    VERSIONED = "Versioned"


class ConsumerGroup(Model):
    """A consumer group of the topic and the workload that consumes with it."""

    group: ForeignName = Field(description="Name of the consumer group on the broker.")
    workload: Name = Field(description="Workload of this SafeRollout that consumes with the group; it counts as a reader.")


class Topic(Model):
    """A topic; what was written to it stays stored until it is consumed or its retention has passed."""

    name: ForeignName = Field(description="Name of the topic on the broker.")
    retention_seconds: LongSeconds | None = Field(
        default=None,
        description="How long the broker keeps a record, in seconds. Without it the topic counts as endless: "
        "a version never leaves it by time alone.",
    )
    dead_letter_topic: ForeignName | None = Field(
        default=None,
        description="Topic that takes records nobody could read. The dead-letter signals of this contract look at it.",
    )
    consumer_groups: Annotated[tuple[ConsumerGroup, ...], ListType(kind=ListKind.MAP, max_items=MAX_PARTIES, key="group")] = Field(
        default=(), description="Consumer groups and the workloads behind them."
    )


class Api(Model):
    """An API; two channels, NAME/request (clients write, the server reads) and NAME/response. Nothing is stored.

    Both roles are optional where the templates declare versions.
    """

    server: Name | None = Field(default=None, description="Workload that answers.")
    clients: Parties = Field(default=(), description="Workloads that ask.")


class Table(Model):
    """A database table; a format that was written stays stored until `drained` proves that no row has it."""

    schema_name: ForeignName | None = Field(default=None, description="Schema (namespace) of the table in its database.")
    name: ForeignName = Field(description="Name of the table.")


class Cache(Model):
    """A cache; a format that was written stays stored until the time to live has passed."""

    ttl_seconds: LongSeconds | None = Field(
        default=None,
        description="Longest time to live of an entry, in seconds. Without it a format never leaves the cache by time alone.",
    )
    keys: CacheKeys = Field(
        default=CacheKeys.SHARED,
        description="Shared: every revision meets every entry. Versioned: keys carry the format, so versions never meet.",
    )


class Drained(Model):
    """A user's own proof that a stored version is gone."""

    promql: PromQL = Field(
        description="PromQL that counts what is still stored; 0 proves that the version is gone. "
        "No data proves nothing. Evaluated with the namespace of this SafeRollout."
    )


class Contract(Model):
    """Something that workloads share: exactly one of topic, api, table, cache."""

    name: Name = Field(description="Name of the contract, as the annotation saferollout.io/contracts on a pod template uses it.")
    topic: Topic | None = Field(default=None, description="The contract is a topic.")
    api: Api | None = Field(default=None, description="The contract is an API; its roles are `server` and `clients`.")
    table: Table | None = Field(default=None, description="The contract is a database table.")
    cache: Cache | None = Field(default=None, description="The contract is a cache.")
    base_version: Version = Field(
        default="1", description="Version that a revision without the annotation counts as, where nothing better is known."
    )
    stored_versions: Versions = Field(
        default=(),
        description="Versions announced by hand as stored, beside what the operator recorded: restored backups, replays of dead letters.",
    )
    compatibility: Compatibility | None = Field(
        default=None,
        description="Constraint for templates that number no versions, in Confluent's words. Backward: readers first. "
        "Forward: writers first, then drained, then readers. Full: any order. None: refused. The Transitive ones look at every revision "
        "that is alive or stored, the plain ones at the last one. Numbered versions win over the word.",
    )
    readers: Parties = Field(
        default=(),
        description="Workloads that read (for an API: api.server). A preference: readers roll first, nothing is refused.",
    )
    writers: Parties = Field(
        default=(), description="Workloads that write (for an API: api.clients). A preference: they roll after the readers."
    )
    external_readers: Annotated[tuple[ExternalReader, ...], ListType(kind=ListKind.MAP, max_items=MAX_PARTIES)] = Field(
        default=(), description="Readers that this SafeRollout does not run, with the versions they can read or the workload that declares them."
    )
    external_writers: Annotated[tuple[ExternalWriter, ...], ListType(kind=ListKind.MAP, max_items=MAX_PARTIES)] = Field(
        default=(), description="Writers that this SafeRollout does not run, with the versions they may write or the workload that declares them."
    )
    drained: Drained | None = Field(
        default=None, description="Proof that a version is no longer stored. Without any proof a person is asked to approve."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="[has(self.topic), has(self.api), has(self.table), has(self.cache)].filter(given, given).size() == 1",
            holds=lambda contract: len(contract._given_kinds) == 1,
            field="",
            message="a contract is exactly one of topic, api, table, cache: write one of them and remove the others",
        ),
        Rule(
            cel="!has(self.api) || ((!has(self.readers) || self.readers.size() == 0) && (!has(self.writers) || self.writers.size() == 0))",
            holds=lambda contract: contract.api is None or not (contract.readers or contract.writers),
            field="api",
            message="an API has no readers and writers: name its roles api.server and api.clients",
        ),
        Rule(
            cel="!has(self.api) || !has(self.drained)",
            holds=lambda contract: contract.api is None or contract.drained is None,
            field="drained",
            message="an API stores nothing, so there is nothing to drain: remove drained",
        ),
        Rule(
            cel="!has(self.api) || !has(self.storedVersions) || self.storedVersions.size() == 0",
            holds=lambda contract: contract.api is None or not contract.stored_versions,
            field="storedVersions",
            message="an API stores nothing: remove storedVersions",
        ),
    )

    @property
    def _given_kinds(self) -> tuple[ContractKind, ...]:
        return tuple(kind for kind in ContractKind if getattr(self, kind.value) is not None)

    @property
    def external_parties(self) -> tuple[ExternalParty, ...]:
        """Return readers, then writers."""
        return (*self.external_readers, *self.external_writers)

    @property
    def kind(self) -> ContractKind:
        """Say what the contract is."""
        return self._given_kinds[0]
