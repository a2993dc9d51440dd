"""`saferollout check [NAME]`: is everything there that a release needs, and what is the way out where it is not?"""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from saferollout.cli import options
from saferollout.cli.checks.found import Asked, Found, Installation, Releases
from saferollout.cli.checks.lines import Check, Level, Section, WayOut, count, failed
from saferollout.cli.checks.read_cluster import read_definition, read_installations, read_server
from saferollout.cli.checks.read_holding import read_holding
from saferollout.cli.checks.read_releases import read_releases
from saferollout.cli.checks.read_rights import read_rights
from saferollout.cli.checks.report import machine, screen, sections_of
from saferollout.cli.checks.say_gates import FORWARDED
from saferollout.cli.connect import Cluster, Connection, connect
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.look import console_of, look_of
from saferollout.shell.config import PrometheusConfig

_WEB: Final = ("http://", "https://")

OperatorNamespace = Annotated[
    str | None, typer.Option("--operator-namespace", help="Where the operator is installed; everywhere is looked where absent.")
]
PrometheusUrl = Annotated[
    str | None, typer.Option("--prometheus", metavar="URL", help="A Prometheus to ask from here, for example through a port-forward.")
]
TokenFile = Annotated[Path | None, typer.Option("--prometheus-token-file", metavar="FILE", exists=True, dir_okay=False, help="A bearer token for --prometheus.")]


def check(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One SafeRollout; all of the namespace where absent.")] = None,
    operator_namespace: OperatorNamespace = None,
    prometheus: PrometheusUrl = None,
    token_file: TokenFile = None,
    output: Annotated[options.FindingsOutput, typer.Option("--output", "-o", help="text or json.")] = options.FindingsOutput.TEXT,
    ascii_only: options.Ascii = False,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Check installation, versions, hold mode, rights, SafeRollouts and the series of gates: exit code 1 where something is wrong."""
    must_be_url(prometheus)
    if token_file is not None and prometheus is None:
        raise CommandFailed("--prometheus-token-file is for --prometheus: give both", exit_code=ExitCode.BAD_USAGE)
    cluster = connect(Connection(kubeconfig, context, namespace))
    sections = _sections(cluster, name, operator_namespace=operator_namespace, prometheus=prometheus, token_file=token_file)
    if output is options.FindingsOutput.JSON:
        print(json.dumps(machine(sections), indent=2))
    else:
        console = console_of()
        for line in screen(sections, look_of(sys.stdout, ascii_only=ascii_only)):
            console.print(line)
    return ExitCode.FAULT if count(sections, Level.FAILED) else ExitCode.DONE


def must_be_url(prometheus: str | None) -> None:
    """Refuse a --prometheus that is no URL; raise CommandFailed."""
    if prometheus is not None and not prometheus.startswith(_WEB):
        raise CommandFailed(f"--prometheus takes a URL such as {FORWARDED}, not {prometheus!r}", exit_code=ExitCode.BAD_USAGE)


def _sections(
    cluster: Cluster, name: str | None, *, operator_namespace: str | None, prometheus: str | None, token_file: Path | None
) -> Sequence[Section]:
    try:
        server = read_server(cluster)
    except CommandFailed as unreachable:
        line = failed(Check.SERVER, f"{unreachable}; nothing else was checked", WayOut("try", "kubectl version"))
        return (Section("Server", (line,)),)
    releases = read_releases(cluster, name)
    installations = read_installations(cluster, namespace=operator_namespace)
    operator, now = installations.of(cluster.namespace), datetime.now(UTC)
    asked = None if prometheus is None else _ask(cluster, releases, prometheus, token_file, operator=operator, now=now)
    found = Found(
        namespace=cluster.namespace, now=now, server=server, definition=read_definition(cluster), installations=installations,
        holding=read_holding(cluster), rights=read_rights(cluster, operator), releases=releases, asked=asked,
    )  # fmt: skip
    return sections_of(found)


def _ask(
    cluster: Cluster, releases: Releases, url: str, token_file: Path | None, *, operator: Installation | None, now: datetime
) -> Asked:
    # Prometheus' client takes a while to import, which nobody else should pay.
    from saferollout.cli.checks.ask_gates import ask_gates, client_for

    config = operator.prometheus if operator is not None else None
    client = client_for(url, config or PrometheusConfig(), token_file)
    return ask_gates(cluster, releases, url=url, client=client, config=config, now=now)


def register(app: typer.Typer) -> None:
    """Put `check` on the command line."""
    app.command()(options.ends_plainly(check))
