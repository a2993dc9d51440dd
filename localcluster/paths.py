"""Where everything lives: one cache for the machine, one state folder for every cluster."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# Network interfaces and sockets are named after the cluster, and the kernel cuts both short.
_CLUSTER_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")


class InvalidClusterName(ValueError):
    """Raised for a cluster name that can't become a folder or a network namespace."""


def cache_folder() -> Path:
    """Return the machine's cache folder; it may not exist yet."""
    explicit = os.environ.get("SAFEROLLOUT_CACHE")
    if explicit:
        return Path(explicit).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(shared).expanduser().absolute() / "saferollout"


def kept_logs_folder() -> Path:
    """Return where the logs of clusters go that were taken down, one folder each."""
    return cache_folder() / "logs"


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    """The files of one cluster; deleting `root` forgets the cluster."""

    name: str
    root: Path

    @property
    def record(self) -> Path:
        return self.root / "cluster.json"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "admin.kubeconfig"

    @property
    def certificates(self) -> Path:
        return self.root / "certificates"

    @property
    def certificate_authority(self) -> Path:
        return self.certificates / "ca.crt"

    @property
    def tokens(self) -> Path:
        return self.root / "tokens.csv"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def processes(self) -> Path:
        return self.root / "processes"

    @property
    def etcd_data(self) -> Path:
        return self.root / "etcd"

    @property
    def node(self) -> Path:
        return self.root / "node"

    @property
    def sockets(self) -> Path:
        """A short folder: a unix socket's path may not exceed 107 bytes."""
        return Path("/run/saferollout") / self.name

    @property
    def network_namespace(self) -> str:
        return f"saferollout-{self.name}"


def cluster_folder(name: str) -> ClusterFolder:
    """Return the folder of the cluster called name, whether or not it exists."""
    if not _CLUSTER_NAME.fullmatch(name):
        raise InvalidClusterName(f"cluster name {name!r}: use up to 20 lower-case letters, digits and inner dashes")
    return ClusterFolder(name=name, root=cache_folder() / "clusters" / name)


def known_clusters() -> list[ClusterFolder]:
    """Return every cluster that was started and not taken down."""
    records = sorted((cache_folder() / "clusters").glob("*/cluster.json"))
    return [cluster_folder(record.parent.name) for record in records]
