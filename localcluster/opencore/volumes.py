"""Volumes for Kafka and Postgres: folders of this machine, so that both outlive their pods."""

from __future__ import annotations

import os

from localcluster.cluster import Cluster
from localcluster.images import NON_ROOT_USER

_CLAIMS = ("data-kafka-0", "data-postgres-0")
_NAMESPACE = "opencore"


def give_volumes(cluster: Cluster) -> None:
    """Make a volume for each claim of examples/opencore/platform; one that is there is kept, with its data."""
    user, group = map(int, NON_ROOT_USER.split(":"))
    for claim in _CLAIMS:
        folder = cluster.folder.node / "volumes" / claim
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, user, group)
        cluster.api().create_once("/api/v1/persistentvolumes", _volume(claim, str(folder)))


def _volume(claim: str, folder: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"opencore-{claim}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "storageClassName": "opencore",
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": _NAMESPACE, "name": claim},
            "hostPath": {"path": folder},
        },
    }
