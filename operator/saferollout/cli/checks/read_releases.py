"""Read the SafeRollouts of the namespace and the workloads beside them."""

from saferollout.api.nearest import nearest
from saferollout.cli.checks.found import Releases, Unread
from saferollout.cli.checks.read_cluster import attempt
from saferollout.cli.connect import Cluster, Raw, apps_path, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode


def read_releases(cluster: Cluster, name: str | None) -> Releases:
    """Read all of them, or the named one; raise CommandFailed where that one is not there."""
    namespace = cluster.namespace
    deployments, statefulsets = (_workloads(cluster, plural) for plural in ("deployments", "statefulsets"))
    listed = attempt(cluster, saferollouts_path(namespace), what=f"list saferollouts in namespace {namespace}")
    if listed is None or isinstance(listed, Unread):
        return Releases(items=listed, all_names=(), deployments=deployments, statefulsets=statefulsets)
    items = tuple(sorted(listed.get("items", []), key=lambda raw: str(raw["metadata"]["name"])))
    names = tuple(raw["metadata"]["name"] for raw in items)
    if name is not None and name not in names:
        listing = f" (there are: {', '.join(names)})" if names else ""
        message = f"no SafeRollout {name!r} in namespace {namespace}{nearest(name, names)}{listing}"
        raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE)
    chosen = tuple(raw for raw in items if name in (None, raw["metadata"]["name"]))
    return Releases(items=chosen, all_names=names, deployments=deployments, statefulsets=statefulsets)


def _workloads(cluster: Cluster, plural: str) -> tuple[Raw, ...] | Unread:
    found = attempt(cluster, apps_path(cluster.namespace, plural), what=f"list {plural} in namespace {cluster.namespace}")
    return found if isinstance(found, Unread) else tuple((found or {}).get("items", []))
