"""What lint reads and what it says: manifests as far as it looks at them, findings with stable codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from saferollout.api.names import ANNOTATION_CONTRACTS
from saferollout.api.problems import Problem
from saferollout.api.spec import SafeRolloutSpec

NOT_TEXT: Final = "must be text, as every annotation: begin it with `|`"
DECLARATION_FIELD: Final = f"spec.template.metadata.annotations.{ANNOTATION_CONTRACTS}"
DEPLOYMENT: Final = "Deployment"
STATEFUL_SET: Final = "StatefulSet"
RELEASED_KINDS: Final = (DEPLOYMENT, STATEFUL_SET)


class Severity(StrEnum):
    """Error: the operator would refuse or hold forever. Warning: it works, but maybe not as meant."""

    ERROR = "error"
    WARNING = "warning"


class Code(StrEnum):
    """Stable names of findings."""

    INVALID_FIELD = "invalid-field"
    DANGLING_REFERENCE = "dangling-reference"
    INVALID_PROMQL = "invalid-promql"
    INVALID_DECLARATION = "invalid-declaration"
    MISPLACED_DECLARATION = "misplaced-declaration"
    UNKNOWN_CONTRACT = "unknown-contract"
    UNSUPPORTED_KIND = "unsupported-kind"
    NOT_RELEASABLE = "not-releasable"
    SHORT_HISTORY = "short-history"
    OWNED_TWICE = "owned-twice"
    SAFEROLLOUT_MISSING = "saferollout-missing"
    NOT_LISTED = "not-listed"
    NAMESPACE_MISMATCH = "namespace-mismatch"
    WORKLOAD_NOT_IN_FILES = "workload-not-in-files"
    UNLABELLED_WORKLOAD = "unlabelled-workload"
    STARTS_AT_ONCE = "starts-at-once"
    UNMANAGED_DECLARATION = "unmanaged-declaration"
    JOB_WRITES_CONTRACT = "job-writes-contract"
    EXTERNAL_UNREADABLE = "external-unreadable"
    WORDS_BESIDE_NUMBERS = "words-beside-numbers"
    ROLES_MISSING = "roles-missing"
    RENAMED_WORKLOAD = "renamed-workload"
    SYNC_WAITS = "sync-waits"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object was read: the file and the number of the document in it, from 1."""

    file: str
    document: int


@dataclass(frozen=True, slots=True)
class SafeRolloutManifest:
    """A SafeRollout as read; `spec` is None where `problems` say why it can't be taken. `named` are its workloads' kinds and names even
    then.
    """

    place: Place
    name: str
    namespace: str
    spec: SafeRolloutSpec | None
    problems: tuple[Problem, ...] = ()
    named: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorkloadManifest:
    """A Deployment, StatefulSet, Job or CronJob as read. `refusals` are the operator's own sentences on why it could not be released.

    `declaration` is None where there is none, and where what stands there is no text (`declaration_is_text`). `history` is how
    many old revisions it keeps, None where nobody looked.
    """

    place: Place
    kind: str
    name: str
    namespace: str
    managed_by: str = ""
    declaration: str | None = None
    declaration_is_text: bool = True
    declaration_field: str = DECLARATION_FIELD
    misplaced_declaration: bool = False
    readable_by: str | None = None
    refusals: Mapping[bool, tuple[str, ...]] = field(default_factory=dict)
    """By whether the workload has batches."""
    history: int | None = None


@dataclass(frozen=True, slots=True)
class SyncedManifest:
    """Any object as Argo CD syncs it. `wave` is 0 where none is stated; `hooks` are the phases that it is a hook of, empty for none."""

    place: Place
    kind: str
    name: str
    namespace: str
    wave: int = 0
    states_wave: bool = False
    hooks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth saying. `field` is a path in the document; `line_within` counts from 1 inside that field's text."""

    severity: Severity
    code: Code
    place: Place
    field: str
    message: str
    about: str
    line_within: int = 0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says findings about one object."""

    place: Place
    about: str

    def error(self, code: Code, path: str, message: str, *, line_within: int = 0) -> Finding:
        return Finding(Severity.ERROR, code, self.place, path, message, self.about, line_within)

    def warning(self, code: Code, path: str, message: str, *, line_within: int = 0) -> Finding:
        return Finding(Severity.WARNING, code, self.place, path, message, self.about, line_within)
