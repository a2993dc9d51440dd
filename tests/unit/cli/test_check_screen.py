"""The screens of `check` against plain text files that a person can read; UPDATE_GOLDENS=1 writes them anew."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from saferollout.cli.checks.found import Found, Installations, Probe, Unread
from saferollout.cli.checks.lines import Check, Level, count
from saferollout.cli.checks.report import machine, screen, sections_of
from saferollout.cli.look import Look, plain
from saferollout.shell.config import OperatorConfig
from tests.unit.cli import found
from tests.unit.cli.found import HEALTHY, LEASE, OPERATOR, deployment, policies
from tests.unit.cli.pictures import raw, status

GOLDEN = Path(__file__).parent / "golden"
SCREENS = (
    found.healthy,
    found.nothing_installed,
    found.little_may_be_read,
    found.much_is_broken,
    found.gates_asked,
    found.prometheus_down,
    found.reactive,
)


def drawn(seen: Found, *, ascii_only: bool = False) -> str:
    return plain(screen(sections_of(seen), Look(ascii_only=ascii_only)))


def lines(seen: Found, check: Check) -> list[tuple[Level, str]]:
    return [(line.level, line.said) for section in sections_of(seen) for line in section.lines if line.check is check]


@pytest.mark.parametrize("seen", SCREENS, ids=lambda seen: seen.__name__)
def test_the_screen_reads_as_in_its_golden_file(seen: Callable[[], Found]) -> None:
    file = GOLDEN / f"check_{seen.__name__}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        file.write_text(drawn(seen()), encoding="utf-8")
    assert drawn(seen()) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("seen", SCREENS, ids=lambda seen: seen.__name__)
def test_no_line_but_a_command_is_wider_than_eighty_columns_and_ascii_is_ascii(seen: Callable[[], Found]) -> None:
    commands = {way_out.command for section in sections_of(seen()) for line in section.lines for way_out in line.ways_out}
    assert [line for line in drawn(seen()).splitlines() if len(line) > 80 and line.strip() not in commands] == []
    assert drawn(seen(), ascii_only=True).isascii()


@pytest.mark.parametrize("seen", SCREENS, ids=lambda seen: seen.__name__)
def test_what_is_wrong_or_surprising_has_a_way_out(seen: Callable[[], Found]) -> None:
    bad = [line for section in sections_of(seen()) for line in section.lines if line.level in (Level.FAILED, Level.WARNING)]
    assert [line for line in bad if not line.ways_out] == []


def test_what_could_not_be_asked_is_never_ok() -> None:
    groups = {check: levels for check in Check if (levels := {level for level, _ in lines(found.little_may_be_read(), check)})}
    unasked = (Check.SCHEMA, Check.OPERATOR, Check.LEASE, Check.POLICIES, Check.HOLD_PROBE, Check.OPERATOR_RIGHTS, Check.WORKLOAD, Check.PROMETHEUS)
    assert {check: groups[check] for check in unasked} == {check: {Level.NOT_CHECKED} for check in unasked}


def test_scripts_get_the_same_lines_with_their_ways_out() -> None:
    told = machine(sections_of(found.much_is_broken()))
    assert told["passed"] is False
    assert told["counts"]["failed"] == count(sections_of(found.much_is_broken()), Level.FAILED)
    [lease] = [line for group in told["groups"] for line in group["lines"] if line["check"] == "lease"]
    assert (lease["level"], lease["waysOut"][0]["command"]) == ("failed", "kubectl logs -n saferollout deployment/saferollout --tail 50")
    assert machine(sections_of(HEALTHY))["passed"] is True


def with_operator(**changes: Any) -> Found:
    operator = replace(OPERATOR, **changes)
    return replace(HEALTHY, installations=Installations(operators=(operator,), leases=(LEASE,), looked_in=""))


def test_a_server_that_is_too_old_is_a_failure() -> None:
    assert lines(replace(HEALTHY, server=replace(HEALTHY.server, number=(1, 29))), Check.SERVER)[0][0] is Level.FAILED


def test_a_lease_that_is_renewed_meanwhile_is_alive_whatever_the_clocks_say() -> None:
    odd = replace(LEASE, renewed=HEALTHY.now - timedelta(seconds=900), moving=True)
    [(level, said)] = lines(with_operator(lease=odd), Check.LEASE)
    assert (level, "clock" in said) == (Level.NOTE, True)
    assert lines(with_operator(lease=replace(odd, moving=False)), Check.LEASE)[0][0] is Level.FAILED
    assert lines(with_operator(lease=replace(LEASE, holder="")), Check.LEASE)[0][0] is Level.FAILED
    assert lines(with_operator(lease=None), Check.LEASE)[0][0] is Level.FAILED


@pytest.mark.parametrize(("version", "word"), [("0.0.9", "older"), ("0.10.0", "newer"), ("", "unknown")])
def test_an_operator_of_another_version_is_a_warning(version: str, word: str) -> None:
    [(level, said)] = lines(with_operator(version=version), Check.VERSION)
    assert (level, word in said) == (Level.WARNING, True)


def test_a_namespace_that_nobody_or_more_than_one_looks_after_is_a_failure() -> None:
    elsewhere = OperatorConfig.model_validate({"watchNamespaces": ["shop"]})
    [(level, said)] = lines(with_operator(config=elsewhere), Check.WATCHED)
    assert (level, said) == (Level.FAILED, "no operator looks after namespace opencore")
    assert "--set 'watchNamespaces={shop,opencore}'" in drawn(with_operator(config=elsewhere))
    two = Installations(operators=(OPERATOR, replace(OPERATOR, namespace="other")), leases=(), looked_in="")
    assert lines(replace(HEALTHY, installations=two), Check.WATCHED)[0][0] is Level.FAILED


def test_an_operator_that_runs_elsewhere_is_seen_by_its_lease() -> None:
    elsewhere = Installations(operators=(), leases=(LEASE,), looked_in="")
    [(level, said)] = lines(replace(HEALTHY, installations=elsewhere), Check.OPERATOR)
    assert (level, "runs elsewhere" in said) == (Level.WARNING, True)
    silent = replace(elsewhere, leases=(replace(LEASE, renewed=HEALTHY.now - timedelta(hours=1)),))
    assert lines(replace(HEALTHY, installations=silent), Check.OPERATOR)[0][0] is Level.FAILED


def holding(**changes: Any) -> Found:
    return replace(HEALTHY, holding=replace(HEALTHY.holding, **changes))


def test_policies_that_are_bound_elsewhere_do_not_let_the_operator_through_or_take_you_for_it_are_told() -> None:
    assert lines(holding(objects=policies(namespaces=("opencore",))), Check.HOLD_MODE)[0][0] is Level.OK
    [(level, said)] = lines(holding(objects=policies(namespaces=("shop",))), Check.HOLD_MODE)
    assert (level, said) == (Level.FAILED, "the policies are bound to shop and not to namespace opencore")
    assert lines(holding(objects=policies(users="'somebody'")), Check.HOLD_MODE)[0][0] is Level.FAILED
    taken = holding(objects=policies(users=f"'{found.ACCOUNT}', 'ada'"), probe=Probe(held=False))
    [(level, said)] = lines(taken, Check.HOLD_PROBE)
    assert (level, "take you (ada) for the operator" in said) == (Level.WARNING, True)


def test_policies_are_found_by_their_label_where_the_operator_is_not_known() -> None:
    unknown = Installations(operators=Unread("no"), leases=Unread("no"), looked_in="")
    theirs, ours = policies(name="a-saferollout", namespaces=("shop",)), policies(name="b-saferollout", namespaces=("opencore",))
    both = {plural: {**theirs[plural], **ours[plural]} for plural in ours}
    seen = replace(HEALTHY, installations=unknown, holding=replace(HEALTHY.holding, objects=both))
    assert lines(seen, Check.POLICIES) == [(Level.OK, "7 policies b-saferollout-* with their bindings")]
    assert lines(seen, Check.HOLD_MODE)[0][0] is Level.OK


def test_policies_that_the_operator_is_told_not_to_have_are_a_failure() -> None:
    seen = with_operator(config=OperatorConfig.model_validate({"holdPolicy": ""}))
    assert lines(seen, Check.HOLD_MODE)[0][0] is Level.FAILED


def test_a_policy_without_its_binding_counts_as_absent() -> None:
    objects = policies()
    objects["mutatingadmissionpolicybindings"]["saferollout-pace"]["spec"]["policyName"] = "another"
    [(level, said)] = lines(holding(objects=objects), Check.POLICIES)
    assert (level, "saferollout-pace or its binding" in said) == (Level.FAILED, True)


def test_a_definition_that_differs_is_compared_field_by_field() -> None:
    def changed(**fields: Any) -> Found:
        raw = found.custom_resource_definition()
        properties = raw["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
        properties.update(fields)
        for name in [name for name, schema in fields.items() if schema is None]:
            del properties[name]
        return replace(HEALTHY, definition=replace(HEALTHY.definition, raw=raw))

    newer = lines(changed(later={"type": "object", "properties": {"a": {"type": "string"}}}), Check.SCHEMA)
    assert (newer[0][0], newer[0][1].endswith("it also has spec.later")) == (Level.WARNING, True)
    older = lines(changed(gates=None), Check.SCHEMA)
    assert older[0][0] is Level.FAILED, "the operator is as new as the command, and its schema is not"
    assert "it lacks spec.gates; the API server drops" in older[0][1]
    other = lines(changed(mode={"type": "string"}), Check.SCHEMA)
    assert (other[0][0], "the fields are the same" in other[0][1]) == (Level.WARNING, True)


def test_the_port_forward_is_made_from_the_operators_own_address() -> None:
    def forward(url: str) -> str:
        seen = with_operator(config=OperatorConfig.model_validate({"prometheus": {"url": url}}))
        [command] = [out.command for section in sections_of(seen) for line in section.lines for out in line.ways_out if "port-forward" in out.command]
        return command

    assert forward("http://prom.monitoring.svc.cluster.local:9090/x") == "kubectl port-forward -n monitoring service/prom 9090:9090"
    assert forward("https://mimir.obs") == "kubectl port-forward -n obs service/mimir 9090:443"
    assert "PROMETHEUS-SERVICE" in forward("http://10.0.0.1:9090")


def test_a_prometheus_that_refuses_is_told_how_to_give_a_token() -> None:
    seen = replace(HEALTHY, asked=found.Asked(url="http://p", refusal="Prometheus refused the operator's credentials (HTTP 401)", gates=(), default_labels=False))
    assert "--prometheus-token-file" in drawn(seen)


def test_a_configuration_that_may_not_be_read_is_told_and_nothing_is_assumed_of_it() -> None:
    seen = with_operator(config=Unread("you may not get ConfigMap saferollout in namespace saferollout"))
    assert lines(seen, Check.WATCHED)[0][0] is Level.NOT_CHECKED
    assert {level for level, _ in lines(seen, Check.PROMETHEUS)} == {Level.NOT_CHECKED}


def with_statefulsets(enabled: bool, *statefulsets: dict[str, Any], objects: Any = None, readable: bool = True) -> Found:
    """Return a SafeRollout that names the StatefulSet ledger, where the operator was told to release StatefulSets, or not to."""
    seen = with_operator(config=OperatorConfig.model_validate({"statefulSets": enabled}))
    document = raw(status("Idle"), workloads=[{"name": "book", "workloadRef": {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger"}}])
    there = statefulsets if readable else Unread("you may not list statefulsets in namespace opencore")
    releases = replace(HEALTHY.releases, items=(document,), deployments=(), statefulsets=there)
    return replace(seen, releases=releases, holding=replace(HEALTHY.holding, objects=objects or policies(stateful=enabled)))


def test_a_statefulset_that_the_operator_was_told_to_leave_alone_is_a_failure_with_the_switch() -> None:
    [line] = [line for section in sections_of(with_statefulsets(False, deployment("ledger"))) for line in section.lines if line.check is Check.WORKLOAD]
    assert (line.level, "StatefulSet ledger can't be released" in line.said) == (Level.FAILED, True)
    assert line.ways_out[0].command.endswith("--set statefulSets.enabled=true")


def test_statefulsets_are_looked_for_by_their_kind_with_label_and_strays() -> None:
    assert lines(with_statefulsets(True, deployment("ledger")), Check.WORKLOAD) == []
    [(level, said)] = lines(with_statefulsets(True, deployment("ledgers", label=None)), Check.WORKLOAD)
    assert (level, "there is no StatefulSet ledger" in said and "ledgers" in said) == (Level.WARNING, True)
    [(level, said)] = lines(with_statefulsets(True, deployment("ledger", label=None)), Check.LABEL)
    assert (level, "StatefulSet ledger has no label" in said) == (Level.WARNING, True)
    [(level, said)] = lines(with_statefulsets(True, deployment("ledger"), deployment("stray")), Check.LABEL)
    assert (level, "does not list StatefulSet stray" in said) == (Level.FAILED, True)


def test_statefulsets_that_may_not_be_read_are_never_ok_and_matter_only_where_they_are_released() -> None:
    expected = [(Level.NOT_CHECKED, "StatefulSets: you may not list statefulsets in namespace opencore")]
    assert lines(with_statefulsets(True, readable=False), Check.WORKLOAD) == expected
    alone = replace(HEALTHY, releases=replace(HEALTHY.releases, statefulsets=Unread("you may not")))
    assert lines(alone, Check.WORKLOAD) == []


@pytest.mark.parametrize("suffix", ["-statefulsets", "-statefulsets-bypass", "-statefulsets-empty", "-statefulsets-scale", "-statefulsets-pods"])
def test_the_policies_of_statefulsets_are_missed_where_they_are_released(suffix: str) -> None:
    objects = policies(stateful=True, without=(suffix,))
    [(level, said)] = lines(with_statefulsets(True, deployment("ledger"), objects=objects), Check.POLICIES)
    assert (level, f"saferollout{suffix} or its binding" in said) == (Level.FAILED, True)
    assert lines(with_statefulsets(False, objects=objects), Check.POLICIES) == [(Level.OK, "7 policies saferollout-* with their bindings")]
    assert lines(with_statefulsets(True, deployment("ledger")), Check.POLICIES) == [(Level.OK, "12 policies saferollout-* with their bindings")]
