"""`lint` as a person or a CI job calls it: file, line, exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saferollout.cli.main import app

SAFEROLLOUT = """\
apiVersion: saferollout.io/v1alpha1
kind: SafeRollout
metadata: {name: opencore, namespace: shop}
spec:
  workloads:
  - name: users
  - name: billing
    batches: ["20%"]
  contracts:
  - name: user-events
    topic: {name: user.events}
    readers: [billing]
    writers: [users]
  gates:
  - name: p99
    promql: 'sum(rate(x[1m]))'
    max: "1"
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
  labels: {{saferollout.io/managed-by: opencore}}
spec:
  replicas: 5
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}}}
      annotations:
        saferollout.io/contracts: |
          # what it reads and writes
          user-events: {declared}
    spec:
      containers: [{{name: main, image: "shop/{name}:1"}}]
"""
USERS = DEPLOYMENT.format(name="users", declared="{writes: [1]}")
BILLING = DEPLOYMENT.format(name="billing", declared="{reads: [1]}")


def lint(folder: Path, *options: str, **files: str) -> tuple[int, str]:
    """Write the files and lint their folder."""
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    result = CliRunner().invoke(app, ["lint", str(folder), *options])
    return result.exit_code, result.output


def test_clean_manifests_exit_with_zero(tmp_path: Path) -> None:
    code, said = lint(tmp_path, "--strict", a=SAFEROLLOUT, b=f"{USERS}---\n{BILLING}")
    assert (code, said) == (0, "3 objects: 0 errors, 0 warnings\n")


def test_an_error_names_file_line_code_and_object(tmp_path: Path) -> None:
    code, said = lint(tmp_path, a=SAFEROLLOUT.replace("rate(x[1m]))", "rate(x[1m])"), b=f"{USERS}---\n{BILLING}")
    assert code == 3
    assert said.startswith(f"{tmp_path}/a.yaml:16: error invalid-promql: SafeRollout opencore, spec.gates[0].promql: ")


@pytest.mark.parametrize("value", ["\n          user-events: {writes: [1]}", "[user-events]", "1"])
def test_a_declaration_that_is_no_text_is_an_error_with_the_way_out(tmp_path: Path, value: str) -> None:
    """Somebody forgot the `|`: the API server takes no annotation but text."""
    text = "|\n          # what it reads and writes\n          user-events: {writes: [1]}"
    assert text in USERS
    code, said = lint(tmp_path, a=USERS.replace(text, value), b=SAFEROLLOUT)
    assert code == 3
    assert said.startswith(f"{tmp_path}/a.yaml:14: error invalid-declaration: Deployment users, spec.template.metadata.annotations.")
    assert "saferollout.io/contracts: must be text, as every annotation: begin it with `|`" in said


def test_a_broken_declaration_is_found_inside_the_annotation_of_the_second_document(tmp_path: Path) -> None:
    broken = BILLING.replace("{reads: [1]}", "{reads: [1.5]}")
    code, said = lint(tmp_path, "-o", "json", a=SAFEROLLOUT, b=f"{USERS}---\n{broken}")
    assert code == 3
    found = json.loads(said)
    assert (found["errors"], found["warnings"]) == (1, 0)
    finding = found["findings"][0]
    line = f"{USERS}---\n{broken}".splitlines().index("          user-events: {reads: [1.5]}") + 1
    assert (finding["code"], finding["document"], finding["line"]) == ("invalid-declaration", 2, line)
    assert finding["field"] == "spec.template.metadata.annotations.saferollout.io/contracts"


@pytest.mark.parametrize(("options", "expected"), [((), 0), (("--strict",), 1)])
def test_warnings_fail_only_where_asked(tmp_path: Path, options: tuple[str, ...], expected: int) -> None:
    code, said = lint(tmp_path, *options, a=SAFEROLLOUT, b=USERS)
    assert code == expected
    assert "warning workload-not-in-files" in said


def test_what_is_no_yaml_is_bad_input(tmp_path: Path) -> None:
    code, said = lint(tmp_path, a="spec: [")
    assert code == 2
    assert "a.yaml, document 1, line" in said
    assert "is no YAML" in said


def test_a_file_that_is_not_there_is_bad_input() -> None:
    result = CliRunner().invoke(app, ["lint", "nowhere.yaml"])
    assert result.exit_code == 2
    assert "nowhere.yaml: there is no such file" in result.output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("replicas: 5", "replicas: 5\n  revisionHistoryLimit: 0"), "keeps no old ReplicaSet"),
        (("replicas: 5", "replicas: 5\n  paused: true"), "is paused by its owner (spec.paused)"),
        (("replicas: 5", "replicas: 5\n  strategy: {type: Recreate}"), "has strategy Recreate"),
        (
            ("replicas: 5", "replicas: 500\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}"),
            "lets fewer than 1 % of its 500 pods be extra or missing",
        ),
    ],
)
def test_what_would_make_a_release_impossible_is_an_error(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    code, said = lint(tmp_path, a=SAFEROLLOUT, b=f"{USERS}---\n{BILLING.replace(*change)}")
    assert code == 3
    assert sentence in said


def test_a_history_of_one_is_a_warning_with_the_way_out(tmp_path: Path) -> None:
    short = BILLING.replace("replicas: 5", "replicas: 5\n  revisionHistoryLimit: 1")
    code, said = lint(tmp_path, a=SAFEROLLOUT, b=f"{USERS}---\n{short}")
    assert code == 0
    assert "short-history" in said and "set it to 2 or more" in said
    enough = short.replace("revisionHistoryLimit: 1", "revisionHistoryLimit: 2")
    assert "short-history" not in lint(tmp_path, a=SAFEROLLOUT, b=f"{USERS}---\n{enough}")[1]


def test_a_workload_that_is_no_deployment_at_all_is_bad_input(tmp_path: Path) -> None:
    code, said = lint(tmp_path, a=SAFEROLLOUT, b=USERS.replace("replicas: 5", "replicas: five\n  strategy: everything"))
    assert code == 2
    assert "b.yaml, document 1, spec" in said


def test_objects_of_a_list_are_found_with_their_lines(tmp_path: Path) -> None:
    items = "".join("- " + "  ".join(text.splitlines(keepends=True)) for text in (USERS, BILLING.replace("opencore", "opencroe")))
    code, said = lint(tmp_path, "-o", "json", a=SAFEROLLOUT, b=f"apiVersion: v1\nkind: List\nitems:\n{items}")
    assert code == 3
    line = 3 + len(USERS.splitlines()) + BILLING.splitlines().index("  labels: {saferollout.io/managed-by: opencore}") + 1
    assert [(entry["code"], entry["line"]) for entry in json.loads(said)["findings"]] == [("saferollout-missing", line)]


def test_a_schema_error_is_told_with_the_line_of_its_field(tmp_path: Path) -> None:
    code, said = lint(tmp_path, "-o", "json", a=SAFEROLLOUT.replace('["20%"]', '["20"]'), b=f"{USERS}---\n{BILLING}")
    assert code == 3
    assert [(entry["code"], entry["line"]) for entry in json.loads(said)["findings"]] == [("invalid-field", 8)]


def test_a_cron_job_is_read_through_its_job_template(tmp_path: Path) -> None:
    template = {"metadata": {"annotations": {"saferollout.io/contracts": "user-events: {writes: [1]}"}}}
    job = {
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "replay", "namespace": "shop"},
        "spec": {"jobTemplate": {"spec": {"template": template}}},
    }  # fmt: skip
    code, said = lint(tmp_path, a=SAFEROLLOUT, b=f"{USERS}---\n{BILLING}", c=json.dumps(job))
    assert code == 0
    assert "warning job-writes-contract: CronJob replay" in said


def test_a_namespace_option_stands_for_manifests_that_name_none(tmp_path: Path) -> None:
    without = USERS.replace("  namespace: shop\n", "")
    assert lint(tmp_path, "-n", "shop", a=SAFEROLLOUT, b=f"{without}---\n{BILLING}")[0] == 0
    code, said = lint(tmp_path, "-n", "elsewhere", a=SAFEROLLOUT, b=f"{without}---\n{BILLING}")
    assert code == 3
    assert "namespace-mismatch" in said


def test_a_service_renamed_in_one_commit_is_warned_of(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    (live / "people.yaml").write_text(f"{USERS.replace('users', 'people')}---\n{BILLING}", encoding="utf-8")
    desired = tmp_path / "desired"
    desired.mkdir()
    code, said = lint(desired, "--live", str(live), a=SAFEROLLOUT, b=f"{USERS}---\n{BILLING}")
    assert code == 0
    assert "b.yaml:4: warning renamed-workload: Deployment users, metadata.name: is new while people is gone" in said


SMOKE_TEST = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: smoke-test
  namespace: shop
  annotations:
    argocd.argoproj.io/hook: PostSync
"""


def test_a_wave_and_a_hook_that_would_wait_for_a_release_are_warned_of_with_their_lines(tmp_path: Path) -> None:
    later = BILLING.replace("  labels:", '  annotations: {argocd.argoproj.io/sync-wave: "2"}\n  labels:', 1)
    code, said = lint(tmp_path, a=SAFEROLLOUT, b=USERS, c=later, d=SMOKE_TEST)
    assert code == 0
    assert "c.yaml:6: warning sync-waits: Deployment billing, metadata.annotations.argocd.argoproj.io/sync-wave: is in sync wave 2, after Deployment users (0)" in said
    assert "d.yaml:7: warning sync-waits: Job smoke-test, metadata.annotations.argocd.argoproj.io/hook: is a PostSync hook" in said
    assert "0 errors, 2 warnings" in said


@pytest.mark.parametrize("wave", ["0", "soon", "1.5", " 1", "9" * 5000])
def test_a_wave_that_is_no_number_counts_as_none(tmp_path: Path, wave: str) -> None:
    odd = BILLING.replace("  labels:", f'  annotations: {{argocd.argoproj.io/sync-wave: "{wave}"}}\n  labels:', 1)
    assert "sync-waits" not in lint(tmp_path, a=SAFEROLLOUT, b=USERS, c=odd)[1]


def test_a_mistyped_kind_of_ours_is_an_error_with_the_kind_that_was_meant(tmp_path: Path) -> None:
    code, said = lint(tmp_path, saferollout=SAFEROLLOUT.replace("kind: SafeRollout", "kind: SafeRolout"), users=USERS, billing=BILLING)
    assert code == 3
    assert "kind: must be 'SafeRollout' (found 'SafeRolout'); did you mean 'SafeRollout'?" in " ".join(said.split())


def test_a_saferollout_of_another_group_is_an_error(tmp_path: Path) -> None:
    code, said = lint(tmp_path, saferollout=SAFEROLLOUT.replace("saferollout.io/v1alpha1", "saferollouts.io/v1alpha1"))
    assert code == 3
    assert "must be 'saferollout.io/v1alpha1'" in " ".join(said.split())


def test_a_label_on_a_kind_that_is_never_held_is_an_error(tmp_path: Path) -> None:
    code, said = lint(tmp_path, saferollout=SAFEROLLOUT, users=USERS, billing=BILLING.replace("kind: Deployment", "kind: DaemonSet"))
    assert code == 3
    assert "unsupported-kind: DaemonSet billing" in " ".join(said.split())


def test_a_helm_template_is_told_apart_from_broken_yaml(tmp_path: Path) -> None:
    code, said = lint(tmp_path, users="kind: {{ .Values.kind }}\n")
    assert code == 2
    assert "helm template CHART | saferollout lint -" in said
