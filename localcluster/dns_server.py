"""The cluster's DNS: addresses of services, and nothing else.

`python -m localcluster.dns_server CLUSTER_NAME`, inside the cluster's network.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from dataclasses import dataclass, field

from localcluster.api_server import ApiError, ApiServer
from localcluster.cluster import NODE_ADDRESS, Cluster, find_cluster
from localcluster.paths import CHECKOUT

_SUFFIX = ("svc", "cluster", "local")
_KNOWN_FOR_SECONDS = 2.0
_TIME_TO_LIVE = 5
_TYPE_A, _CLASS_IN = 1, 1
_ANSWERED, _NO_SUCH_NAME = 0x8580, 0x8583  # response, authoritative, recursion as asked; the latter with NXDOMAIN


def start_dns(cluster: Cluster) -> None:
    """Start the server on the node's address, where the kubelet sends every pod."""
    cluster.processes.start(
        "dns",
        [sys.executable, "-m", "localcluster.dns_server", cluster.record.name],
        environment={"PYTHONPATH": str(CHECKOUT)},
        network_namespace=cluster.network_namespace,
    )


@dataclass(slots=True)
class ServiceNames:
    """The services' addresses, read from the API server at most every two seconds."""

    api: ApiServer
    _addresses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def resolve(self, name: str) -> list[str] | None:
        """Return the addresses of SERVICE.NAMESPACE.svc.cluster.local, or None for a name that doesn't exist."""
        parts = tuple(name.lower().rstrip(".").split("."))
        if len(parts) != 5 or parts[2:] != _SUFFIX:
            return None
        if time.monotonic() - self._read_at > _KNOWN_FOR_SECONDS:
            self._read()
        return self._addresses.get((parts[0], parts[1]))

    def _read(self) -> None:
        services = self.api.get("/api/v1/services")["items"]
        self._addresses = {
            (service["metadata"]["name"], service["metadata"]["namespace"]): [
                address for address in service["spec"].get("clusterIPs", []) if address != "None" and ":" not in address
            ]
            for service in services
        }
        self._read_at = time.monotonic()


def answer(query: bytes, names: ServiceNames) -> bytes:
    """Return the response to a query of one question (RFC 1035, section 4)."""
    identifier = query[:2]
    name, end = _question_name(query)
    kind, _ = struct.unpack_from(">HH", query, end)
    question = query[12 : end + 4]
    addresses = names.resolve(name)
    if addresses is None:
        return identifier + struct.pack(">HHHHH", _NO_SUCH_NAME, 1, 0, 0, 0) + question
    records = addresses if kind == _TYPE_A else []
    body = b"".join(_record(address) for address in records)
    return identifier + struct.pack(">HHHHH", _ANSWERED, 1, len(records), 0, 0) + question + body


def _question_name(query: bytes) -> tuple[str, int]:
    labels, position = [], 12
    while (length := query[position]) != 0:
        labels.append(query[position + 1 : position + 1 + length].decode("ascii", "replace"))
        position += 1 + length
    return ".".join(labels), position + 1


def _record(address: str) -> bytes:
    pointer_to_the_question = 0xC00C
    data = bytes(int(part) for part in address.split("."))
    return struct.pack(">HHHIH", pointer_to_the_question, _TYPE_A, _CLASS_IN, _TIME_TO_LIVE, len(data)) + data


def serve(listener: socket.socket, names: ServiceNames) -> None:
    """Answer for ever, one question after the other; a question that can't be answered is left for the asker to repeat."""
    while True:
        query, asker = listener.recvfrom(512)
        try:
            listener.sendto(answer(query, names), asker)
        except (ApiError, OSError, IndexError, struct.error) as error:
            print(f"{asker}: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((NODE_ADDRESS, 53))
        serve(server, ServiceNames(api=find_cluster(sys.argv[1]).api()))
