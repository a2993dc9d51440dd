"""The commands for a running release, as processes, against a real API server; a thread plays the operator."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.testing import Identity, RunningCluster, wait_for
from saferollout.api.names import GROUP, PLURAL
from tests.cluster.pretend_operator import PretendOperator

DEFINITION = Path(__file__).parents[2] / "crds" / f"{GROUP}_{PLURAL}.yaml"
EXECUTABLE = Path(sys.executable).parent / "saferollout"
STARTED = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

RELEASE = {
    "id": "r1", "startTime": STARTED, "changedTime": STARTED,
    "targets": [{"workload": "billing", "fromHash": "b1", "toHash": "b2"}],
    "steps": [{"id": "Roll/billing", "kind": "Roll", "workload": "billing", "stage": "Expand", "state": "Pending"}],
}  # fmt: skip


def saferollout(name: str, namespace: str, *workloads: str) -> dict[str, Any]:
    return {
        "apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": name, "namespace": namespace},
        "spec": {"workloads": [{"name": workload} for workload in workloads]},
    }  # fmt: skip


def deployment(name: str, namespace: str, *, label: str = "", replicas: int = 2, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "shop/main:1"}]}}
    labels = {"saferollout.io/managed-by": label} if label else {}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }  # fmt: skip


class CommandLine:
    """Calls the installed executable in one namespace."""

    def __init__(self, cluster: RunningCluster, namespace: str) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.kubeconfig = cluster.kubeconfig

    def __call__(self, *arguments: str, kubeconfig: Path | None = None) -> tuple[int, str, str]:
        command = [str(EXECUTABLE), *arguments, "-n", self.namespace, "--kubeconfig", str(kubeconfig or self.kubeconfig)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment())
        return done.returncode, done.stdout, done.stderr

    def set_status(self, state: str, *, name: str = "opencore", **changes: Any) -> None:
        status = {"observedGeneration": 1, "summary": {"state": state, "message": f"it is {state}"}, "release": RELEASE, **changes}
        target = ("saferollout", name, "-n", self.namespace, "--subresource=status", "--type=merge", "-p")
        self.cluster.kubectl("patch", *target, json.dumps({"status": status}))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm", "COLUMNS": "80"}


@pytest.fixture(scope="module")
def installed(control_plane: RunningCluster) -> RunningCluster:
    control_plane.define(str(DEFINITION), resource=f"{PLURAL}.{GROUP}")
    return control_plane


@pytest.fixture
def say(installed: RunningCluster, namespace: str) -> CommandLine:
    """A namespace with one SafeRollout in the middle of a release."""
    installed.apply([saferollout("opencore", namespace, "billing", "users")])
    line = CommandLine(installed, namespace)
    line.set_status("Progressing")
    return line


@pytest.fixture
def ada(say: CommandLine) -> Identity:
    """Somebody who may speak to SafeRollouts, and nothing else."""
    rules = [{"apiGroups": [GROUP], "resources": [PLURAL], "verbs": ["get", "list", "patch"]}]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "speaker", "namespace": say.namespace},
        "rules": rules,
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "speaker", "namespace": say.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "speaker"},
        "subjects": [{"kind": "ServiceAccount", "name": "ada", "namespace": say.namespace}],
    }  # fmt: skip
    identity = say.cluster.service_account(say.namespace, "ada")
    say.cluster.apply([role, binding])
    return identity


def test_a_command_is_heard_with_its_author_reason_and_release(say: CommandLine, ada: Identity) -> None:
    with PretendOperator(say.cluster, namespace=say.namespace, name="opencore") as operator:
        code, said, _ = say("pause", "--reason", "the broker moves", kubeconfig=ada.kubeconfig)
    assert code == 0
    assert said.startswith("pause accepted: done\nnow: Releasing")
    assert f"watch: saferollout status opencore -n {say.namespace} --watch" in said
    heard = operator.heard[0]
    assert (heard["verb"], heard["by"], heard["reason"], heard["release"]) == ("pause", ada.user, "the broker moves", "r1")


def test_a_command_is_written_by_the_command_lines_own_field_manager(say: CommandLine) -> None:
    assert say("pause", "--timeout", "0")[0] == 5
    found = json.loads(say.cluster.kubectl("get", "saferollout", "opencore", "-n", say.namespace, "-o", "json", "--show-managed-fields"))
    assert "saferollout-cli" in {entry["manager"] for entry in found["metadata"]["managedFields"]}


def test_a_refusal_comes_back_with_the_operators_sentence(say: CommandLine) -> None:
    with PretendOperator(say.cluster, namespace=say.namespace, name="opencore", refusal="nothing has failed, so there is nothing to retry"):
        code, said, _ = say("retry")
    assert code == 4
    assert said.startswith("retry refused: nothing has failed, so there is nothing to retry")


def test_nobody_answers_and_the_next_command_does_not_write_over_the_first(say: CommandLine) -> None:
    code, _, fault = say("abort", "--timeout", "0.5")
    assert code == 5
    assert "nobody answered `abort` within 0.5 s; it stands there" in fault
    code, _, fault = say("abort", "--timeout", "0.5")
    assert code == 5
    assert "a `abort` by" in fault
    assert "kubectl annotate saferollout opencore" in fault


def test_the_one_thing_that_waits_is_approved_without_naming_it(say: CommandLine) -> None:
    say.set_status("AwaitingApproval", gates=[{"name": "p99", "verdict": "Inconclusive"}])
    with PretendOperator(say.cluster, namespace=say.namespace, name="opencore") as operator:
        assert say("approve")[0] == 0
        assert say("approve", "Prove/user-events/1")[0] == 0
    assert [heard["subject"] for heard in operator.heard] == ["gate/p99", "Prove/user-events/1"]


def test_an_approval_of_one_of_several_needs_its_name(say: CommandLine) -> None:
    say.set_status("AwaitingApproval", gates=[{"name": "p99", "verdict": "Inconclusive"}, {"name": "lag", "verdict": "Inconclusive"}])
    code, _, fault = say("approve")
    assert code == 2
    assert "name one: gate/p99, gate/lag" in fault


def test_an_approval_of_nothing_says_where_the_release_is(say: CommandLine) -> None:
    code, _, fault = say("approve")
    assert code == 2
    assert "waits for an approval; Releasing" in fault


@pytest.mark.parametrize("arguments", [("expedite",), ("expedite", "--reason", "  ")])
def test_expedite_needs_a_reason(say: CommandLine, arguments: tuple[str, ...]) -> None:
    assert say(*arguments)[0] == 2
    assert "command.saferollout.io" not in json.dumps(say.cluster.get("saferollout", "opencore", namespace=say.namespace))


def test_a_workload_is_restarted_by_the_name_of_its_deployment(say: CommandLine) -> None:
    say.cluster.apply([deployment("billing", say.namespace, label="opencore")])
    with PretendOperator(say.cluster, namespace=say.namespace, name="opencore") as operator:
        assert say("restart", "billing")[0] == 0
    assert (operator.heard[0]["verb"], operator.heard[0]["subject"]) == ("restart", "billing")


def test_several_saferollouts_are_listed(say: CommandLine) -> None:
    say.cluster.apply([saferollout("search", say.namespace, "finder")])
    code, _, fault = say("pause")
    assert code == 2
    assert "there are: opencore, search" in fault
    assert say("status", "search")[0] == 0


def test_a_person_without_rights_hears_what_the_api_server_says(say: CommandLine) -> None:
    nobody = say.cluster.service_account(say.namespace, "nobody")
    code, _, fault = say("status", kubeconfig=nobody.kubeconfig)
    assert code == 1
    assert "the API server said 403" in fault


def test_an_api_server_that_is_not_there_is_named(say: CommandLine, tmp_path: Path) -> None:
    kubeconfig = yaml.safe_load(say.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    elsewhere = tmp_path / "kubeconfig"
    elsewhere.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    code, _, fault = say("status", kubeconfig=elsewhere)
    assert code == 1
    assert "https://127.0.0.1:1 can't be reached" in fault


def test_a_kubeconfig_that_is_not_there_is_bad_usage(say: CommandLine, tmp_path: Path) -> None:
    code, _, fault = say("status", kubeconfig=tmp_path / "nowhere")
    assert code == 2
    assert "no cluster to talk to" in fault


def test_status_counts_the_pods_that_the_cluster_has(say: CommandLine) -> None:
    # Opted in once its pods are there: where the chart is installed on this control plane too, new templates are held.
    say.cluster.apply([deployment("billing", say.namespace)])
    wait_for("two available pods", lambda: available(say, "billing") == 2)
    say.cluster.kubectl("label", "deployment", "billing", "-n", say.namespace, "saferollout.io/managed-by=opencore")
    running = json.loads(say("explain", "billing", "-o", "json")[1])
    revision = next(fact["sentence"] for fact in running["facts"] if fact["about"] == "Pods").split("spec ")[1].split(",")[0]
    say.set_status("Progressing", release={**RELEASE, "targets": [{"workload": "billing", "fromHash": "b1", "toHash": revision}]})
    code, said, _ = say("status")
    assert code == 0
    row = next(line for line in said.splitlines() if line.strip().startswith("billing"))
    assert row.split() == ["billing", "Expand", "▢", "Pending", "2/2", "0"]


def available(say: CommandLine, name: str) -> int:
    return int(say.cluster.get("deployment", name, namespace=say.namespace).get("status", {}).get("availableReplicas", 0))


def test_status_does_without_pods_where_they_may_not_be_read(say: CommandLine, ada: Identity) -> None:
    code, said, _ = say("status", kubeconfig=ada.kubeconfig)
    assert code == 0
    assert "OLD" not in said
    assert "billing" in said


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_status_for_scripts_is_the_operators_own_status(say: CommandLine, output: str) -> None:
    code, said, _ = say("status", "-o", output)
    assert code == 0
    parsed = json.loads(said) if output == "json" else yaml.safe_load(said)
    assert parsed["name"] == "opencore"
    assert parsed["status"]["release"]["id"] == "r1"


@pytest.mark.parametrize(("state", "expected"), [("Completed", 0), ("RolledBack", 6), ("Failed", 7), ("Refused", 7)])
def test_a_watch_ends_with_the_release_and_says_how(say: CommandLine, state: str, expected: int) -> None:
    say.set_status(state)
    assert say("status", "--watch")[0] == expected


@pytest.mark.parametrize(("state", "expected"), [("Waiting", 8), ("Paused", 8), ("AwaitingApproval", 8), ("Progressing", 9)])
def test_a_watch_that_ends_in_time_tells_waiting_from_moving(say: CommandLine, state: str, expected: int) -> None:
    say.set_status(state)
    assert say("status", "--watch", "--timeout", "0")[0] == expected


def test_a_watch_for_scripts_writes_one_line_a_change(say: CommandLine) -> None:
    command = [str(EXECUTABLE), "status", "--watch", "-o", "json", "--timeout", "30", "-n", say.namespace, "--kubeconfig", str(say.kubeconfig)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        say.set_status("Completed")
        rest = process.stdout.read()
    assert process.returncode == 0
    assert [json.loads(line)["status"]["summary"]["state"] for line in (first + rest).splitlines()] == ["Progressing", "Completed"]


def test_a_watch_on_a_terminal_redraws_in_place_without_clearing_the_screen(say: CommandLine) -> None:
    ours, theirs = pty.openpty()
    command = [str(EXECUTABLE), "status", "--watch", "--timeout", "20", "-n", say.namespace, "--kubeconfig", str(say.kubeconfig)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=environment())
    os.close(theirs)
    drawn = _read_until(ours, "it is Progressing")
    say.set_status("Completed")
    drawn += _read_until(ours, "it is Completed")
    assert process.wait(timeout=20) == 0
    os.close(ours)
    assert "\x1b[1A" in drawn
    assert "\x1b[2J" not in drawn


def _read_until(terminal: int, words: str) -> str:
    """Read what a terminal shows until the words come; fail in time."""
    shown = ""
    deadline = time.monotonic() + 30
    while words not in shown:
        assert time.monotonic() < deadline, shown
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    return shown


def test_explain_names_the_saferollout_that_a_mistyped_label_meant(say: CommandLine) -> None:
    say.cluster.apply([deployment("billing", say.namespace, label="opencroe", paused=True)])
    code, said, _ = say("explain", "billing")
    assert code == 0
    assert "did you mean 'opencore'?" in " ".join(said.split())


def test_explain_takes_the_lease_for_the_operators_pulse(say: CommandLine) -> None:
    say.cluster.apply([deployment("billing", say.namespace, label="opencore", replicas=0)])
    lease = {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "saferollout", "namespace": say.namespace, "labels": {"app.kubernetes.io/name": "saferollout"}},
        "spec": {"holderIdentity": "saferollout-0", "renewTime": "2020-01-01T00:00:00.000000Z"},
    }  # fmt: skip
    # Operators of other tests on this control plane have ended, and left theirs.
    say.cluster.kubectl("delete", "leases", "--all-namespaces", "--selector=app.kubernetes.io/name=saferollout")
    say.cluster.apply([lease])
    assert "the operator is silent" in " ".join(say("explain", "billing")[1].split())
    say.cluster.kubectl("delete", "lease", "saferollout", "-n", say.namespace)
    assert "the operator is silent" not in " ".join(say("explain", "billing")[1].split())


def test_the_plug_in_of_kubectl_says_its_own_name(say: CommandLine) -> None:
    done = subprocess.run(
        [str(EXECUTABLE.with_name("kubectl-safe_rollout")), "--help"], capture_output=True, text=True, check=True, env=environment()
    )
    assert "Usage: kubectl safe-rollout" in done.stdout
