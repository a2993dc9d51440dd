"""What is said of the SafeRollouts of the namespace and of the workloads beside them."""

from collections.abc import Iterator, Mapping
from typing import Any

from saferollout.api.names import ANNOTATION_LABELLED_BY, LABEL_MANAGED_BY
from saferollout.api.nearest import nearest
from saferollout.api.status import Condition, ConditionStatus
from saferollout.cli.checks.found import Found, Releases, Unread
from saferollout.cli.checks.lines import Check, Line, WayOut, failed, not_checked, ok, remark, warning
from saferollout.cli.checks.say_installation import upgrade
from saferollout.cli.connect import Raw
from saferollout.cli.headline import condition, headline
from saferollout.cli.live_workloads import PLURALS, references_of
from saferollout.cli.picture import Picture, picture_of


def say_releases(found: Found) -> Iterator[Line]:
    """Say how each SafeRollout stands, what of its workloads is missing or unlabelled, and who reads without being declared."""
    releases = found.releases
    if releases.items is None:
        yield not_checked(Check.SAFEROLLOUT, "SafeRollouts", "their CRD is not there")
        return
    if isinstance(releases.items, Unread):
        yield not_checked(Check.SAFEROLLOUT, "SafeRollouts", releases.items.why)
        return
    if not releases.items:
        yield remark(Check.SAFEROLLOUT, f"namespace {found.namespace} has no SafeRollout", WayOut("docs/first-release.md writes one"))
    for raw in releases.items:
        picture = picture_of(raw, now=found.now)
        yield from _conditions(picture)
        yield from _workloads(raw, found)
        yield from _readers(picture)
    for kind in _looked_at(found):
        there = releases.of(kind)
        if isinstance(there, Unread):
            yield not_checked(Check.WORKLOAD, "workloads" if kind == "Deployment" else f"{kind}s", there.why)
        else:
            yield from _strays(releases, kind, there, found.namespace)


def _looked_at(found: Found) -> Iterator[str]:
    """Name the kinds that are released here; nobody who releases Deployments only needs a right on others."""
    yield "Deployment"
    items = found.releases.items if isinstance(found.releases.items, tuple) else ()
    named = any(reference.kind == "StatefulSet" for raw in items for reference in references_of(raw).values())
    if found.releases_statefulsets or named and found.releases_statefulsets is not False:
        yield "StatefulSet"


def _conditions(picture: Picture) -> Iterator[Line]:
    name, look = picture.name, WayOut("see it whole", f"saferollout status {picture.name} -n {picture.namespace}")
    silence = picture.silence()
    if picture.spec is None:
        said = f"{name}: this version of the command can't read its spec"
        yield failed(Check.SAFEROLLOUT, said, WayOut("check it on files", "saferollout lint FILES"), look)
        return
    if silence:
        yield warning(Check.SAFEROLLOUT, f"{name}: {silence}", look)
    accepted, stalled = condition(picture, "PlanAccepted"), condition(picture, "Stalled")
    if _is(accepted, ConditionStatus.FALSE):
        yield failed(Check.SAFEROLLOUT, f"{name}: {_reason(accepted)}", look)
    elif _is(stalled, ConditionStatus.TRUE):
        yield warning(Check.SAFEROLLOUT, f"{name} is stalled: {_reason(stalled)}", look)
    elif not silence:
        yield ok(Check.SAFEROLLOUT, f"{name}: {headline(picture)}")


def _is(found: Condition | None, status: ConditionStatus) -> bool:
    return found is not None and found.status is status


def _reason(found: Condition | None) -> str:
    return "" if found is None else f"{found.reason}: {found.message}" if found.message else found.reason


def _workloads(raw: Raw, found: Found) -> Iterator[Line]:
    name, namespace = raw["metadata"]["name"], found.namespace
    for workload, reference in references_of(raw).items():
        if reference.kind == "StatefulSet" and found.releases_statefulsets is False:
            said = f"{name}: StatefulSet {reference.name} can't be released: the operator was told to leave StatefulSets alone"
            yield failed(Check.WORKLOAD, said, WayOut("let it release them", upgrade(found.operator, "statefulSets.enabled=true")))
            continue
        there = found.releases.of(reference.kind)
        if isinstance(there, Unread):
            continue  # said once, below
        objects = {item["metadata"]["name"]: item for item in there}
        if reference.name not in objects:
            said = f"{name}: there is no {reference.kind} {reference.name} in namespace {namespace}{nearest(reference.name, objects)}"
            see = WayOut("apply it, or correct spec.workloads", f"kubectl get {PLURALS[reference.kind]} -n {namespace}")
            yield warning(Check.WORKLOAD, said, see)
            continue
        yield from _label(objects[reference.name], reference.kind, name, workload, namespace)


def _label(workload: Mapping[str, Any], kind: str, name: str, alias: str, namespace: str) -> Iterator[Line]:
    own = workload["metadata"]["name"]
    label = (workload["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY)
    command = f"kubectl label {kind.lower()} {own} -n {namespace} --overwrite {LABEL_MANAGED_BY}={name}"
    if label is None:
        said = f"{name}: {kind} {own} has no label {LABEL_MANAGED_BY}, so the API server does not hold it"
        yield warning(Check.LABEL, said, WayOut("add it in Git too", command))
    elif label != name:
        said = f"{name}: {kind} {own} belongs to SafeRollout {label} by its label, and {name} lists it as {alias}"
        yield failed(Check.LABEL, said, WayOut("let one of them have it", command))
    elif ANNOTATION_LABELLED_BY in (workload["metadata"].get("annotations") or {}):
        without = "a first creation" if kind == "Deployment" else "a change before the operator sees it"
        said = f"{name}: the operator added the label to {kind} {own}; without it in Git {without} is not held"
        yield warning(Check.LABEL, said, WayOut(f"add {LABEL_MANAGED_BY}: {name} in Git"))


def _strays(releases: Releases, kind: str, workloads: tuple[Raw, ...], namespace: str) -> Iterator[Line]:
    """Find workloads whose label leads nowhere: a changed template of theirs would stay held."""
    items = releases.items if isinstance(releases.items, tuple) else ()
    listed = {raw["metadata"]["name"]: {reference.name for reference in references_of(raw).values() if reference.kind == kind} for raw in items}
    for workload in workloads:
        own = workload["metadata"]["name"]
        label = (workload["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY)
        if label is None:
            continue
        if label not in releases.all_names:
            said = f"{kind} {own} names SafeRollout {label}, which is not there{nearest(label, releases.all_names)}"
            off = WayOut("or take the label off", f"kubectl label {kind.lower()} {own} -n {namespace} {LABEL_MANAGED_BY}-")
            why = WayOut("create it, or correct the label", f"saferollout explain {own} -n {namespace}")
            yield failed(Check.LABEL, f"{said}: every change of it stays held", why, off)
        elif label in listed and own not in listed[label]:
            edit = WayOut("add it to spec.workloads", f"kubectl edit saferollout {label} -n {namespace}")
            yield failed(Check.LABEL, f"SafeRollout {label} does not list {kind} {own}, which names it: every change of it stays held", edit)


def _readers(picture: Picture) -> Iterator[Line]:
    contracts = {contract.name: contract for contract in picture.spec.contracts} if picture.spec else {}
    for known in picture.status.contracts:
        if not known.undeclared_groups:
            continue
        contract = contracts.get(known.name)
        topic = contract.topic.name if contract is not None and contract.topic is not None else known.name
        groups = ", ".join(known.undeclared_groups)
        said = f"{picture.name}: unknown readers of topic {topic}: {groups}; contract {known.name} declares none of them"
        way_out = WayOut("declare them in topic.consumerGroups, or in externalReaders with their consumerGroup")
        yield warning(Check.UNKNOWN_READER, said, way_out)
