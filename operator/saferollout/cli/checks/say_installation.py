"""What is said of the API server, the CRD and the operator."""

import re
import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from saferollout import __version__
from saferollout.api.crdgen import custom_resource_definition
from saferollout.api.names import API_VERSION, GROUP, PLURAL
from saferollout.cli.checks.found import Beat, Definition, Found, Installation, Server, Unread
from saferollout.cli.checks.lines import Check, Line, WayOut, failed, not_checked, ok, remark, warning
from saferollout.cli.connect import Raw
from saferollout.cli.look import ago
from saferollout.cli.picture import STALE_SECONDS

OLDEST_SERVER: Final = (1, 30)
_MOST_FIELDS: Final = 3
_INSTALL: Final = "helm install saferollout charts/saferollout -n saferollout --create-namespace --set image.repository=IMAGE"


def upgrade(operator: Installation | None, *settings: str) -> str:
    """Return the command that brings a release of the chart up to what it should be."""
    release, namespace = (operator.release, operator.namespace) if operator else ("saferollout", "OPERATOR-NAMESPACE")
    # A list in braces would be taken apart by the shell.
    changed = "".join(f" --set {shlex.quote(setting)}" for setting in settings)
    return f"helm upgrade {release} charts/saferollout -n {namespace} --reuse-values{changed}"


def say_server(server: Server) -> Iterator[Line]:
    """Say whether the API server is new enough, and whether it can hold."""
    version = f"Kubernetes {server.version or 'of an unknown version'} at {server.address}"
    if server.number < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        yield failed(Check.SERVER, f"{version} is older than {oldest}", WayOut(f"upgrade the cluster to {oldest} or later"))
    else:
        yield ok(Check.SERVER, version)
    if isinstance(server.policies, Unread):
        yield not_checked(Check.POLICY_API, "MutatingAdmissionPolicy", server.policies.why)
    elif server.policies:
        yield ok(Check.POLICY_API, "MutatingAdmissionPolicy is served, so the API server itself can hold")
    else:
        yield warning(
            Check.POLICY_API, "MutatingAdmissionPolicy (v1) is not served, so only the operator can hold (reactive mode)",
            WayOut("upgrade the cluster to 1.36 or later, then upgrade the chart"),
        )  # fmt: skip


def say_installation(found: Found) -> Iterator[Line]:
    """Say whether the CRD and an operator are there, of which version, and alive."""
    operator = found.operator
    yield from _definition(found.definition, operator)
    yield from _operators(found)


def _definition(definition: Definition, operator: Installation | None) -> Iterator[Line]:
    name = f"{PLURAL}.{GROUP}"
    if isinstance(definition.served, Unread):
        yield not_checked(Check.DEFINITION, f"whether {API_VERSION} is served", definition.served.why)
    elif definition.served:
        yield ok(Check.DEFINITION, f"{API_VERSION} is served")
    elif definition.raw is None:
        apply = WayOut("install the chart", _INSTALL), WayOut("or the CRD alone", f"kubectl apply --server-side -f crds/{GROUP}_{PLURAL}.yaml")
        yield failed(Check.DEFINITION, f"CustomResourceDefinition {name} is not there", *apply)
        return
    else:
        way_out = WayOut("see what it says", f"kubectl get crd {name} -o jsonpath='{{.status.conditions}}'")
        yield failed(Check.DEFINITION, f"the CRD is there, but {API_VERSION} is not served", way_out)
    if isinstance(definition.raw, Unread):
        yield not_checked(Check.SCHEMA, "the CRD's schema", definition.raw.why)
    elif definition.raw is not None:
        yield _schema(definition.raw, operator)


def _schema(raw: Raw, operator: Installation | None) -> Line:
    there, ours = _schema_of(raw), _schema_of(custom_resource_definition())
    if there == ours:
        return ok(Check.SCHEMA, f"the CRD's schema is that of this command ({__version__})")
    lacks, adds = _fields(ours) - _fields(there), _fields(there) - _fields(ours)
    update = WayOut("bring the CRD up to the operator (the chart's CRD is an ordinary template)", upgrade(operator))
    if lacks and not adds:
        said = f"the CRD's schema is older than this command ({__version__}): it lacks {_some(lacks)}"
        if operator is not None and operator.version == __version__:
            return failed(Check.SCHEMA, f"{said}; the API server drops what the operator writes there", update)
        return warning(Check.SCHEMA, said, update)
    if adds and not lacks:
        said = f"the CRD's schema is newer than this command ({__version__}): it also has {_some(adds)}"
        return warning(Check.SCHEMA, said, WayOut("use the command line of the operator's version"))
    how = f"it lacks {_some(lacks)} and also has {_some(adds)}" if lacks else "the fields are the same, their rules or texts are not"
    return warning(Check.SCHEMA, f"the CRD's schema is another than that of this command ({__version__}): {how}", update)


def _schema_of(raw: Raw) -> Any:
    group, _, version = API_VERSION.partition("/")
    versions = raw["spec"]["versions"] if raw["spec"].get("group", group) == group else []
    return next((entry["schema"]["openAPIV3Schema"] for entry in versions if entry["name"] == version), {})


def _fields(schema: Any, path: str = "") -> set[str]:
    found: set[str] = set()
    for name, inner in (schema.get("properties") or {}).items():
        here = f"{path}.{name}" if path else name
        found |= {here} | _fields(inner, here)
    items = schema.get("items")
    return found | _fields(items, f"{path}[]") if items else found


def _some(fields: set[str]) -> str:
    # Of a field that is not there its own fields are no news.
    tops = sorted(field for field in fields if not any(field.startswith((f"{other}.", f"{other}[")) for other in fields))
    return ", ".join(tops[:_MOST_FIELDS]) + (f" and {len(tops) - _MOST_FIELDS} more" if len(tops) > _MOST_FIELDS else "")


def _operators(found: Found) -> Iterator[Line]:
    installations, namespace = found.installations, found.namespace
    where = f"namespace {installations.looked_in}" if installations.looked_in else "any namespace"
    if isinstance(installations.operators, Unread):
        narrower = () if installations.looked_in else (WayOut("say where it is: --operator-namespace NAMESPACE"),)
        yield not_checked(Check.OPERATOR, "the operator's Deployment", installations.operators.why, *narrower)
        yield from _leases_alone(found)
        return
    if not installations.operators:
        yield from _no_operator(found, where)
        return
    for operator in installations.operators:
        yield from _operator(operator, found.now)
    covering = [f"{operator.namespace}/{operator.name}" for operator in installations.operators if operator.covers(namespace)]
    if len(covering) == 1:
        return
    if covering:
        said = f"{' and '.join(covering)} look after namespace {namespace}; two operators undo each other's work"
        yield failed(Check.WATCHED, said, WayOut("give each its own namespaces", upgrade(None, "watchNamespaces={NAMESPACE}")))
        return
    operator = installations.operators[0]
    known = () if isinstance(operator.config, Unread) else operator.config.watch_namespaces
    way_out = WayOut("add it", upgrade(operator, f"watchNamespaces={{{','.join((*known, namespace))}}}"))
    yield failed(Check.WATCHED, f"no operator looks after namespace {namespace}", way_out)


def _no_operator(found: Found, where: str) -> Iterator[Line]:
    live = [beat for beat in _beats(found) if _is_fresh(beat, found.now)]
    said = f"no Deployment with the label app.kubernetes.io/name=saferollout in {where}"
    if live:
        elsewhere = f"{said}, but Lease {live[0].namespace}/{live[0].name} is renewed by {live[0].holder}: it runs elsewhere"
        yield warning(Check.OPERATOR, elsewhere, WayOut("or under another name: --operator-namespace NAMESPACE"))
        yield from _leases_alone(found)
        return
    yield failed(Check.OPERATOR, f"{said}; nothing that is held goes on", WayOut("install it", _INSTALL))
    yield from _leases_alone(found)


def _leases_alone(found: Found) -> Iterator[Line]:
    if isinstance(found.installations.leases, Unread):
        yield not_checked(Check.LEASE, "the operator's Lease", found.installations.leases.why)
        return
    for beat in _beats(found):
        yield _lease(beat, f"{beat.namespace}/{beat.name}", "kubectl get pods -A -l app.kubernetes.io/name=saferollout", found.now)


def _beats(found: Found) -> tuple[Beat, ...]:
    leases = found.installations.leases
    return () if isinstance(leases, Unread) else leases


def _operator(operator: Installation, now: datetime) -> Iterator[Line]:
    place = f"{operator.namespace}/{operator.name}"
    pods = f"kubectl describe pods -n {operator.namespace} -l app.kubernetes.io/instance={operator.release}"
    ready = f"operator {place}: {operator.ready} of {operator.wanted} replicas ready"
    if operator.wanted == 0:
        scale = f"kubectl scale deployment {operator.name} -n {operator.namespace} --replicas 2"
        yield failed(Check.OPERATOR, f"operator {place} is scaled to 0; nothing that is held goes on", WayOut("start it", scale))
    elif operator.ready == 0:
        yield failed(Check.OPERATOR, ready, WayOut("see why", pods))
    elif operator.ready < operator.wanted:
        yield warning(Check.OPERATOR, ready, WayOut("see why", pods))
    else:
        yield ok(Check.OPERATOR, ready)
    yield _version(operator)
    if isinstance(operator.config, Unread):
        yield not_checked(Check.WATCHED, f"which namespaces operator {place} looks after", operator.config.why)
    logs = f"kubectl logs -n {operator.namespace} deployment/{operator.name} --tail 50"
    if isinstance(operator.lease, Unread):
        yield not_checked(Check.LEASE, f"the Lease of operator {place}", operator.lease.why)
    elif operator.lease is None:
        said = f"operator {place} has never taken its Lease {operator.namespace}/{operator.lease_name}: it does not work yet"
        yield failed(Check.LEASE, said, WayOut("see why", logs))
    else:
        yield _lease(operator.lease, f"{operator.lease.namespace}/{operator.lease.name}", logs, now)


def _version(operator: Installation) -> Line:
    image = f"image {operator.image}, chart for {operator.version or 'an unknown version'}"
    if operator.version == __version__:
        return ok(Check.VERSION, f"{image}: the version of this command")
    theirs, ours = _numbers(operator.version), _numbers(__version__)
    if not theirs:
        return warning(Check.VERSION, f"{image}; this command is {__version__}", WayOut("use the command line of the operator's version"))
    if theirs > ours:
        return warning(Check.VERSION, f"{image}: newer than this command ({__version__})", WayOut("upgrade this command"))
    way_out = WayOut("upgrade the operator, from the chart of this version", upgrade(operator))
    return warning(Check.VERSION, f"{image}: older than this command ({__version__})", way_out)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in re.findall(r"\d+", version))


def _lease(beat: Beat, place: str, command: str, now: datetime) -> Line:
    if beat.renewed is None or not beat.holder:
        return failed(Check.LEASE, f"nobody holds Lease {place}: no operator is working", WayOut("see why", command))
    renewed = f"Lease {place} is held by {beat.holder}, renewed {ago(beat.renewed, now)}"
    if beat.moving:
        return remark(Check.LEASE, f"{renewed} and renewed again meanwhile: it is alive, and its clock and yours differ")
    if _is_fresh(beat, now):
        return ok(Check.LEASE, renewed)
    return failed(Check.LEASE, f"{renewed}: the operator is silent", WayOut("see why", command))


def _is_fresh(beat: Beat, now: datetime) -> bool:
    return bool(beat.holder) and beat.renewed is not None and (now - beat.renewed).total_seconds() <= STALE_SECONDS
