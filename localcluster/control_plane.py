"""etcd, kube-apiserver and kube-controller-manager, as own processes with own folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from localcluster.binaries import binary
from localcluster.certificates import create_authority, create_signing_key, issue_certificate
from localcluster.cluster import KUBERNETES_SERVICE_ADDRESS, NODE_ADDRESS, POD_SUBNET, SERVICE_SUBNET, Cluster, write_tokens
from localcluster.kubeconfig import write_kubeconfig
from localcluster.packages import find_command
from localcluster.processes import ProcessFailed, ProcessTable
from localcluster.progress import timed

_READY_WITHIN_SECONDS = 90.0


def start_control_plane(cluster: Cluster) -> None:
    """Start the three processes and wait until the server answers; what runs already is kept."""
    _write_credentials(cluster)
    with timed("etcd and kube-apiserver"):
        _start_etcd(cluster)
        _start_api_server(cluster)
        wait_until(cluster.api().is_ready, processes=cluster.processes, names=("etcd", "kube-apiserver"))
    with timed("kube-controller-manager"):
        _start_controller_manager(cluster)
        # The default service account appears only once the controllers work, and no pod is admitted before.
        wait_until(
            lambda: _has_default_service_account(cluster), processes=cluster.processes, names=("kube-controller-manager",)
        )


def wait_until(
    done: Callable[[], bool], *, processes: ProcessTable, names: tuple[str, ...], seconds: float = _READY_WITHIN_SECONDS
) -> None:
    """Poll until done; raise ProcessFailed with the log's end when a process dies or time is up."""
    deadline = time.monotonic() + seconds
    while not done():
        for name in names:
            processes.expect_running(name)
        if time.monotonic() > deadline:
            tails = "\n".join(processes.log_tail(name) for name in names)
            raise ProcessFailed(f"not ready after {seconds:.0f} s: {', '.join(names)}\n{tails}")
        time.sleep(0.1)


def component_kubeconfig(cluster: Cluster, user: str) -> str:
    """Return the path of the kubeconfig of one of the cluster's own parts, writing it if need be."""
    path = cluster.folder.root / f"{user.replace(':', '-')}.kubeconfig"
    write_kubeconfig(path, server=cluster.api(user), user=user)
    return str(path)


def _write_credentials(cluster: Cluster) -> None:
    folder = cluster.folder
    write_tokens(folder)
    create_authority(folder.certificates)
    addresses = ["127.0.0.1", NODE_ADDRESS, KUBERNETES_SERVICE_ADDRESS]
    service_names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    names = ["DNS:localhost", *(f"DNS:{name}" for name in service_names), *(f"IP:{address}" for address in addresses)]
    issue_certificate(folder.certificates, "apiserver", subject="/CN=kube-apiserver", alternative_names=names)
    issue_certificate(
        folder.certificates, "kubelet-client", subject="/O=system:masters/CN=kube-apiserver-kubelet-client", alternative_names=[]
    )
    create_signing_key(folder.certificates, "service-accounts")
    write_kubeconfig(folder.kubeconfig, server=cluster.api(), user="admin")


def _start_etcd(cluster: Cluster) -> None:
    record = cluster.record
    client, peer = f"http://127.0.0.1:{record.etcd_port}", f"http://127.0.0.1:{record.etcd_peer_port}"
    cluster.folder.etcd_data.mkdir(parents=True, exist_ok=True, mode=0o700)
    cluster.processes.start(
        "etcd",
        [
            find_command("etcd") or "etcd",
            f"--data-dir={cluster.folder.etcd_data}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        # Debian builds etcd for some architectures that etcd itself wants to be asked for by name.
        environment={"ETCD_UNSUPPORTED_ARCH": os.environ.get("ETCD_UNSUPPORTED_ARCH", "")},
        network_namespace=cluster.network_namespace,
    )


def _start_api_server(cluster: Cluster) -> None:
    arguments = [*_serving_arguments(cluster), *_identity_arguments(cluster)]
    if not cluster.record.mutating_policies:
        resources = [f"admissionregistration.k8s.io/v1/mutatingadmissionpolic{ending}=false" for ending in ("ies", "ybindings")]
        arguments += [f"--runtime-config={','.join(resources)}", "--disable-admission-plugins=MutatingAdmissionPolicy"]
    cluster.processes.start(
        "kube-apiserver", [binary("kube-apiserver"), *arguments], network_namespace=cluster.network_namespace
    )


def _serving_arguments(cluster: Cluster) -> list[str]:
    record = cluster.record
    return [
        f"--etcd-servers=http://127.0.0.1:{record.etcd_port}",
        f"--secure-port={record.api_port}",
        f"--bind-address={'0.0.0.0' if record.real_node else '127.0.0.1'}",
        f"--advertise-address={NODE_ADDRESS}",
        # Without a node nobody can reach the advertised address, so it isn't published.
        f"--endpoint-reconciler-type={'lease' if record.real_node else 'none'}",
        f"--service-cluster-ip-range={SERVICE_SUBNET}",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        # Load tests share one server: the work must wait for the machine and not for fairness between the tests' users.
        "--max-requests-inflight=2000",
        "--max-mutating-requests-inflight=1000",
        "--profiling=false",
    ]


def _identity_arguments(cluster: Cluster) -> list[str]:
    certificates = cluster.folder.certificates
    return [
        "--authorization-mode=RBAC,Node",
        "--anonymous-auth=false",
        f"--token-auth-file={cluster.folder.tokens}",
        f"--client-ca-file={certificates / 'ca.crt'}",
        f"--tls-cert-file={certificates / 'apiserver.crt'}",
        f"--tls-private-key-file={certificates / 'apiserver.key'}",
        f"--kubelet-client-certificate={certificates / 'kubelet-client.crt'}",
        f"--kubelet-client-key={certificates / 'kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={certificates / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certificates / 'service-accounts.key'}",
    ]


def _start_controller_manager(cluster: Cluster) -> None:
    certificates = cluster.folder.certificates
    kubeconfig = component_kubeconfig(cluster, "system:kube-controller-manager")
    cluster.processes.start(
        "kube-controller-manager",
        [
            binary("kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={certificates / 'service-accounts.key'}",
            f"--root-ca-file={certificates / 'ca.crt'}",
            f"--cluster-cidr={POD_SUBNET}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=300",
            "--kube-api-burst=600",
            "--concurrent-deployment-syncs=10",
            "--concurrent-replicaset-syncs=10",
            "--profiling=false",
        ],
        network_namespace=cluster.network_namespace,
    )


def _has_default_service_account(cluster: Cluster) -> bool:
    accounts = cluster.api().get("/api/v1/namespaces/default/serviceaccounts")
    return any(account["metadata"]["name"] == "default" for account in accounts["items"])
