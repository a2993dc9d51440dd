"""What `check` reads and asks, against a cluster in memory."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from saferollout.cli import check
from saferollout.cli.checks.ask_gates import ask_gates
from saferollout.cli.checks.found import Beat, Probe, Releases, Unread
from saferollout.cli.checks.read_cluster import read_definition, read_installations, read_server
from saferollout.cli.checks.read_holding import read_holding
from saferollout.cli.checks.read_releases import read_releases
from saferollout.cli.checks.read_rights import read_rights
from saferollout.cli.connect import ApiRefused
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.main import app
from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome
from saferollout.core.missing_series import Missing
from saferollout.engine.rights import Scope
from tests.unit.cli.fake_cluster import FakeCluster
from tests.unit.cli.found import CONFIG, OPERATOR
from tests.unit.cli.pictures import NOW, raw, status

SYSTEM = "saferollout"
LEASE_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/saferollout"


def operator_deployment() -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "saferollout", "app.kubernetes.io/instance": "release", "app.kubernetes.io/version": "0.1.0"}
    pod = {
        "serviceAccountName": "account", "containers": [{"image": "saferollout:0.1.0"}],
        "volumes": [{"name": "config", "configMap": {"name": "saferollout"}}],
    }  # fmt: skip
    return {
        "kind": "Deployment", "metadata": {"name": "saferollout", "namespace": SYSTEM, "labels": labels},
        "spec": {"replicas": 2, "template": {"spec": pod}}, "status": {"readyReplicas": 1},
    }  # fmt: skip


def lease(age: float) -> dict[str, Any]:
    renewed = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    labels = {"app.kubernetes.io/name": "saferollout"}
    return {
        "kind": "Lease", "metadata": {"name": "saferollout", "namespace": SYSTEM, "labels": labels},
        "spec": {"renewTime": renewed, "holderIdentity": "pod-1"},
    }  # fmt: skip


def installed(*, age: float = 1, config: str = "{watchNamespaces: [opencore]}") -> FakeCluster:
    cluster = FakeCluster(operator_deployment(), lease(age))
    cluster.items[f"/api/v1/namespaces/{SYSTEM}/configmaps/saferollout"] = {"data": {"config.yaml": config}}
    return cluster


def never(seconds: float) -> None:
    pytest.fail(f"waited {seconds} s")


def test_an_operator_is_described_by_its_deployment_its_configuration_and_its_lease() -> None:
    found = read_installations(installed(), namespace=None, sleep=never)
    operator = found.of("opencore")
    assert operator is not None
    assert found.of("elsewhere") is None
    assert (operator.release, operator.account, operator.wanted, operator.ready) == ("release", "account", 2, 1)
    assert isinstance(operator.lease, Beat)
    assert operator.lease.holder == "pod-1"


def test_a_lease_that_looks_old_is_looked_at_twice() -> None:
    cluster, waited = installed(age=900), []

    def renew(seconds: float) -> None:
        waited.append(seconds)
        cluster.items[LEASE_PATH] = lease(890)

    [operator] = operators(read_installations(cluster, namespace=SYSTEM, sleep=renew))
    assert isinstance(operator.lease, Beat)
    assert (operator.lease.moving, len(waited)) == (True, 1)
    [silent] = operators(read_installations(installed(age=900), namespace=SYSTEM, sleep=lambda seconds: None))
    assert isinstance(silent.lease, Beat)
    assert not silent.lease.moving


def operators(found: Any) -> Any:
    assert not isinstance(found.operators, Unread)
    return found.operators


@pytest.mark.parametrize("config", ["{unknownKey: 1}", "]", "just words"])
def test_a_configuration_of_another_version_is_not_known(config: str) -> None:
    [operator] = operators(read_installations(installed(config=config), namespace=SYSTEM, sleep=never))
    assert isinstance(operator.config, Unread)


def test_what_may_not_be_read_is_said_with_the_right_that_is_missing() -> None:
    cluster = installed()
    cluster.forbidden = {"/apis/apps", "/apis/coordination.k8s.io", "/apis/apiextensions.k8s.io", "/apis/saferollout.io"}
    found = read_installations(cluster, namespace=None, sleep=never)
    assert found.operators == Unread("you may not list deployments in all namespaces")
    assert found.leases == Unread("you may not list leases in all namespaces")
    assert read_definition(cluster).raw == Unread("you may not get customresourcedefinitions")
    assert read_releases(cluster, None).items == Unread("you may not list saferollouts in namespace opencore")


@pytest.mark.parametrize(("minor", "number"), [("36", (1, 36)), ("30+", (1, 30)), ("", (1, 0))])
def test_the_servers_version_is_read_as_providers_write_it(minor: str, number: tuple[int, int]) -> None:
    cluster = FakeCluster()
    cluster.items["/version"] = {"major": "1", "minor": minor, "gitVersion": "v1"}
    assert read_server(cluster).number == number
    assert read_server(cluster).policies is False
    cluster.items["/apis/admissionregistration.k8s.io/v1"] = {"resources": [{"name": "mutatingadmissionpolicies"}]}
    assert read_server(cluster).policies is True


def test_a_name_that_is_not_there_is_bad_usage_with_the_nearest() -> None:
    with pytest.raises(CommandFailed, match="did you mean 'opencore'") as caught:
        read_releases(FakeCluster(raw(status("Idle"))), "opencor")
    assert caught.value.exit_code is ExitCode.BAD_USAGE


def authorizer(*, denied: tuple[str, ...] = (), forbidden: str = "") -> Any:
    """Allow everything but some verbs; refuse to be asked at paths that end so."""

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if forbidden and path.endswith(forbidden):
            raise ApiRefused(status=403, message="forbidden")
        return {"status": {"allowed": body["spec"]["resourceAttributes"]["verb"] not in denied}}

    return answer


def test_the_operators_rights_are_asked_for_where_it_watches() -> None:
    cluster = FakeCluster()
    cluster.on_ask = authorizer(denied=("patch",))
    rights = read_rights(cluster, OPERATOR)
    assert not isinstance(rights.denied, Unread)
    assert {right.verb for right, _ in rights.denied} == {"patch"}
    assert {place for right, place in rights.denied if right.scope is Scope.WATCHED} == {""}
    assert {place for right, place in rights.denied if right.scope is Scope.OWN} == {"saferollout"}
    assert rights.yours == {"get": True, "list": True, "patch": False, "bypass": True}
    spec = next(body["spec"] for path, body in cluster.asked if path.endswith("/subjectaccessreviews"))
    assert spec["user"] == "system:serviceaccount:saferollout:saferollout"
    assert "system:serviceaccounts:saferollout" in spec["groups"]


def test_who_may_ask_in_one_namespace_only_learns_of_that_one() -> None:
    cluster = FakeCluster()
    cluster.on_ask = authorizer(denied=("delete",), forbidden="/v1/subjectaccessreviews")
    rights = read_rights(cluster, OPERATOR)
    assert not isinstance(rights.denied, Unread)
    assert {(right.verb, place) for right, place in rights.denied} == {("delete", "opencore")}
    assert rights.unasked.startswith("its rights outside namespace opencore")


def test_who_may_not_ask_about_others_is_told_so() -> None:
    cluster = FakeCluster()
    cluster.on_ask = authorizer(forbidden="subjectaccessreviews")
    rights = read_rights(cluster, OPERATOR)
    assert rights.denied == Unread("you may not create subjectaccessreviews")
    assert isinstance(rights.yours, Unread)


def server_that_holds(*, after: int = 0) -> Any:
    """Answer dry runs held from some attempt on."""
    tried = []

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if "accessreviews" in path:
            return {"status": {"allowed": True}}
        tried.append(path)
        held = len(tried) > after
        labels = {**body["metadata"]["labels"], **({"saferollout.io/held": "true"} if held else {})}
        return {"metadata": {"labels": labels}, "spec": {**body["spec"], "paused": held}}

    return answer


def test_a_dry_run_is_repeated_while_fresh_policies_come_into_force() -> None:
    cluster = FakeCluster()
    for plural in ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "validatingadmissionpolicies", "validatingadmissionpolicybindings"):
        cluster.items[f"/apis/admissionregistration.k8s.io/v1/{plural}"] = {"items": [{"metadata": {"name": "saferollout-hold"}}]}
    waits: list[float] = []
    cluster.on_ask = server_that_holds(after=2)
    assert read_holding(cluster, sleep=waits.append).probe == Probe(held=True)
    assert len(waits) == 2
    cluster.on_ask = server_that_holds(after=100)
    assert read_holding(cluster, sleep=waits.append).probe == Probe(held=False)


def test_without_policies_one_dry_run_is_enough_and_a_refusal_proves_nothing() -> None:
    cluster = FakeCluster()
    cluster.on_ask = server_that_holds(after=100)
    holding = read_holding(cluster, sleep=never)
    assert holding.probe == Probe(held=False)
    assert not isinstance(holding.objects, Unread)
    assert set(holding.objects.values()) == {None}

    def quota(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if "accessreviews" in path:
            return {"status": {"allowed": True}}
        raise ApiRefused(status=403, message="exceeded quota")

    cluster.on_ask = quota
    assert read_holding(cluster, sleep=never).probe == Unread("the dry run was refused (403): exceeded quota")
    cluster.on_ask = authorizer(denied=("create",))
    assert isinstance(read_holding(cluster, sleep=never).probe, Unread)


class Prometheus:
    """Answers by what a query contains, with nothing where no word of it is known."""

    def __init__(self, **values: float) -> None:
        self.values = {"vector(1)": 1.0, **values}
        self.asked: list[str] = []

    def ask(self, promql: str, *, at: datetime, label: str = "") -> Answer:
        self.asked.append(promql)
        known = next((value for word, value in self.values.items() if word in promql), None)
        return Answer(Outcome.NO_DATA, detail="the query finds no data") if known is None else Answer(Outcome.VALUE, value=known)


def asked(prometheus: Prometheus, **spec: Any) -> Any:
    document = raw(status("Idle"), **spec)
    cluster = FakeCluster(document)
    releases = Releases(items=(document,), all_names=("opencore",), deployments=())
    return ask_gates(cluster, releases, url="http://p", client=prometheus, config=CONFIG.prometheus, now=NOW)


def test_gates_are_asked_with_the_operators_own_queries() -> None:
    prometheus = Prometheus(kafka_topic=0.0, things=4.0)
    gates = [{"name": "own", "promql": "sum(things)", "max": "5"}, {"name": "none", "promql": "sum(others)", "max": "5"}]
    own, none = asked(prometheus, gates=gates).gates
    assert (own.measurement.value, own.missing) == (4.0, None)
    assert none.missing == Missing("others")
    assert 'sum(things{namespace="opencore"})' in prometheus.asked


def test_gates_of_pods_that_are_not_there_are_not_asked_for() -> None:
    depth, ratio = asked(Prometheus(kafka_topic=0.0)).gates
    assert depth.measurement.value == 0.0
    assert (ratio.measurement, "no pods yet" in ratio.unasked) == (None, True)


def test_a_gate_whose_query_does_not_parse_is_refused_without_a_question() -> None:
    prometheus = Prometheus()
    [broken] = asked(prometheus, gates=[{"name": "broken", "promql": "sum(things", "max": "5"}]).gates
    assert "does not parse" in broken.refused
    assert prometheus.asked == ["vector(1)"]


def test_a_dead_letter_topic_without_series_is_told_because_it_may_be_misspelt() -> None:
    class NoDeadLetters(Prometheus):
        def ask(self, promql: str, *, at: datetime, label: str = "") -> Answer:
            if "unless" not in promql and "user.events.dlt" in promql and "|" not in promql:
                return Answer(Outcome.NO_DATA)
            return super().ask(promql, at=at, label=label)

    depth, _ = asked(NoDeadLetters(kafka_topic=1.0)).gates
    assert (depth.measurement.value, depth.empty_topic) == (0.0, "user.events.dlt")


def test_nothing_is_asked_of_a_prometheus_that_does_not_answer_or_where_gating_is_off() -> None:
    silent = Prometheus()
    silent.values = {}
    assert asked(silent).gates == ()
    assert silent.asked == ["vector(1)"]
    assert asked(Prometheus(), gating="Disabled").gates == ()


@pytest.mark.parametrize("arguments", [("--prometheus", "prometheus:9090"), ("--prometheus-token-file", "token")])
def test_options_that_make_no_sense_are_bad_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    arguments = tuple(str(tmp_path / "token") if argument == "token" else argument for argument in arguments)
    assert CliRunner().invoke(app, ["check", *arguments]).exit_code == ExitCode.BAD_USAGE


def test_a_server_that_can_not_be_reached_is_the_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere(FakeCluster):
        def read(self, path: str, *, selector: str = "") -> dict[str, Any]:
            raise CommandFailed("the API server https://nowhere can't be reached", exit_code=ExitCode.FAULT)

    monkeypatch.setattr(check, "connect", lambda connection: Nowhere())
    result = CliRunner().invoke(app, ["check", "--ascii"])
    assert result.exit_code == ExitCode.FAULT
    assert "x failed: the API server https://nowhere can't be reached; nothing else was" in result.output
    assert result.output.endswith("0 ok, 0 note, 0 warning, 1 failed, 0 not checked\n")
