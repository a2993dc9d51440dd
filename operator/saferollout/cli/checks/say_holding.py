"""What is said of the hold mode: who holds a changed template, and whether a dry run agrees."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from saferollout.cli.checks.found import Found, Holding, Installation, Unread
from saferollout.cli.checks.lines import Check, Line, WayOut, failed, not_checked, ok, remark, warning
from saferollout.cli.checks.policies import EXPECTED, OF_STATEFULSETS, OPTIONAL, Policy
from saferollout.cli.checks.say_installation import upgrade
from saferollout.cli.connect import Raw

_REACTIVE: Final = (
    "Reactive: the operator pauses a changed template when it sees it, so for a moment pods of it may exist, and nothing is held while the "
    "operator is down"
)
_POLICY: Final = "Policy: the API server holds a changed template in the request that brings it, also while the operator is down"
_HOLD, _BINDING = "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"


def say_holding(found: Found) -> Iterator[Line]:
    """Say which mode there is, whether its policies are complete, and what the dry run showed."""
    operator, holding = found.operator, found.holding
    if isinstance(holding.objects, Unread):
        yield not_checked(Check.POLICIES, "the admission policies", holding.objects.why)
        yield from _mode_by_hearsay(found)
        yield from _probe(found, policies_there=None)
        return
    name = _full_name(found, operator, holding.objects)
    expected = (*EXPECTED, *(OF_STATEFULSETS if found.releases_statefulsets else ()))
    missing = [policy for policy in expected if not _is_there(policy, name, holding.objects)]
    hold_is_there = _is_there(EXPECTED[0], name, holding.objects)
    if not hold_is_there:
        yield _reactive(found, operator)
    elif missing:
        yield _incomplete(missing, name, operator)
    else:
        yield ok(Check.POLICIES, f"{len(expected)} policies {name}-* with their bindings")
    if hold_is_there:
        yield from _mode(found, operator, name, holding.objects)
        yield from _absent_warnings(name, holding.objects, operator)
    yield from _probe(found, policies_there=hold_is_there)


def _full_name(found: Found, operator: Installation | None, objects: Mapping[str, Mapping[str, Raw] | None]) -> str:
    if operator is not None:
        # A hold policy that is configured to be absent has no name to go by.
        return operator.hold_policy.removesuffix("-hold") or operator.name
    names = (name.removesuffix("-hold") for name, raw in (objects[_HOLD] or {}).items() if name.endswith("-hold") and _is_ours(raw))
    bindings = objects[_BINDING] or {}
    # Of several releases of the chart the one that holds here.
    here = (name for name in names if (selected := _selected(bindings.get(f"{name}-hold", {}))) == [] or found.namespace in selected)
    return next(here, "saferollout")


def _is_ours(raw: Raw) -> bool:
    labels = raw["metadata"].get("labels") or {}
    return labels.get("app.kubernetes.io/name") == "saferollout" or labels.get("helm.sh/chart", "").startswith("saferollout-")


def _is_there(policy: Policy, name: str, objects: Mapping[str, Mapping[str, Raw] | None]) -> bool:
    full = f"{name}{policy.suffix}"
    binding = (objects[policy.binding_plural] or {}).get(full, {})
    return full in (objects[policy.plural] or {}) and binding.get("spec", {}).get("policyName") == full


def _reactive(found: Found, operator: Installation | None) -> Line:
    if found.server.policies is not True:
        return warning(Check.HOLD_MODE, _REACTIVE, WayOut("upgrade the cluster to 1.36 or later, then upgrade the chart"))
    settings = ("policies.enabled=auto",) if operator is not None and not operator.hold_policy else ()
    return warning(Check.HOLD_MODE, f"{_REACTIVE}; this server could hold", WayOut("install the policies", upgrade(operator, *settings)))


def _incomplete(missing: Sequence[Policy], name: str, operator: Installation | None) -> Line:
    lost = "; ".join(f"{policy.kind} {name}{policy.suffix} or its binding is not there: {policy.without}" for policy in missing)
    return failed(Check.POLICIES, lost, WayOut("bring them back", upgrade(operator)))


def _absent_warnings(name: str, objects: Mapping[str, Mapping[str, Raw] | None], operator: Installation | None) -> Iterator[Line]:
    for policy in OPTIONAL:
        if not _is_there(policy, name, objects):
            way_out = WayOut("where that is not wanted", upgrade(operator, "policies.warnings=true"))
            yield remark(Check.POLICIES, f"{policy.kind} {name}{policy.suffix} is not there: {policy.without}", way_out)


def _mode(found: Found, operator: Installation | None, name: str, objects: Mapping[str, Mapping[str, Raw] | None]) -> Iterator[Line]:
    hold, binding = (objects[_HOLD] or {})[f"{name}-hold"], (objects[_BINDING] or {})[f"{name}-hold"]
    selected = _selected(binding)
    if selected and found.namespace not in selected:
        way_out = WayOut("add it", upgrade(operator, f"watchNamespaces={{{','.join((*selected, found.namespace))}}}"))
        yield failed(Check.HOLD_MODE, f"the policies are bound to {', '.join(selected)} and not to namespace {found.namespace}", way_out)
        return
    if operator is not None and not operator.hold_policy:
        said = "the API server holds, but the operator is configured to have no policies (policies.enabled: false)"
        yield failed(Check.HOLD_MODE, said, WayOut("let it know them", upgrade(operator, "policies.enabled=auto")))
        return
    if operator is not None and f"'system:serviceaccount:{operator.namespace}:{operator.account}'" not in _exempt(hold):
        account = f"system:serviceaccount:{operator.namespace}:{operator.account}"
        yield failed(Check.HOLD_MODE, f"the hold policy does not let the operator through ({account})", WayOut("render it anew", upgrade(operator)))
        return
    if isinstance(found.holding.probe, Unread) or found.holding.probe.held or _is_exempt(found.holding):
        yield ok(Check.HOLD_MODE, _POLICY)


def _selected(binding: Raw) -> list[str]:
    selector: Any = (binding.get("spec", {}).get("matchResources") or {}).get("namespaceSelector") or {}
    expressions = selector.get("matchExpressions") or []
    return [value for entry in expressions if entry.get("key") == "kubernetes.io/metadata.name" for value in entry.get("values") or []]


def _exempt(hold: Raw) -> str:
    conditions = hold["spec"].get("matchConditions") or []
    return next((str(entry.get("expression", "")) for entry in conditions if entry.get("name") == "not-the-operator"), "")


def _mode_by_hearsay(found: Found) -> Iterator[Line]:
    items = found.releases.items if isinstance(found.releases.items, tuple) else ()
    heard = {str(((raw.get("status") or {}).get("summary") or {}).get("holdMode") or "") for raw in items} - {""}
    for mode in sorted(heard):
        meaning = {"Policy": _POLICY, "Reactive": _REACTIVE}.get(mode, mode)
        yield remark(Check.HOLD_MODE, f"the operator's last word: {meaning}")


def _probe(found: Found, *, policies_there: bool | None) -> Iterator[Line]:
    probe, namespace = found.holding.probe, found.namespace
    if isinstance(probe, Unread):
        yield not_checked(Check.HOLD_PROBE, f"a labelled Deployment in namespace {namespace}, created as a dry run", probe.why)
    elif probe.held:
        yield ok(Check.HOLD_PROBE, f"a labelled Deployment, created in namespace {namespace} as a dry run, is held")
    elif policies_there:
        yield _not_held(found.holding, namespace)
    else:
        said = f"a labelled Deployment, created in namespace {namespace} as a dry run, is not held by the API server"
        yield remark(Check.HOLD_PROBE, said)


def _is_exempt(holding: Holding) -> bool:
    policies = {} if isinstance(holding.objects, Unread) else holding.objects[_HOLD] or {}
    return any(f"'{holding.you}'" in _exempt(raw) for raw in policies.values())


def _not_held(holding: Holding, namespace: str) -> Line:
    said = f"a labelled Deployment, created in namespace {namespace} as a dry run, is not held"
    if _is_exempt(holding):
        return warning(Check.HOLD_PROBE, f"{said}: the policies take you ({holding.you}) for the operator", WayOut("try as somebody else"))
    see = "kubectl get mutatingadmissionpolicybinding -o yaml"
    return failed(Check.HOLD_PROBE, f"{said}, although the policies are there", WayOut("see what their bindings select", see))
