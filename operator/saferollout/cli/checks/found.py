"""What `check` has read of a cluster, before anything is said of it. `Unread` stands wherever something could not be asked, with why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from saferollout.api.gates import Gate
from saferollout.cli.connect import Raw
from saferollout.core.measurements import Measurement
from saferollout.core.missing_series import Missing
from saferollout.engine.rights import Right
from saferollout.shell.config import OperatorConfig, PrometheusConfig


@dataclass(frozen=True, slots=True)
class Unread:
    """Nothing is known, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Server:
    """The API server; `version` is its own text such as v1.36.1, `policies` whether it has MutatingAdmissionPolicy (v1)."""

    address: str
    version: str
    number: tuple[int, int]
    policies: bool | Unread


@dataclass(frozen=True, slots=True)
class Definition:
    """The CRD. `served`: our version of it is; `raw` is None where there is no such CRD."""

    served: bool | Unread
    raw: Raw | Unread | None


@dataclass(frozen=True, slots=True)
class Beat:
    """A Lease. `moving`: it was renewed while we looked, whatever the clocks say."""

    name: str
    namespace: str
    holder: str
    renewed: datetime | None
    moving: bool = False


@dataclass(frozen=True, slots=True)
class Installation:
    """An operator as its Deployment describes it. `name` is the full name that its policies, roles and Lease are called after."""

    name: str
    namespace: str
    release: str
    account: str
    image: str
    version: str
    wanted: int
    ready: int
    config: OperatorConfig | Unread
    lease: Beat | Unread | None

    def covers(self, namespace: str) -> bool:
        """Tell whether it looks after a namespace; where its configuration can't be read nothing speaks against it."""
        return isinstance(self.config, Unread) or not self.config.watch_namespaces or namespace in self.config.watch_namespaces

    @property
    def hold_policy(self) -> str:
        """Return the name of its hold policy; empty where it is configured to have none."""
        return f"{self.name}-hold" if isinstance(self.config, Unread) else self.config.hold_policy

    @property
    def stateful_sets(self) -> bool | None:
        """Tell whether it releases StatefulSets; None where that is not known."""
        return None if isinstance(self.config, Unread) else self.config.stateful_sets

    @property
    def prometheus(self) -> PrometheusConfig | None:
        """Return how it asks Prometheus; None where that is not known."""
        return None if isinstance(self.config, Unread) else self.config.prometheus

    @property
    def lease_name(self) -> str:
        """Return the name of its Lease."""
        return self.name if isinstance(self.config, Unread) else self.config.lease.name


@dataclass(frozen=True, slots=True)
class Installations:
    """Every operator that was found, and every Lease of one, also of operators that run elsewhere."""

    operators: tuple[Installation, ...] | Unread
    leases: tuple[Beat, ...] | Unread
    looked_in: str  # a namespace; empty: all

    def of(self, namespace: str) -> Installation | None:
        """Return the operator that looks after a namespace."""
        operators = () if isinstance(self.operators, Unread) else self.operators
        return next((one for one in operators if one.covers(namespace)), None)


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of a labelled Deployment that was created as a dry run."""

    held: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """Admission policies and bindings by resource and name (None: the server has no such resource), the probe, and whom it was made as."""

    objects: Mapping[str, Mapping[str, Raw] | None] | Unread
    probe: Probe | Unread
    you: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What you may do, and what the operator may not; `asked` counts the rights of the operator that were asked for."""

    yours: Mapping[str, bool] | Unread
    account: str
    asked: int
    denied: Sequence[tuple[Right, str]] | Unread  # with the namespace, empty for all
    unasked: str = ""  # why a part was not asked


@dataclass(frozen=True, slots=True)
class Releases:
    """The SafeRollouts that were asked for; `all_names` are those of the whole namespace. None: the resource is not there."""

    items: tuple[Raw, ...] | Unread | None
    all_names: tuple[str, ...]
    deployments: tuple[Raw, ...] | Unread
    statefulsets: tuple[Raw, ...] | Unread = ()

    def of(self, kind: str) -> tuple[Raw, ...] | Unread:
        """Return the workloads of a kind that can be released."""
        return self.statefulsets if kind == "StatefulSet" else self.deployments


@dataclass(frozen=True, slots=True)
class AskedGate:
    """A gate as it was asked now. `refused`: what is wrong with the gate itself; `unasked`: why it can't be asked now; `missing`: what finds nothing."""

    saferollout: str
    gate: Gate
    measurement: Measurement | None = None
    refused: str = ""
    unasked: str = ""
    missing: Missing | None = None
    empty_topic: str = ""  # a dead-letter topic that has no series, and so counts as 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A Prometheus that was asked from here; `refusal` is why it did not answer, empty where it did."""

    url: str
    refusal: str
    gates: tuple[AskedGate, ...]
    default_labels: bool  # the operator's configuration was not known


@dataclass(frozen=True, slots=True)
class Found:
    """Everything. `asked` is None where no Prometheus was named."""

    namespace: str
    now: datetime
    server: Server
    definition: Definition
    installations: Installations
    holding: Holding
    rights: Rights
    releases: Releases
    asked: Asked | None

    @property
    def operator(self) -> Installation | None:
        """Return the operator that looks after the namespace."""
        return self.installations.of(self.namespace)

    @property
    def releases_statefulsets(self) -> bool | None:
        """Tell whether that operator releases StatefulSets; None where it is not known."""
        return self.operator.stateful_sets if self.operator is not None else None

    @property
    def prometheus(self) -> PrometheusConfig | None:
        """Return how that operator asks Prometheus; None where it is not known."""
        return self.operator.prometheus if self.operator is not None else None
