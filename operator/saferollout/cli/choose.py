"""Which SafeRollout a command means: the named one, the only one, or the one that manages a workload."""

from collections.abc import Iterable
from contextlib import suppress

from saferollout.api.names import LABEL_MANAGED_BY
from saferollout.api.nearest import nearest
from saferollout.cli.connect import ApiRefused, Cluster, Raw, apps_path, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.live_workloads import PLURALS, Reference, references_of

NOT_FOUND = 404


def names_in(cluster: Cluster) -> list[str]:
    """Name the SafeRollouts of the namespace, sorted."""
    return sorted(item["metadata"]["name"] for item in all_in(cluster))


def all_in(cluster: Cluster) -> list[Raw]:
    """Read the SafeRollouts of the namespace; raise CommandFailed where the resource is not installed."""
    try:
        items: list[Raw] = cluster.read(saferollouts_path(cluster.namespace)).get("items", [])
    except ApiRefused as refusal:
        raise failed(refusal, what="SafeRollouts") from refusal
    return items


def chosen(cluster: Cluster, name: str | None) -> str:
    """Return the SafeRollout that is meant; raise CommandFailed that lists what there is."""
    existing = names_in(cluster)
    if name is not None:
        if name in existing:
            return name
        message = f"no SafeRollout {name!r} in namespace {cluster.namespace}{nearest(name, existing)}{_listed(existing)}"
        raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE)
    if len(existing) == 1:
        return existing[0]
    if not existing:
        raise CommandFailed(f"no SafeRollout in namespace {cluster.namespace}; give another with -n", exit_code=ExitCode.BAD_USAGE)
    raise CommandFailed(
        f"namespace {cluster.namespace} has several SafeRollouts; name one{_listed(existing)}", exit_code=ExitCode.BAD_USAGE
    )


def _listed(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f" (there are: {listed})" if listed else ""


def manager_of(cluster: Cluster, workload: str) -> tuple[str, str]:
    """Return the SafeRollout that manages a workload, and the workload's name in it.

    `workload` is the name in the SafeRollout or of its object; raise CommandFailed where nothing manages it.
    """
    items = all_in(cluster)
    found = any_workload(cluster, items, workload)
    label = found["metadata"].get("labels", {}).get(LABEL_MANAGED_BY) if found else None
    for raw in items:
        name = raw["metadata"]["name"]
        inside = name_inside(raw, workload)
        if inside is not None and label in (None, name):
            return name, inside
    existing = [raw["metadata"]["name"] for raw in items]
    if label is not None and label not in existing:
        message = (
            f"{found['kind'] if found else 'Deployment'} {workload} names the SafeRollout {label!r}, which is not in namespace "
            f"{cluster.namespace}{nearest(label, existing)}"
        )
    elif label is not None:
        message = f"SafeRollout {label!r} does not list the workload {workload!r}: add it to spec.workloads"
    else:
        known = [name for raw in items for name in workload_names(raw)]
        message = f"no SafeRollout in namespace {cluster.namespace} has the workload {workload!r}{nearest(workload, known)}"
    raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE)


def workload_names(raw: Raw) -> list[str]:
    """Name the workloads of a raw SafeRollout, whether or not the rest of it can be read."""
    return [entry.get("name", "") for entry in raw.get("spec", {}).get("workloads", [])]


def name_inside(raw: Raw, workload: str) -> str | None:
    """Return a workload's name inside a raw SafeRollout, found by that name or by its object's."""
    for entry in raw.get("spec", {}).get("workloads", []):
        refers_to = (entry.get("workloadRef") or {}).get("name", entry.get("name"))
        if workload in (entry.get("name"), refers_to):
            return str(entry.get("name"))
    return None


def workload_or_none(cluster: Cluster, reference: Reference) -> Raw | None:
    """Read a workload, with its kind; None where there is none."""
    try:
        return {**cluster.read(apps_path(cluster.namespace, PLURALS[reference.kind], reference.name)), "kind": reference.kind}
    except ApiRefused as refusal:
        if refusal.status == NOT_FOUND:
            return None
        raise failed(refusal, what=f"{reference.kind} {reference.name}") from refusal


def any_workload(cluster: Cluster, documents: Iterable[Raw], name: str) -> Raw | None:
    """Read the object that a workload of these SafeRollouts is, else what of any kind has that name; None where there is none."""
    known = next((found[name] for found in map(references_of, documents) if name in found), None)
    if known is not None:
        return workload_or_none(cluster, known)
    deployment = workload_or_none(cluster, Reference("Deployment", name))
    if deployment is not None:
        return deployment
    with suppress(CommandFailed):  # whoever may not read StatefulSets has none that is meant here
        return workload_or_none(cluster, Reference("StatefulSet", name))
    return None


def failed(refusal: ApiRefused, *, what: str) -> CommandFailed:
    """Say for people why the API server refused."""
    if refusal.status == NOT_FOUND:
        return CommandFailed(f"{what}: not there; is SafeRollout installed in this cluster?", exit_code=ExitCode.FAULT)
    return CommandFailed(f"{what}: the API server said {refusal.status}: {refusal}", exit_code=ExitCode.FAULT)
