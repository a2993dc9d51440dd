"""`saferollout plan`: the release's order, or the reason why there is none, from manifests alone."""

import json
import sys
from collections.abc import Sequence
from enum import IntEnum, StrEnum
from functools import wraps
from typing import Annotated, Any

import typer
import yaml

from saferollout.api.declaration import nearest
from saferollout.api.spec import RollbackScope
from saferollout.cli.manifests import BadInput, read_all
from saferollout.cli.offline import OfflineWorld, offline_world
from saferollout.cli.plan_data import plan_data, refused_templates, rollback_data
from saferollout.cli.plan_text import plan_mermaid, plan_text, rollback_text
from saferollout.core.foresight import if_failed
from saferollout.core.planner import plan as plan_world
from saferollout.core.plans import Plan


class PlanExit(IntEnum):
    """The exit codes of `plan`, fixed by kernel.md section 9."""

    ACCEPTED = 0
    BAD_INPUT = 2
    REFUSED = 3


class PlanOutput(StrEnum):
    """How a plan is written."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MERMAID = "mermaid"


def plan(
    live: Annotated[
        list[str], typer.Option("--live", metavar="PATH", help="What runs: a file or folder of manifests, - for standard input. May be given several times.")
    ],
    desired: Annotated[list[str], typer.Option("--desired", metavar="PATH", help="What Git wants: the same.")],
    output: Annotated[PlanOutput, typer.Option("--output", "-o", help="How the plan is written.")] = PlanOutput.TEXT,
    failing: Annotated[str | None, typer.Option("--if-failed", metavar="WORKLOAD", help="What goes back if it fails in its roll.")] = None,
    scope: Annotated[RollbackScope | None, typer.Option("--scope", help="With --if-failed; else the spec's rollbackScope.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Which SafeRollout, where the manifests hold several.")] = None,
) -> int:  # fmt: skip
    """Plan a release offline: exit code 0 accepted, 3 refused, 2 bad input."""
    try:
        offline = _read(live, desired, name)
        answer = refused_templates(offline.problems) if offline.problems else plan_world(offline.world)
        if failing is None or not answer.accepted:
            _write_plan(answer, offline, output)
            return PlanExit.ACCEPTED if answer.accepted else PlanExit.REFUSED
        _write_rollback(answer, offline, output, failing, scope or offline.saferollout.spec.rollback_scope)
    except BadInput as error:
        print(f"bad input: {error}", file=sys.stderr)
        return PlanExit.BAD_INPUT
    return PlanExit.ACCEPTED


def _read(live: Sequence[str], desired: Sequence[str], name: str | None) -> OfflineWorld:
    if "-" in live and "-" in desired:
        raise BadInput("--live and --desired can't both be standard input")
    return offline_world(read_all(live), read_all(desired), name=name)


def _write_plan(answer: Plan, offline: OfflineWorld, output: PlanOutput) -> None:
    match output:
        case PlanOutput.TEXT:
            sys.stdout.write(plan_text(answer, name=offline.saferollout.name or "SafeRollout", notes=offline.notes))
        case PlanOutput.MERMAID:
            sys.stdout.write(plan_mermaid(answer))
        case _:
            _write_data(plan_data(answer), output, offline.notes)


def _write_rollback(answer: Plan, offline: OfflineWorld, output: PlanOutput, failing: str, scope: RollbackScope) -> None:
    names = tuple(workload.name for workload in offline.saferollout.spec.workloads)
    if failing not in names:
        guess = nearest(failing, names) or f"; it has {', '.join(names)}"
        raise BadInput(f"--if-failed: the SafeRollout has no workload {failing}{guess}")
    rollback = if_failed(offline.world, answer, workload=failing, scope=scope)
    rolls = any(step.id == f"Roll/{failing}" for step in answer.steps)
    notes = offline.notes if rolls else (*offline.notes, f"{failing} does not roll in this release, so nothing goes back.")
    if output in (PlanOutput.JSON, PlanOutput.YAML):
        _write_data(rollback_data(rollback), output, notes)
        return
    if output is PlanOutput.MERMAID:
        raise BadInput("--if-failed has no diagram: use -o text, json or yaml")
    sys.stdout.write(rollback_text(rollback, failed=failing, scope=scope, notes=notes))


def _write_data(data: dict[str, Any], output: PlanOutput, notes: Sequence[str]) -> None:
    # Notes go beside the data, whose shape scripts rely on.
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if output is PlanOutput.JSON:
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        print(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000), end="")


def register(app: typer.Typer) -> None:
    """Put `plan` on the command line."""

    @wraps(plan)
    def command(**given: Any) -> None:
        raise typer.Exit(plan(**given))

    app.command(name="plan")(command)
