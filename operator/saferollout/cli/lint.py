"""`saferollout lint FILES...`: what the operator would refuse, and what will surprise, before anything is applied."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.text import Text

from saferollout.cli import options
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.lint_manifests import saferollouts_among, synced_among, workloads_among
from saferollout.cli.look import console_of
from saferollout.cli.manifests import BadInput, Manifest, read_manifests
from saferollout.cli.positions import Positions, positions_in
from saferollout.core.lint import lint as checked
from saferollout.core.lint_findings import Finding, Severity
from saferollout.core.lint_renamed import renamed
from saferollout.core.lint_waves import waits


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and the line it stands on; 0 where that is not known (standard input)."""

    finding: Finding
    line: int


def lint(
    files: Annotated[list[str], typer.Argument(metavar="FILES...", help="Files or folders of manifests; - is standard input.")],
    output: Annotated[options.FindingsOutput, typer.Option("--output", "-o", help="text for people, json for scripts.")] = options.FindingsOutput.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings make the exit code 1.")] = False,
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Namespace of manifests that name none.")] = "",
    live: Annotated[str | None, typer.Option("--live", metavar="PATH", help="What runs: finds services that FILES would rename.")] = None,
) -> ExitCode:  # fmt: skip
    """Check SafeRollouts and workloads offline: schema, references, PromQL, declarations, labels, strategies."""
    try:
        manifests = [manifest for path in files for manifest in read_manifests(path)]
        saferollouts, workloads = saferollouts_among(manifests, namespace=namespace), workloads_among(manifests, namespace=namespace)
        before = workloads_among(read_manifests(live), namespace=namespace) if live else []
        synced = synced_among(manifests, namespace=namespace)
        found = (*checked(saferollouts, workloads), *renamed(saferollouts, workloads, before=before), *waits(saferollouts, workloads, synced))
    except BadInput as bad:
        raise CommandFailed(str(bad), exit_code=ExitCode.BAD_USAGE) from bad
    located = locate(found, manifests)
    if output is options.FindingsOutput.JSON:
        print(json.dumps(machine(located), indent=2))
    else:
        _print(located, len(manifests))
    return _exit_code(found, strict=strict)


def locate(found: Iterable[Finding], manifests: Sequence[Manifest]) -> list[Located]:
    """Add to each finding the line that its field stands on."""
    sources = dict.fromkeys(manifest.source for manifest in manifests)
    positions = {source: positions_in(source) for source in sources}

    def line(finding: Finding) -> int:
        kind, _, name = finding.about.partition(" ")
        known = positions[finding.place.file].get((finding.place.document, kind, name), Positions())
        return known.line(finding.field, within=finding.line_within)

    return [Located(finding, line(finding)) for finding in found]


def machine(located: Sequence[Located]) -> dict[str, Any]:
    """Return what scripts get."""
    findings = [
        {
            "severity": entry.finding.severity.value,
            "code": entry.finding.code.value,
            "file": entry.finding.place.file,
            "document": entry.finding.place.document,
            "line": entry.line,
            "object": entry.finding.about,
            "field": entry.finding.field,
            "message": entry.finding.message,
        }
        for entry in located
    ]
    errors, warnings = _counts(entry.finding for entry in located)
    return {"errors": errors, "warnings": warnings, "findings": findings}


def _print(located: Sequence[Located], objects: int) -> None:
    console = console_of()
    for entry in located:
        finding = entry.finding
        place = f"{finding.place.file}:{entry.line}" if entry.line else f"{finding.place.file}, document {finding.place.document}"
        word = Text(finding.severity.value, style="bold red" if finding.severity is Severity.ERROR else "bold yellow")
        console.print(Text(f"{place}: ") + word + Text(f" {finding.code}: {finding.about}, {finding.field}: {finding.message}"))
    errors, warnings = _counts(entry.finding for entry in located)
    console.print(Text(f"{_many(objects, 'object')}: {_many(errors, 'error')}, {_many(warnings, 'warning')}"))


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _counts(found: Iterable[Finding]) -> tuple[int, int]:
    severities = [finding.severity for finding in found]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def _exit_code(found: Iterable[Finding], *, strict: bool) -> ExitCode:
    errors, warnings = _counts(found)
    if errors:
        return ExitCode.FINDINGS
    return ExitCode.FAULT if warnings and strict else ExitCode.DONE


def register(app: typer.Typer) -> None:
    """Put `lint` on the command line."""
    app.command()(options.ends_plainly(lint))
