"""`saferollout explain WORKLOAD`: why is this workload paused, held or paced, and what would let it go?"""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer
import yaml
from rich.console import Group

from saferollout.api.names import LABEL_MANAGED_BY
from saferollout.api.nearest import nearest
from saferollout.cli import options
from saferollout.cli.choose import all_in, any_workload, name_inside
from saferollout.cli.connect import ApiRefused, Cluster, Connection, Raw, apps_path, connect, pods_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.explanation import Explanation, explanation
from saferollout.cli.explanation_screen import explanation_screen
from saferollout.cli.finding_screen import finding_of
from saferollout.cli.live_workloads import PLURALS, has_policies, heartbeat_of, references_of, revisions_path, view_of
from saferollout.cli.look import console_of, look_of
from saferollout.cli.picture import picture_of
from saferollout.cli.seen import Seen
from saferollout.core.views import WorkloadView


def explain(
    workload: Annotated[str, typer.Argument(metavar="WORKLOAD", help="Name of the Deployment or StatefulSet, or of the workload in its SafeRollout.")],
    output: Annotated[options.Output, typer.Option("--output", "-o", help="text for people, json or yaml for scripts.")] = options.Output.TEXT,
    ascii_only: options.Ascii = False,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Say why a workload is paused, held or paced, what it waits for, and how to break the glass."""
    found = explanation(look(connect(Connection(kubeconfig, context, namespace)), workload))
    match output:
        case options.Output.TEXT:
            console_of().print(Group(*explanation_screen(found, look_of(sys.stdout, ascii_only=ascii_only))))
        case options.Output.JSON:
            print(json.dumps(machine(found), indent=2))
        case options.Output.YAML:
            print(yaml.safe_dump(machine(found), sort_keys=False), end="")
    return ExitCode.DONE


def look(cluster: Cluster, workload: str) -> Seen:
    """Read everything an explanation rests on; raise CommandFailed where nothing has that name."""
    documents = all_in(cluster)
    found = any_workload(cluster, documents, workload)
    label = (found["metadata"].get("labels") or {}).get(LABEL_MANAGED_BY, "") if found else ""
    manager = next((raw for raw in documents if _is_manager(raw, label, workload)), None)
    if found is None and manager is None:
        raise CommandFailed(_no_such_workload(cluster, documents, workload), exit_code=ExitCode.BAD_USAGE)
    now = datetime.now(UTC)
    return Seen(
        workload=(manager and name_inside(manager, workload)) or workload,
        kind=found["kind"] if found else "Deployment",
        object=found["metadata"]["name"] if found else "",
        namespace=cluster.namespace,
        annotations=(found["metadata"].get("annotations") or {}) if found else {},
        view=_view(cluster, found) if found else None,
        label=label,
        saferollouts=tuple(sorted(raw["metadata"]["name"] for raw in documents)),
        picture=picture_of(manager, now=now, heartbeat=heartbeat_of(cluster)) if manager else None,
        policies=has_policies(cluster),
        listed=manager is not None and name_inside(manager, workload) is not None,
    )


def _is_manager(raw: Raw, label: str, workload: str) -> bool:
    return raw["metadata"]["name"] == label if label else name_inside(raw, workload) is not None


def _view(cluster: Cluster, found: Raw) -> WorkloadView:
    try:
        revisions = cluster.read(revisions_path(cluster.namespace, found["kind"])).get("items", [])
        pods = cluster.read(pods_path(cluster.namespace)).get("items", [])
    except ApiRefused:
        revisions, pods = [], []
    return view_of(found, kind=found["kind"], revisions=revisions, pods=pods)


def _no_such_workload(cluster: Cluster, documents: list[Raw], workload: str) -> str:
    existing = {name for raw in documents for name in references_of(raw)}
    for plural in PLURALS.values():
        with suppress(ApiRefused):
            existing |= {item["metadata"]["name"] for item in cluster.read(apps_path(cluster.namespace, plural)).get("items", [])}
    return f"no Deployment, no StatefulSet and no workload {workload!r} in namespace {cluster.namespace}{nearest(workload, existing)}"


def machine(found: Explanation) -> dict[str, object]:
    """Return what scripts get."""
    finding = finding_of(found.found_in) if found.found_in is not None else None
    return {
        "workload": found.workload,
        "saferollout": found.saferollout,
        "verdict": found.verdict.value,
        "sentence": found.sentence,
        "facts": [{"about": about, "sentence": sentence} for about, sentence in found.facts],
        "finding": finding.model_dump(mode="json", by_alias=True, exclude_none=True) if finding is not None else None,
        "commands": [{"command": command, "purpose": purpose} for command, purpose in found.commands],
    }


def register(app: typer.Typer) -> None:
    """Put `explain` on the command line."""
    app.command()(options.ends_plainly(explain))
