"""What `check` may have read of a cluster, for its screens to be drawn from."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from saferollout.api.crdgen import custom_resource_definition
from saferollout.api.gates import Gate
from saferollout.cli.checks.found import (
    Asked,
    AskedGate,
    Beat,
    Definition,
    Found,
    Holding,
    Installation,
    Installations,
    Probe,
    Releases,
    Rights,
    Server,
    Unread,
)  # fmt: skip
from saferollout.cli.checks.policies import EXPECTED, OF_STATEFULSETS, OPTIONAL, PLURALS
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.missing_series import Missing
from saferollout.engine.rights import Right, Scope
from saferollout.shell.config import OperatorConfig
from tests.unit.cli.pictures import GATES, NOW, condition, raw, status

ACCOUNT = "system:serviceaccount:saferollout:saferollout"
SERVER = Server(address="https://cluster.example:6443", version="v1.36.1", number=(1, 36), policies=True)
CONFIG = OperatorConfig.model_validate({"prometheus": {"url": "http://prometheus.monitoring:9090"}})
LEASE = Beat(name="saferollout", namespace="saferollout", holder="saferollout-0", renewed=NOW - timedelta(seconds=3))
OPERATOR = Installation(
    name="saferollout", namespace="saferollout", release="saferollout", account="saferollout", image="saferollout:0.1.0", version="0.1.0",
    wanted=2, ready=2, config=CONFIG, lease=LEASE,
)  # fmt: skip
YOURS = {"get": True, "list": True, "patch": True, "bypass": False}


def policies(
    *, without: tuple[str, ...] = (), namespaces: tuple[str, ...] = (), users: str = f"'{ACCOUNT}'", name: str = "saferollout", stateful: bool = False
) -> dict[str, Any]:
    """Return policies and bindings as the chart has them; `without` names objects by the end of their names."""
    objects: dict[str, Any] = {plural: {} for plural in PLURALS}
    for policy in (*EXPECTED, *OPTIONAL, *(OF_STATEFULSETS if stateful else ())):
        full = f"{name}{policy.suffix}"
        if policy.suffix in without:
            continue
        exempt = [{"name": "not-the-operator", "expression": f"!(request.userInfo.username in [{users}])"}]
        selected = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}]}
        bound: dict[str, Any] = {"policyName": full, **({"matchResources": {"namespaceSelector": selected}} if namespaces else {})}
        objects[policy.plural][full] = {"metadata": {"name": full, "labels": {"app.kubernetes.io/name": "saferollout"}}, "spec": {"matchConditions": exempt}}
        objects[policy.binding_plural][full] = {"metadata": {"name": full}, "spec": bound}
    return objects


def deployment(name: str, *, label: str | None = "opencore") -> dict[str, Any]:
    """Return a Deployment as far as `check` looks at it."""
    return {"metadata": {"name": name, "namespace": "opencore", "labels": {} if label is None else {"saferollout.io/managed-by": label}}}


NAMES = ("notification-service", "billing-service", "user-service", "gateway")
RESTING = raw(status("Idle", gates=GATES))
HEALTHY = Found(
    namespace="opencore",
    now=NOW,
    server=SERVER,
    definition=Definition(served=True, raw=custom_resource_definition()),
    installations=Installations(operators=(OPERATOR,), leases=(LEASE,), looked_in=""),
    holding=Holding(objects=policies(), probe=Probe(held=True), you="ada"),
    rights=Rights(yours=YOURS, account=ACCOUNT, asked=30, denied=()),
    releases=Releases(items=(RESTING,), all_names=("opencore",), deployments=tuple(map(deployment, NAMES))),
    asked=None,
)


def healthy() -> Found:
    """Return what is all there; gates as the operator measured them last."""
    return HEALTHY


def nothing_installed() -> Found:
    """Return a cluster on which nobody has installed anything, and which is too old to hold."""
    return replace(
        HEALTHY,
        server=replace(SERVER, version="v1.35.2", number=(1, 35), policies=False),
        definition=Definition(served=False, raw=None),
        installations=Installations(operators=(), leases=(), looked_in=""),
        holding=Holding(objects=dict.fromkeys(PLURALS), probe=Probe(held=False), you="ada"),
        rights=Rights(yours=YOURS, account="", asked=0, denied=Unread("its Deployment is not known, and so neither is its service account")),
        releases=Releases(items=None, all_names=(), deployments=()),
    )


def little_may_be_read() -> Found:
    """Return what somebody sees who may read SafeRollouts and nothing else."""
    no = Unread("you may not list deployments in all namespaces")
    return replace(
        HEALTHY,
        definition=Definition(served=True, raw=Unread("you may not get customresourcedefinitions")),
        installations=Installations(operators=no, leases=Unread("you may not list leases in all namespaces"), looked_in=""),
        holding=Holding(
            objects=Unread("you may not list mutatingadmissionpolicies"),
            probe=Unread("you may not create deployments in namespace opencore, not even as a dry run"), you="ada",
        ),
        rights=Rights(
            yours={**YOURS, "patch": False}, account="", asked=0, denied=Unread("its Deployment is not known, and so neither is its service account")
        ),
        releases=replace(HEALTHY.releases, deployments=Unread("you may not list deployments in namespace opencore")),
    )  # fmt: skip


def much_is_broken() -> Found:
    """Return an installation with something wrong in every group."""
    silent = replace(LEASE, renewed=NOW - timedelta(seconds=600))
    operator = replace(OPERATOR, ready=0, version="0.0.9", image="saferollout:0.0.9", lease=silent)
    older = custom_resource_definition()
    del older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["gating"]
    refused = condition("PlanAccepted", "False", reason="UnsafeGoal", seconds=60, message="The goal itself is unsafe: nobody reads user-events 3.")
    groups = [{"name": "user-events", "undeclaredGroups": ["audit", "fraud"]}]
    labelled = deployment(NAMES[0])
    labelled["metadata"]["annotations"] = {"saferollout.io/labelled-by": "operator"}
    denied = ((Right(Scope.WATCHED, "patch", "apps", "deployments"), ""), (Right(Scope.WATCHED, "patch", "saferollout.io", "saferollouts", "status"), "opencore"))
    return replace(
        HEALTHY,
        definition=Definition(served=True, raw=older),
        installations=Installations(operators=(operator,), leases=(silent,), looked_in=""),
        holding=Holding(objects=policies(without=("-pin", "-warn")), probe=Probe(held=False), you="ada"),
        rights=Rights(yours=YOURS, account=ACCOUNT, asked=30, denied=denied),
        releases=Releases(
            items=(raw(status("Refused", conditions=[refused], contracts=groups)),), all_names=("opencore",),
            deployments=(labelled, deployment(NAMES[1]), deployment("user-service", label=None), deployment("lost", label="opencor")),
        ),
    )  # fmt: skip


def gate(name: str, **fields: Any) -> Gate:
    """Return a gate."""
    return Gate.model_validate({"name": name, "max": "5", **fields})


def measured(outcome: Outcome, value: float | None = None, detail: str = "") -> Measurement:
    """Return a measurement of now."""
    return Measurement(at=NOW, outcome=outcome, value=value, detail=detail)


DEPTH = gate("dead-letters", signal="DeadLetterDepth", contract="user-events")
RATIO = gate("errors", signal="ServerErrorRatio", workload="gateway", max="0.02")
OWN = gate("own", promql="sum(things)")
NO_DATA = measured(Outcome.NO_DATA, detail="the query finds no data")


def gates_asked() -> Found:
    """Return every sort of answer that a Prometheus can give about a gate."""
    gates = (
        AskedGate("opencore", OWN, measured(Outcome.VALUE, 3.0)),
        AskedGate("opencore", OWN, measured(Outcome.VALUE, 7.0)),
        AskedGate("opencore", DEPTH, measured(Outcome.VALUE, 0.0), empty_topic="user.events.dlt"),
        AskedGate("opencore", RATIO, measured(Outcome.TOO_LITTLE_TRAFFIC, detail="fewer requests than the 20 that are needed")),
        AskedGate("opencore", OWN, measured(Outcome.STALE, detail="a sample behind the value is older than 100 s")),
        AskedGate("opencore", OWN, measured(Outcome.INVALID, detail="the query answers with several series where one number is needed: aggregate it")),
        AskedGate("opencore", OWN, measured(Outcome.PARTIAL, detail="Prometheus warned that its answer may be incomplete")),
        AskedGate("opencore", RATIO, unasked="the workload has no pods yet, or you may not read Deployments, ReplicaSets and pods"),
        AskedGate("opencore", OWN, refused="promql: this query does not parse, line 1, column 5 at its end: unclosed left parenthesis"),
        AskedGate("opencore", OWN, NO_DATA, missing=Missing("things")),
        AskedGate("opencore", RATIO, NO_DATA, missing=Missing("http_server_requests_seconds_count")),
        AskedGate(
            "opencore", RATIO, NO_DATA,
            missing=Missing(
                "http_server_requests_seconds_count", matcher='namespace="opencore"', label="namespace", has_label=False,
                elsewhere="kubernetes_namespace",
            ),
        ),
        AskedGate(
            "opencore", DEPTH, NO_DATA,
            missing=Missing("kafka_topic_partition_current_offset", matcher='topic="user.events"', label="topic", values=("orders", "user_events\x1b[2J")),
        ),
        AskedGate("opencore", OWN, NO_DATA, missing=Missing("things", matcher='a="1", b="2"', together=True)),
        AskedGate("opencore", OWN, NO_DATA),
    )  # fmt: skip
    return replace(HEALTHY, asked=Asked(url="http://127.0.0.1:9090", refusal="", gates=gates, default_labels=True))


def prometheus_down() -> Found:
    """Return a Prometheus that does not answer."""
    return replace(HEALTHY, asked=Asked(url="http://127.0.0.1:9090", refusal="Prometheus can't be reached", gates=(), default_labels=False))


def reactive() -> Found:
    """Return an installation without policies on a server that could have them, and no Prometheus."""
    operator = replace(OPERATOR, config=OperatorConfig.model_validate({"holdPolicy": ""}))
    return replace(
        HEALTHY,
        installations=Installations(operators=(operator,), leases=(LEASE,), looked_in="saferollout"),
        holding=Holding(objects={plural: {} for plural in PLURALS}, probe=Probe(held=False), you="ada"),
        releases=replace(HEALTHY.releases, items=(raw(status("Idle")),)),
    )
