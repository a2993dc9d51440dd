"""The local node runs real pods, and they reach each other, the API server and Prometheus."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from typing import Any

import pytest

from localcluster.images import ImageContent, build_image, import_image
from localcluster.prometheus import URL_FROM_PODS, Prometheus, start_prometheus
from localcluster.testing import RunningCluster, wait_for

SERVER = b"""
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(1)
        body = f"visits_total 1\\n# uid {os.getuid()}\\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

print("serving", flush=True)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""

API_FROM_A_POD = """
import os, ssl, urllib.request
account = "/var/run/secrets/kubernetes.io/serviceaccount"
context = ssl.create_default_context(cafile=f"{account}/ca.crt")
headers = {"Authorization": "Bearer " + open(f"{account}/token").read()}
for host in (os.environ["KUBERNETES_SERVICE_HOST"], "kubernetes.default.svc"):
    request = urllib.request.Request(f"https://{host}/version", headers=headers)
    print(urllib.request.urlopen(request, context=context, timeout=5).status)
"""


@pytest.fixture(scope="module")
def image(node_cluster: RunningCluster) -> str:
    built = build_image("node-test", "1", ImageContent(entrypoint=["python3", "/app/server.py"], files={"/app/server.py": SERVER}))
    import_image(node_cluster.cluster, built)
    return built.reference


@pytest.fixture(scope="module")
def prometheus(node_cluster: RunningCluster) -> Prometheus:
    return start_prometheus(node_cluster.cluster)


def server(image: str) -> list[dict[str, Any]]:
    """A Deployment of two that the restricted pod security standard admits, and its Service."""
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": "Never",
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True},
    }
    template = {
        "metadata": {"labels": {"app": "web"}, "annotations": {"prometheus.io/scrape": "true"}},
        "spec": {
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
        },
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web"},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]


@pytest.fixture
def web(node_cluster: RunningCluster, node_namespace: str, image: str) -> str:
    """The namespace in which the server runs."""
    node_cluster.kubectl("label", "namespace", node_namespace, "pod-security.kubernetes.io/enforce=restricted")
    node_cluster.kubectl("apply", "-n", node_namespace, "-f", "-", manifest=server(image))
    node_cluster.kubectl("rollout", "status", "deployment/web", "-n", node_namespace, "--timeout=60s")
    return node_namespace


def in_a_pod(cluster: RunningCluster, namespace: str, code: str) -> str:
    return cluster.kubectl("exec", "-n", namespace, "deployment/web", "--", "python3", "-c", code)


def test_a_real_pod_runs_without_root_and_its_logs_can_be_read(node_cluster: RunningCluster, web: str) -> None:
    assert node_cluster.kubectl("logs", "-n", web, "deployment/web").startswith("serving")
    assert in_a_pod(node_cluster, web, "import os; print(os.getuid())").strip() == "65532"


def test_a_service_is_reached_by_name_address_and_environment(node_cluster: RunningCluster, web: str) -> None:
    address = node_cluster.get("service", "web", namespace=web)["spec"]["clusterIP"]
    for host in ("web", f"web.{web}.svc", f"web.{web}.svc.cluster.local", address):
        answer = in_a_pod(node_cluster, web, f"import urllib.request as r; print(r.urlopen('http://{host}/', timeout=5).read().decode())")
        assert "uid 65532" in answer, host


def test_a_pod_reaches_the_api_server_with_the_in_cluster_configuration(node_cluster: RunningCluster, web: str) -> None:
    assert in_a_pod(node_cluster, web, API_FROM_A_POD).split() == ["200", "200"]


def test_prometheus_scrapes_pods_under_their_names_and_pods_reach_it(
    node_cluster: RunningCluster, web: str, prometheus: Prometheus
) -> None:
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": f'visits_total{{namespace="{web}"}}'})

    def scraped() -> set[str]:
        with urllib.request.urlopen(prometheus.url + path, timeout=5) as answer:
            return {series["metric"]["pod"] for series in json.load(answer)["data"]["result"]}

    names = {pod["metadata"]["name"] for pod in node_cluster.pods(web)}
    wait_for("both pods are scraped", lambda: scraped() == names, seconds=20)
    answer = in_a_pod(node_cluster, web, f"import urllib.request as r; print(r.urlopen({URL_FROM_PODS + path!r}, timeout=5).status)")
    assert answer.strip() == "200"


def test_a_pod_that_exits_is_restarted_by_the_real_kubelet(node_cluster: RunningCluster, web: str) -> None:
    victim, other = node_cluster.pods(web)
    name, address = victim["metadata"]["name"], victim["status"]["podIP"]
    code = f"import http.client as h; h.HTTPConnection('{address}', 8080, timeout=5).request('GET', '/exit')"
    node_cluster.kubectl("exec", "-n", web, other["metadata"]["name"], "--", "python3", "-c", code)

    def restarted() -> bool:
        statuses = node_cluster.get("pod", name, namespace=web)["status"]["containerStatuses"]
        return bool(statuses[0]["restartCount"] >= 1)

    wait_for("a restart", restarted, seconds=60)
