"""One cluster: what is known of it, and the ways to find, start and end it."""

from __future__ import annotations

import csv
import json
import secrets
import shutil
from dataclasses import asdict, dataclass

from localcluster.api_server import ApiServer
from localcluster.paths import ClusterFolder, cluster_folder, kept_logs_folder
from localcluster.ports import release_ports
from localcluster.processes import ProcessTable

# RFC 2544's range for tests: nothing on a real network answers to it.
NODE_ADDRESS = "198.18.0.10"
POD_SUBNET = "198.18.64.0/18"
SERVICE_SUBNET = "198.19.0.0/16"
KUBERNETES_SERVICE_ADDRESS = "198.19.0.1"
NODE_NAME = "local"
_LOGS_KEPT = 20


class NoSuchCluster(LookupError):
    """Raised for a cluster that is not running."""


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """The choices a cluster was started with; ports are on 127.0.0.1."""

    name: str
    api_port: int
    etcd_port: int
    etcd_peer_port: int
    prometheus_port: int
    real_node: bool
    mutating_policies: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that was started: its files, its choices and its processes."""

    folder: ClusterFolder
    record: ClusterRecord

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.record.api_port}"

    @property
    def processes(self) -> ProcessTable:
        return ProcessTable(records=self.folder.processes, logs=self.folder.logs)

    @property
    def network_namespace(self) -> str | None:
        """A real node's cluster lives in a network of its own, as a whole; the others live on loopback."""
        return self.folder.network_namespace if self.record.real_node else None

    def token(self, user: str = "admin") -> str:
        """Return the static token of one of the users in tokens.csv."""
        with self.folder.tokens.open(newline="") as file:
            for token, name, *_ in csv.reader(file):
                if name == user:
                    return str(token)
        raise NoSuchCluster(f"cluster {self.record.name} has no user {user!r}")

    def api(self, user: str = "admin") -> ApiServer:
        """Return a client that acts as the user."""
        return ApiServer(url=self.url, certificate_authority=self.folder.certificate_authority, token=self.token(user))

    def save(self) -> None:
        """Write the record; from then on the cluster is known."""
        self.folder.root.mkdir(parents=True, exist_ok=True)
        self.folder.record.write_text(json.dumps(asdict(self.record), indent=1))


def find_cluster(name: str) -> Cluster:
    """Return the cluster called name, or raise NoSuchCluster."""
    folder = cluster_folder(name)
    if not folder.record.exists():
        raise NoSuchCluster(f"no cluster {name!r}; start it: python3 -m localcluster up --name {name}")
    return Cluster(folder=folder, record=ClusterRecord(**json.loads(folder.record.read_text())))


def forget_cluster(folder: ClusterFolder) -> None:
    """Delete the files of a cluster whose processes have ended, all but its logs."""
    _keep_logs(folder)
    shutil.rmtree(folder.root, ignore_errors=True)
    shutil.rmtree(folder.sockets, ignore_errors=True)
    release_ports(folder.name)


def _keep_logs(folder: ClusterFolder) -> None:
    kept = kept_logs_folder()
    kept.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept / folder.name, ignore_errors=True)
    if folder.logs.exists():
        shutil.move(folder.logs, kept / folder.name)
    by_age = sorted((path for path in kept.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in by_age[:-_LOGS_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def write_tokens(folder: ClusterFolder) -> None:
    """Write the static tokens of the cluster's own parts and of its administrator."""
    if folder.tokens.exists():
        return
    users = [
        ("admin", "system:masters"),
        ("system:kube-controller-manager", ""),
        ("system:kube-scheduler", ""),
        ("system:kube-proxy", ""),
        (f"system:node:{NODE_NAME}", "system:nodes"),
    ]
    folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.tokens.touch(mode=0o600)
    with folder.tokens.open("w", newline="") as file:
        writer = csv.writer(file)
        for user, groups in users:
            writer.writerow([secrets.token_hex(16), user, user, *([groups] if groups else [])])
