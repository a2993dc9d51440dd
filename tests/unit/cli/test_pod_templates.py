"""What is a change of a pod template offline, and what only looks like one."""

from pathlib import Path
from typing import Any

import pytest

from tests.manifests import deployment, write_manifests
from tests.unit.cli.offline import LIVE, SPEC, planned, rolls, run


def test_a_restart_is_no_release(tmp_path: Path) -> None:
    restarted = deployment("reader", "events: {reads: [1]}", image="1")
    restarted["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-01-01T00:00:00Z"
    restarted["spec"]["template"]["metadata"]["annotations"]["reloader.stakater.com/last-reloaded-from"] = "{}"
    assert rolls(planned(tmp_path, LIVE, (SPEC, restarted, LIVE[1]), "-o", "json")) == []


def test_a_restart_time_without_quotes_is_text_as_in_kubernetes(tmp_path: Path) -> None:
    live = write_manifests(tmp_path / "live.yaml", *LIVE)
    desired = tmp_path / "desired.yaml"
    write_manifests(desired, SPEC, *LIVE)
    desired.write_text(
        desired.read_text().replace("annotations:\n", "annotations:\n        kubectl.kubernetes.io/restartedAt: 2026-01-01T00:00:00Z\n")
    )
    assert rolls(run("--live", live, "--desired", str(desired), "-o", "json")) == []


def test_what_the_api_server_fills_in_is_no_change(tmp_path: Path) -> None:
    live = deployment("reader", "events: {reads: [1]}", image="1")
    pod = live["spec"]["template"]["spec"]
    pod |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "securityContext": {}}
    pod |= {"terminationGracePeriodSeconds": 30, "serviceAccount": "app", "serviceAccountName": "app"}
    pod["volumes"] = [{"name": "config", "configMap": {"name": "config", "defaultMode": 420}}]
    pod["containers"][0] |= {
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10},
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}, {"name": "EMPTY"}],
    }
    live["spec"]["template"]["metadata"]["creationTimestamp"] = None
    git = deployment("reader", "events: {reads: [1]}", image="1")
    git["spec"]["template"]["spec"]["serviceAccountName"] = "app"
    git["spec"]["template"]["spec"]["volumes"] = [{"name": "config", "configMap": {"name": "config"}}]
    git["spec"]["template"]["spec"]["containers"][0] |= {
        "ports": [{"containerPort": 80}],
        "readinessProbe": {"httpGet": {"path": "/", "port": 80}},
        "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "EMPTY", "value": ""}],
    }
    assert rolls(planned(tmp_path, (live, LIVE[1]), (SPEC, git, LIVE[1]), "-o", "json")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"terminationGracePeriodSeconds": 60},
        {"volumes": [{"name": "config", "configMap": {"name": "config-2"}}]},
        {"containers": [{"name": "reader", "image": "reader:1", "env": [{"name": "A", "value": "b"}]}]},
        {"containers": [{"name": "reader", "image": "reader:1", "imagePullPolicy": "Always"}]},
    ],
)
def test_everything_else_in_a_template_is_a_release(tmp_path: Path, change: dict[str, Any]) -> None:
    changed = deployment("reader", "events: {reads: [1]}", image="1")
    changed["spec"]["template"]["spec"] |= change
    assert rolls(planned(tmp_path, LIVE, (SPEC, changed, LIVE[1]), "-o", "json")) == ["reader"]


def test_a_change_outside_the_template_is_none(tmp_path: Path) -> None:
    scaled = deployment("reader", "events: {reads: [1]}", image="1", replicas=0)
    assert rolls(planned(tmp_path, LIVE, (SPEC, scaled, LIVE[1]), "-o", "json")) == []
