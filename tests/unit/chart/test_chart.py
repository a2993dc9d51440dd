"""What the chart installs, as helm renders it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from localcluster.helm import CHART, HelmFailed, run_helm
from localcluster.paths import CHECKOUT
from saferollout.api.names import RESTART_ANNOTATIONS
from saferollout.shell.config import OperatorConfig

GOLDEN = Path(__file__).parent / "golden"
NOT_IN_KUBERNETES = {"ServiceMonitor"}
EVERYTHING = (
    "policies.enabled=true", "serviceMonitor.enabled=true", "networkPolicy.enabled=true", "prometheus.tokenSecret.name=token",
    "prometheus.url=http://prometheus:9090", "uninstall.force=true",
)  # fmt: skip


@functools.cache
def render(*values: str, release: str = "saferollout", api_versions: tuple[str, ...] = ()) -> tuple[dict[str, Any], ...]:
    settings = [argument for value in values for argument in ("--set", value)]
    versions = [argument for version in api_versions for argument in ("--api-versions", version)]
    text = run_helm("template", release, str(CHART), "--namespace", "operators", *settings, *versions)
    return tuple(document for document in yaml.safe_load_all(text) if document)


def of_kind(objects: tuple[dict[str, Any], ...], *kinds: str) -> list[dict[str, Any]]:
    return [item for item in objects if item["kind"] in kinds]


def named(objects: tuple[dict[str, Any], ...], kind: str, name: str) -> dict[str, Any]:
    return next(item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name))


def pod_templates(objects: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [item["spec"]["template"]["spec"] for item in of_kind(objects, "Deployment", "Job")]


def rules(objects: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [rule for role in of_kind(objects, "Role", "ClusterRole") for rule in role["rules"]]


def test_every_object_is_valid_for_kubernetes() -> None:
    for item in render(*EVERYTHING, "statefulSets.enabled=true"):
        if item["kind"] not in NOT_IN_KUBERNETES:
            kubernetes_validate.validate(item, "1.36", strict=True)


def test_the_crd_is_the_generated_one_and_survives_an_uninstall() -> None:
    [definition] = of_kind(render(), "CustomResourceDefinition")
    generated = yaml.safe_load((CHECKOUT / "crds" / "saferollout.io_saferollouts.yaml").read_text())
    assert definition["spec"] == generated["spec"]
    assert definition["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_crd_can_be_left_to_others_or_be_removed_with_the_release() -> None:
    assert of_kind(render("crds.install=false"), "CustomResourceDefinition") == []
    [definition] = of_kind(render("crds.keep=false"), "CustomResourceDefinition")
    assert "helm.sh/resource-policy" not in definition["metadata"]["annotations"]


def test_policies_come_where_the_server_has_them_and_on_demand() -> None:
    kind = "MutatingAdmissionPolicy"
    assert of_kind(render(), kind) == []
    assert len(of_kind(render(api_versions=("admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",)), kind)) == 6
    assert len(of_kind(render("policies.enabled=true"), kind)) == 6
    assert of_kind(render("policies.enabled=false", api_versions=("admissionregistration.k8s.io/v1/MutatingAdmissionPolicy",)), kind) == []


def test_warnings_can_be_switched_off_alone() -> None:
    quiet = of_kind(render("policies.enabled=true", "policies.warnings=false"), "ValidatingAdmissionPolicy")
    assert [policy["metadata"]["name"] for policy in quiet] == ["saferollout-resume"]


def test_every_policy_has_its_binding() -> None:
    objects = render(*EVERYTHING)
    policies = {item["metadata"]["name"] for item in of_kind(objects, "MutatingAdmissionPolicy", "ValidatingAdmissionPolicy")}
    bindings = {item["spec"]["policyName"] for item in of_kind(objects, "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding")}
    assert policies == bindings


def test_names_and_the_operators_user_come_from_the_release() -> None:
    objects = render("policies.enabled=true", "operatorUsers={demo-operator}", release="team-a")
    hold = named(objects, "MutatingAdmissionPolicy", "team-a-saferollout-hold")
    condition = next(item for item in hold["spec"]["matchConditions"] if item["name"] == "not-the-operator")["expression"]
    assert "'system:serviceaccount:operators:team-a-saferollout'" in condition
    assert "'system:serviceaccount:operators:team-a-saferollout-give-back'" in condition
    assert "'demo-operator'" in condition
    assert configuration(objects)["lease"]["name"] == "team-a-saferollout"
    assert configuration(objects)["holdPolicy"] == "team-a-saferollout-hold"


def test_what_the_operator_takes_for_a_restart_is_no_other_template_for_the_policies() -> None:
    objects = render("policies.enabled=true", "restartAnnotations={example.com/restart}")
    known = ", ".join(f"'{key}'" for key in (*RESTART_ANNOTATIONS, "example.com/restart"))
    for part in ("pin", "waiting"):
        policy = named(objects, "MutatingAdmissionPolicy", f"saferollout-{part}")
        [text] = [variable["expression"] for variable in policy["spec"]["variables"] if variable["name"] == "text"]
        assert f"[{known}]" in text


def test_what_waits_is_written_down_for_the_operators_own_writes_and_never_stops_them() -> None:
    waiting = named(render("policies.enabled=true"), "MutatingAdmissionPolicy", "saferollout-waiting")
    condition = next(item for item in waiting["spec"]["matchConditions"] if item["name"] == "the-operator")["expression"]
    assert condition.startswith("request.userInfo.username in [") and "system:serviceaccount:operators:saferollout'" in condition
    assert waiting["spec"]["failurePolicy"] == "Ignore"


def configuration(objects: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    [config_map] = of_kind(objects, "ConfigMap")
    parsed: dict[str, Any] = yaml.safe_load(config_map["data"]["config.yaml"])
    return parsed


def test_the_configuration_file_says_what_the_values_say() -> None:
    objects = render(
        "prometheus.url=http://prometheus:9090", "prometheus.tenant=shop", "prometheus.tokenSecret.name=token", "logLevel=debug",
        "prometheus.labels.pod=kubernetes_pod_name", "prometheus.labels.kafkaNamespace=tenant", "prometheus.scrapeIntervalSeconds=15",
        "prometheus.series[0].signal=HttpServer", "prometheus.series[0].exporter=own", "prometheus.series[0].metric=app_requests_total",
        "prometheus.series[0].keys.status=code",
        "restartAnnotations={example.com/restart}", "watchNamespaces={shop}",
        "policies.enabled=true",
    )  # fmt: skip
    assert configuration(objects) == {
        "prometheus": {
            "url": "http://prometheus:9090", "tokenFile": "/etc/saferollout/prometheus/token", "tenant": "shop", "timeoutSeconds": 10,
            "scrapeIntervalSeconds": 15,
            "labels": {"namespace": "namespace", "pod": "kubernetes_pod_name", "kafkaNamespace": "tenant"},
            "series": [{"signal": "HttpServer", "exporter": "own", "metric": "app_requests_total", "keys": {"status": "code"}}],
        },
        "restartAnnotations": ["example.com/restart"], "watchNamespaces": ["shop"], "statefulSets": False, "lease": {"name": "saferollout"},
        "holdPolicy": "saferollout-hold", "healthPort": 8080, "metricsPort": 9090, "logLevel": "debug",
    }  # fmt: skip


def test_the_operator_can_read_its_configuration(tmp_path: Path) -> None:
    [config_map] = of_kind(render("prometheus.url=http://prometheus:9090", "watchNamespaces={shop}"), "ConfigMap")
    file = tmp_path / "config.yaml"
    file.write_text(config_map["data"]["config.yaml"])
    config = OperatorConfig.load(file)
    assert (config.prometheus.url, config.watch_namespaces) == ("http://prometheus:9090", ("shop",))


def test_a_changed_configuration_restarts_the_operator() -> None:
    def checksum(*values: str) -> str:
        text: str = of_kind(render(*values), "Deployment")[0]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        return text

    assert checksum() != checksum("logLevel=debug")
    assert checksum() == checksum("replicas=1")


def test_no_role_has_a_wildcard_a_secret_or_exec() -> None:
    for rule in rules(render(*EVERYTHING)):
        words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
        assert "*" not in words
        assert not words & {"secrets", "pods/exec", "pods/attach", "pods/portforward", "impersonate", "escalate", "bind"}


def test_only_the_role_made_for_it_has_the_verb_bypass() -> None:
    roles = of_kind(render(*EVERYTHING), "Role", "ClusterRole")
    with_bypass = [role["metadata"]["name"] for role in roles if any("bypass" in rule["verbs"] for rule in role["rules"])]
    assert with_bypass == ["saferollout-bypass"]


def test_the_default_roles_are_the_reviewed_ones() -> None:
    roles = [
        {"kind": role["kind"], "name": role["metadata"]["name"], "rules": role["rules"]} for role in of_kind(render(), "Role", "ClusterRole")
    ]
    assert roles == yaml.safe_load((GOLDEN / "roles.yaml").read_text())


def test_named_namespaces_get_roles_instead_of_a_cluster_role_and_only_there_is_held() -> None:
    objects = render("watchNamespaces={shop,billing}", "policies.enabled=true")
    places = {(role["metadata"]["namespace"]) for role in of_kind(objects, "Role") if role["metadata"]["name"] == "saferollout"}
    assert places == {"shop", "billing"}
    workload_rules = [rule for role in of_kind(objects, "ClusterRole") for rule in role["rules"] if "deployments" in rule["resources"]]
    assert workload_rules == []
    for binding in of_kind(objects, "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"):
        [selected] = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
        assert selected == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["shop", "billing"]}


def test_the_right_to_delete_pods_comes_with_statefulsets_only() -> None:
    def may(objects: tuple[dict[str, Any], ...], verb: str, resource: str) -> bool:
        return any(verb in rule["verbs"] and resource in rule["resources"] for rule in rules(objects))

    without, with_them = render("policies.enabled=true"), render("policies.enabled=true", "statefulSets.enabled=true")
    assert not may(without, "delete", "pods") and not may(without, "get", "statefulsets")
    assert may(with_them, "delete", "pods") and may(with_them, "patch", "statefulsets") and may(with_them, "watch", "controllerrevisions")
    assert not may(with_them, "delete", "statefulsets") and not may(with_them, "delete", "controllerrevisions")


def test_the_policies_of_statefulsets_come_with_them_only() -> None:
    def watched(objects: tuple[dict[str, Any], ...]) -> set[str]:
        found = of_kind(objects, "MutatingAdmissionPolicy", "ValidatingAdmissionPolicy")
        return {policy["metadata"]["name"] for policy in found if "statefulsets" in policy["spec"]["matchConstraints"]["resourceRules"][0]["resources"]}

    assert watched(render("policies.enabled=true")) == set()
    assert watched(render("policies.enabled=true", "statefulSets.enabled=true")) == {
        f"saferollout-{part}" for part in ("statefulsets", "statefulsets-bypass", "statefulsets-empty", "marks", "waiting", "warn")
    }


def test_other_peoples_statefulsets_and_pods_are_in_nobodys_way() -> None:
    objects = render("policies.enabled=true", "statefulSets.enabled=true")
    scale = named(objects, "ValidatingAdmissionPolicy", "saferollout-statefulsets-scale")
    assert scale["spec"]["failurePolicy"] == "Ignore"
    held = {"matchLabels": {"saferollout.io/held": "true"}}
    binding = named(objects, "ValidatingAdmissionPolicyBinding", "saferollout-statefulsets-scale")
    assert binding["spec"]["paramRef"] == {"selector": held, "parameterNotFoundAction": "Allow"}
    pods = named(objects, "ValidatingAdmissionPolicy", "saferollout-statefulsets-pods")
    assert pods["spec"]["matchConditions"] == [
        {"name": "the-operator", "expression": "request.userInfo.username == 'system:serviceaccount:operators:saferollout'"}
    ]


def test_what_pods_the_operator_may_delete_is_said_where_the_policies_of_the_hold_are_not_served() -> None:
    def pods(*values: str) -> bool:
        found = of_kind(render("statefulSets.enabled=true", *values), "ValidatingAdmissionPolicy")
        return "saferollout-statefulsets-pods" in {policy["metadata"]["name"] for policy in found}

    assert pods() and pods("policies.enabled=true") and not pods("policies.enabled=false")


def test_pods_are_restricted() -> None:
    for pod in pod_templates(render(*EVERYTHING)):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["requests"]
        assert not any("hostPath" in volume for volume in pod["volumes"])


def test_two_replicas_are_never_evicted_together() -> None:
    [deployment] = of_kind(render(), "Deployment")
    assert deployment["spec"]["replicas"] == 2
    assert of_kind(render(), "PodDisruptionBudget")[0]["spec"]["minAvailable"] == 1
    assert of_kind(render("replicas=1"), "PodDisruptionBudget") == [], "it would block every drain"


def test_giving_back_runs_before_anything_is_removed_and_its_rights_come_first() -> None:
    hooks = [item for item in render() if "helm.sh/hook" in (item["metadata"].get("annotations") or {})]
    assert {item["metadata"]["annotations"]["helm.sh/hook"] for item in hooks} == {"pre-delete"}
    [job] = of_kind(tuple(hooks), "Job")
    rights = [item for item in hooks if item["kind"] != "Job"]
    weight = int(job["metadata"]["annotations"]["helm.sh/hook-weight"])
    assert all(int(item["metadata"]["annotations"]["helm.sh/hook-weight"]) < weight for item in rights)
    assert job["spec"]["backoffLimit"] == 0


def test_giving_back_refuses_in_the_middle_of_a_roll_unless_told() -> None:
    def arguments(*values: str) -> list[str]:
        words: list[str] = of_kind(render(*values), "Job")[0]["spec"]["template"]["spec"]["containers"][0]["args"]
        return words

    assert "--force" not in arguments()
    assert "--force" in arguments("uninstall.force=true")
    assert of_kind(render("uninstall.giveBack=false"), "Job") == []


def test_an_image_is_named_by_digest_tag_or_the_charts_version() -> None:
    def image(*values: str) -> str:
        name: str = of_kind(render(*values), "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]["image"]
        return name

    digest = "sha256:" + "a" * 64
    assert image() == "saferollout:0.1.0"
    assert image("image.repository=local/operator", "image.tag=dev") == "local/operator:dev"
    assert image(f"image.digest={digest}", "image.tag=dev") == f"saferollout@{digest}"


@pytest.mark.parametrize(
    "value",
    ["replicaCount=3", "prometheus.adress=x", "logLevel=loud", "policies.enabled=sometimes", "prometheus.url=prometheus:9090",
     "prometheus.series[0].signal=Weather", "prometheus.series[0].metrics=x", "operatorUsers={it's}", "restartAnnotations={it's}", "watchNamespaces={Shop}", "uninstall.timeoutSeconds=0"],
)  # fmt: skip
def test_values_that_mean_nothing_are_refused(value: str) -> None:
    with pytest.raises(HelmFailed):
        run_helm("template", "saferollout", str(CHART), "--set", value)


def test_the_chart_passes_helms_own_lint() -> None:
    assert "0 chart(s) failed" in run_helm("lint", "--strict", str(CHART))


def test_no_policy_writes_a_reserved_field_of_the_user() -> None:
    for policy in of_kind(render("policies.enabled=true"), "MutatingAdmissionPolicy"):
        [rule] = policy["spec"]["matchConstraints"]["resourceRules"]
        assert rule["resources"] == ["deployments"], "the scale and status subresources must pass"
        assert policy["spec"]["failurePolicy"] == ("Ignore" if policy["metadata"]["name"].endswith("-waiting") else "Fail")
        for mutation in policy["spec"]["mutations"]:
            assert "/spec/replicas" not in mutation["jsonPatch"]["expression"]
