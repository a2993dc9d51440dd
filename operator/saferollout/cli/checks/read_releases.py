"""Read the SafeRollouts of the namespace and the Deployments beside them."""

from saferollout.api.nearest import nearest
from saferollout.cli.checks.found import Releases, Unread
from saferollout.cli.checks.read_cluster import attempt
from saferollout.cli.connect import Cluster, apps_path, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode


def read_releases(cluster: Cluster, name: str | None) -> Releases:
    """Read all of them, or the named one; raise CommandFailed where that one is not there."""
    namespace = cluster.namespace
    deployments = attempt(cluster, apps_path(namespace, "deployments"), what=f"list deployments in namespace {namespace}")
    workloads = deployments if isinstance(deployments, Unread) else tuple((deployments or {}).get("items", []))
    listed = attempt(cluster, saferollouts_path(namespace), what=f"list saferollouts in namespace {namespace}")
    if listed is None or isinstance(listed, Unread):
        return Releases(items=listed, all_names=(), deployments=workloads)
    items = tuple(sorted(listed.get("items", []), key=lambda raw: str(raw["metadata"]["name"])))
    names = tuple(raw["metadata"]["name"] for raw in items)
    if name is not None and name not in names:
        listing = f" (there are: {', '.join(names)})" if names else ""
        message = f"no SafeRollout {name!r} in namespace {namespace}{nearest(name, names)}{listing}"
        raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE)
    chosen = tuple(raw for raw in items if name in (None, raw["metadata"]["name"]))
    return Releases(items=chosen, all_names=names, deployments=workloads)
