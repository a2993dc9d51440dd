"""Every row of the situations that says `lint` says so, and what else manifests get wrong."""

from dataclasses import replace
from typing import Any

import pytest

from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout
from saferollout.core.lint import lint
from saferollout.core.lint_findings import Code, Finding, Place, SafeRolloutManifest, Severity, WorkloadManifest

TOPIC = {"name": "user-events", "topic": {"name": "user.events"}, "readers": ["billing"], "writers": ["users"]}


def saferollout(
    name: str = "opencore",
    *,
    namespace: str = "shop",
    workloads: tuple[Any, ...] = ("users", "billing"),
    contracts: Any = (TOPIC,),
    **spec: Any,
) -> SafeRolloutManifest:
    entries = [{"name": entry} if isinstance(entry, str) else entry for entry in workloads]
    document = {"metadata": {"name": name}, "spec": {"workloads": entries, "contracts": list(contracts), **spec}}
    place = Place("saferollout.yaml", 1)
    try:
        parsed = SafeRollout.parse_strict({"apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", **document}).spec
    except InvalidSafeRollout as invalid:
        return SafeRolloutManifest(place, name, namespace, None, invalid.problems, tuple(("Deployment", entry["name"]) for entry in entries))
    named = tuple(entry.reference.name for entry in parsed.workloads)
    return SafeRolloutManifest(place, name, namespace, parsed, named=tuple(("Deployment", one) for one in named))


def deployment(name: str, declaration: str | None = None, **changes: Any) -> WorkloadManifest:
    fields = {"kind": "Deployment", "namespace": "shop", "managed_by": "opencore", **changes}
    return WorkloadManifest(place=Place("workloads.yaml", 1), name=name, declaration=declaration, **fields)


USERS = deployment("users", "user-events: {writes: [1]}")
BILLING = deployment("billing", "user-events: {reads: [1]}")


def only(found: tuple[Finding, ...]) -> Finding:
    assert [finding.code for finding in found] == [found[0].code]
    return found[0]


def test_files_in_order_have_no_findings() -> None:
    assert lint([saferollout()], [USERS, BILLING]) == ()


def test_a_field_that_the_schema_refuses_is_named() -> None:
    found = lint([saferollout(bakeSeconds="soon")], [USERS, BILLING])
    assert [(finding.code, finding.field) for finding in found] == [(Code.INVALID_FIELD, "spec.bakeSeconds")]


def test_a_role_that_nobody_has_is_named_with_the_nearest_name() -> None:
    contract = {**TOPIC, "readers": ["biling"]}
    finding = only(lint([saferollout(contracts=[contract])], [USERS, BILLING]))
    assert finding.code is Code.DANGLING_REFERENCE
    assert finding.field == "spec.contracts[0].readers[0]"
    assert "did you mean 'billing'" in finding.message


def test_a_version_that_the_operator_itself_gives_is_refused_with_its_line() -> None:
    finding = only(lint([saferollout()], [deployment("users", "# one\nuser-events: {writes: [generation-1]}"), BILLING]))
    assert (finding.code, finding.line_within) == (Code.INVALID_DECLARATION, 2)
    assert "generation-1 is a name that the operator itself gives" in finding.message


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"gates": [{"name": "p99", "promql": "sum(rate(", "max": "1"}]}, "spec.gates[0].promql"),
        ({"contracts": [{**TOPIC, "drained": {"promql": "sum(("}}]}, "spec.contracts[0].drained.promql"),
    ],
)
def test_a_query_that_does_not_parse_is_told_with_its_field(spec: dict[str, Any], field: str) -> None:
    finding = only(lint([saferollout(**spec)], [USERS, BILLING]))
    assert (finding.code, finding.field, finding.severity) == (Code.INVALID_PROMQL, field, Severity.ERROR)


def test_a_declaration_that_is_no_yaml_is_told_with_its_line() -> None:
    finding = only(lint([saferollout()], [USERS, deployment("billing", "# mine\nuser-events: {reads: [1}")]))
    assert (finding.code, finding.line_within) == (Code.INVALID_DECLARATION, 2)


def test_a_contract_the_saferollout_does_not_know_is_told_with_line_and_nearest_name() -> None:
    finding = only(lint([saferollout()], [USERS, deployment("billing", "user-events: {reads: [1]}\nuser-evens: {reads: [1]}")]))
    assert (finding.code, finding.line_within) == (Code.UNKNOWN_CONTRACT, 2)
    assert "did you mean 'user-events'" in finding.message


def test_an_api_declared_without_its_channel_is_told_the_two_channels() -> None:
    api = {"name": "users-api", "api": {"server": "users", "clients": ["billing"]}}
    finding = only(lint([saferollout(contracts=[api])], [deployment("users", "users-api: {reads: [1]}"), deployment("billing")]))
    assert "users-api/request and users-api/response" in finding.message


def test_a_workload_without_the_label_starts_unheld() -> None:
    finding = only(lint([saferollout()], [USERS, deployment("billing", "user-events: {reads: [1]}", managed_by="")]))
    assert (finding.code, finding.severity) == (Code.UNLABELLED_WORKLOAD, Severity.WARNING)
    assert finding.message.endswith("add saferollout.io/managed-by: opencore")


def test_a_mistyped_label_beside_the_right_saferollout_is_an_error() -> None:
    finding = only(lint([saferollout()], [USERS, deployment("billing", "user-events: {reads: [1]}", managed_by="opencroe")]))
    assert (finding.code, finding.severity) == (Code.SAFEROLLOUT_MISSING, Severity.ERROR)
    assert "did you mean 'opencore'" in finding.message


def test_a_label_alone_in_its_files_is_only_a_warning() -> None:
    finding = only(lint([], [BILLING]))
    assert (finding.code, finding.severity) == (Code.SAFEROLLOUT_MISSING, Severity.WARNING)


def test_a_labelled_workload_that_is_not_listed_is_held_for_ever() -> None:
    found = lint([saferollout()], [USERS, BILLING, deployment("gateway")])
    assert only(found).code is Code.NOT_LISTED


def test_a_label_that_leads_to_another_namespace_is_an_error() -> None:
    found = lint([saferollout(workloads=("users",), contracts=())], [deployment("users", namespace="other")])
    assert {finding.code for finding in found} == {Code.NAMESPACE_MISMATCH}


def test_a_manifest_without_a_namespace_goes_wherever_it_is_applied() -> None:
    without = [deployment(workload.name, workload.declaration, namespace="") for workload in (USERS, BILLING)]
    assert lint([saferollout()], without) == ()


def test_a_workload_that_is_in_no_file_is_named_with_the_nearest_unlisted_one() -> None:
    lonely = deployment("bilings", "user-events: {reads: [1]}", managed_by="")
    found = lint([saferollout()], [USERS, lonely])
    assert [finding.code for finding in found] == [Code.WORKLOAD_NOT_IN_FILES, Code.UNMANAGED_DECLARATION]
    assert "did you mean 'bilings'" in found[0].message


def test_a_saferollout_linted_alone_does_not_ask_for_its_workloads() -> None:
    assert lint([saferollout()], []) == ()


def test_two_saferollouts_must_not_name_one_workload() -> None:
    found = lint([saferollout(), saferollout("second", workloads=("billing",), contracts=())], [USERS, BILLING])
    assert (only(found).code, only(found).about) == (Code.OWNED_TWICE, "SafeRollout second")


def test_a_kind_that_is_not_supported_yet_is_named() -> None:
    entry = {"name": "users", "workloadRef": {"kind": "DaemonSet", "name": "users"}}
    codes = {finding.code for finding in lint([saferollout(workloads=(entry,), contracts=())], [])}
    assert codes <= {Code.UNSUPPORTED_KIND, Code.INVALID_FIELD}
    assert codes


def test_a_statefulset_is_released_and_lint_says_that_a_new_one_starts_at_once() -> None:
    entry = {"name": "users", "workloadRef": {"kind": "StatefulSet", "name": "users"}}
    named = (("StatefulSet", "users"),)
    manifest = replace(saferollout(workloads=(entry,), contracts=({"name": "user-events", "topic": {"name": "e", "retentionSeconds": 60}},)), named=named)
    users = replace(deployment("users", "user-events: {writes: [1]}"), kind="StatefulSet")
    codes = {finding.code for finding in lint([manifest], [users])}
    assert Code.STARTS_AT_ONCE in codes
    assert not codes & {Code.UNSUPPORTED_KIND, Code.WORKLOAD_NOT_IN_FILES, Code.NOT_LISTED}
    assert Code.STARTS_AT_ONCE not in {finding.code for finding in lint([manifest], [replace(users, declaration=None)])}


def test_a_deployment_of_a_statefulset_s_name_is_not_that_workload() -> None:
    entry = {"name": "users", "workloadRef": {"kind": "StatefulSet", "name": "users"}}
    manifest = replace(saferollout(workloads=(entry,)), named=(("StatefulSet", "users"),))
    codes = {finding.code for finding in lint([manifest], [deployment("users", "user-events: {writes: [1]}")])}
    assert {Code.WORKLOAD_NOT_IN_FILES, Code.NOT_LISTED} <= codes


def test_an_annotation_on_the_deployment_instead_of_its_template_is_read_by_nobody() -> None:
    found = lint([saferollout()], [USERS, deployment("billing", "user-events: {reads: [1]}", misplaced_declaration=True)])
    assert only(found).code is Code.MISPLACED_DECLARATION


@pytest.mark.parametrize("batches", [False, True])
def test_what_the_operator_would_refuse_is_said_with_its_own_sentence(batches: bool) -> None:
    entry = {"name": "billing", "batches": ["20%"]} if batches else "billing"
    refusals = {False: ("keeps no old ReplicaSet",), True: ("keeps no old ReplicaSet", "has strategy Recreate")}
    found = lint([saferollout(workloads=("users", entry))], [USERS, deployment("billing", "user-events: {reads: [1]}", refusals=refusals)])
    assert tuple(finding.message for finding in found) == refusals[batches]
    assert {finding.code for finding in found} == {Code.NOT_RELEASABLE}


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_job_that_writes_a_contract_should_be_an_external_writer(kind: str) -> None:
    job = deployment("replay", "user-events: {writes: [1]}", kind=kind, managed_by="")
    finding = only(lint([saferollout()], [USERS, BILLING, job]))
    assert (finding.code, finding.severity) == (Code.JOB_WRITES_CONTRACT, Severity.WARNING)


def test_a_job_that_is_an_external_writer_is_fine() -> None:
    job = deployment("replay", "user-events: {writes: [1]}", kind="Job", managed_by="")
    told = {**TOPIC, "externalWriters": [{"name": "replay", "writes": ["1"]}]}
    assert lint([saferollout(contracts=[told])], [USERS, BILLING, job]) == ()


def test_words_beside_numbers_have_no_effect() -> None:
    finding = only(lint([saferollout(contracts=[{**TOPIC, "compatibility": "Backward"}])], [USERS, BILLING]))
    assert (finding.code, finding.field) == (Code.WORDS_BESIDE_NUMBERS, "spec.contracts[0].compatibility")


@pytest.mark.parametrize(
    ("contract", "missing"),
    [
        ({"name": "c", "topic": {"name": "t"}}, "readers and writers are missing"),
        ({"name": "c", "topic": {"name": "t"}, "readers": ["users"]}, "writers is missing"),
        ({"name": "c", "api": {"server": "users"}}, "api.clients is missing"),
    ],
)
def test_a_contract_that_concerns_nobody_orders_nothing(contract: dict[str, Any], missing: str) -> None:
    finding = only(lint([saferollout(contracts=[contract])], [deployment("users"), deployment("billing")]))
    assert finding.code is Code.ROLES_MISSING
    assert missing in finding.message


def test_a_topics_consumer_groups_are_readers() -> None:
    contract = {"name": "c", "topic": {"name": "t", "consumerGroups": [{"group": "g", "workload": "billing"}]}, "writers": ["users"]}
    assert lint([saferollout(contracts=[contract])], [deployment("users"), deployment("billing")]) == ()


def test_an_api_with_declarations_needs_no_roles() -> None:
    api = {"name": "users-api", "api": {}}
    server, client = deployment("users", "users-api/request: {reads: [1]}"), deployment("billing", "users-api/request: {writes: [1]}")
    assert lint([saferollout(contracts=[api])], [server, client]) == ()


def reading(namespace: str = "data") -> SafeRolloutManifest:
    party = {"name": "dwh", "from": {"namespace": namespace, "workload": "warehouse"}}
    return saferollout(contracts=[{**TOPIC, "externalReaders": [party]}])


def warehouse(declaration: str | None = "user-events: {reads: [1]}", **changes: Any) -> WorkloadManifest:
    return deployment("warehouse", declaration, **{"namespace": "data", "managed_by": "", "readable_by": "shop", **changes})


def test_a_workload_elsewhere_that_lets_itself_be_read_is_fine() -> None:
    assert lint([reading()], [USERS, BILLING, warehouse()]) == ()
    assert lint([reading()], [USERS, BILLING]) == (), "what is not in the files is not judged"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (warehouse(readable_by=None), "readable-by: shop"),
        (warehouse(readable_by="other"), "readable-by: shop"),
        (warehouse(None), "add it to its pod template"),
        (warehouse("user-event: {reads: [1]}"), "did you mean user-event?"),
    ],
)
def test_a_workload_elsewhere_of_which_nothing_would_be_known_is_an_error(there: WorkloadManifest, said: str) -> None:
    finding = only(lint([reading()], [USERS, BILLING, there]))
    assert (finding.code, finding.severity) == (Code.EXTERNAL_UNREADABLE, Severity.ERROR)
    assert finding.field == "spec.contracts[0].externalReaders[0].from"
    assert said in finding.message


@pytest.mark.parametrize(("history", "codes"), [(1, [Code.SHORT_HISTORY]), (2, []), (10, []), (None, [])])
def test_a_history_of_one_old_replica_set_is_short(history: int | None, codes: list[Code]) -> None:
    """0 is refused by the operator itself."""
    found = lint([saferollout()], [USERS, replace(BILLING, history=history)])
    assert [(finding.code, finding.severity) for finding in found] == [(code, Severity.WARNING) for code in codes]


def test_the_history_of_a_workload_that_nobody_releases_is_its_owners_business() -> None:
    alone = deployment("other", managed_by="", history=1)
    assert lint([saferollout()], [USERS, BILLING, alone]) == ()
