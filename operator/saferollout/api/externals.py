"""Parties of a contract that the SafeRollout does not run: versions by hand, or taken from a workload elsewhere."""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from saferollout.api.base import ListKind, ListType, Model, Rule
from saferollout.api.scalars import ForeignName, Name, ObjectName, Version

MAX_VERSIONS: Final = 50
EVERYBODY: Final = "*"

SomeVersions = Annotated[tuple[Version, ...], ListType(kind=ListKind.SET, max_items=MAX_VERSIONS, min_items=1)]


class DeclaredBy(Model):
    """A workload outside this SafeRollout whose live pods declare what they read and write."""

    namespace: Name | None = Field(
        default=None,
        description="Namespace of the workload; without it that of the SafeRollout. In another namespace the workload must allow it by the "
        "annotation saferollout.io/readable-by: a list of namespaces with commas between, or *.",
    )
    workload: ObjectName = Field(description="Name of the Deployment.")
    contract: Name | None = Field(
        default=None, description="Name that its declaration has for the contract, where that is another than here."
    )


class ExternalParty(Model):
    """A party of a contract that this SafeRollout does not run."""

    name: Name = Field(description="Name of the party, as messages show it.")
    taken_from: DeclaredBy | None = Field(
        default=None,
        description="Take the versions from a workload that this SafeRollout does not run: what its live pods declare counts, and nothing "
        "is ever written to it.",
    )

    @property
    def versions(self) -> tuple[str, ...] | None:
        """Return the versions that were written by hand, if they were."""
        raise NotImplementedError


class ExternalReader(ExternalParty):
    """A party that reads the contract and that this SafeRollout does not run."""

    reads: SomeVersions | None = Field(default=None, description="Versions that the party can read.")
    consumer_group: ForeignName | None = Field(
        default=None, description="Consumer group with which the party reads the topic; a group that nobody names is warned about."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.reads) != has(self.from)",
            holds=lambda reader: (reader.reads is None) != (reader.taken_from is None),
            field="",
            message="an external reader has exactly one of reads and from: write the versions, or the workload that declares them",
        ),
    )

    @property
    def versions(self) -> tuple[str, ...] | None:
        """Return what the party can read."""
        return self.reads


class ExternalWriter(ExternalParty):
    """A party that writes the contract and that this SafeRollout does not run."""

    writes: SomeVersions | None = Field(default=None, description="Versions that the party may write.")

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.writes) != has(self.from)",
            holds=lambda writer: (writer.writes is None) != (writer.taken_from is None),
            field="",
            message="an external writer has exactly one of writes and from: write the versions, or the workload that declares them",
        ),
    )

    @property
    def versions(self) -> tuple[str, ...] | None:
        """Return what the party may write."""
        return self.writes


def may_be_read(annotation: str | None, *, by: str) -> bool:
    """Tell whether a workload's annotation `saferollout.io/readable-by` lets another namespace read its declaration."""
    allowed = {name.strip() for name in (annotation or "").split(",")} - {""}
    return by in allowed or EVERYBODY in allowed
