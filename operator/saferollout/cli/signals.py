"""`saferollout signals [NAME]`: which series are there for each contract and workload, what is missing, and what does that cost?"""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from saferollout.cli import options
from saferollout.cli.check import OperatorNamespace, PrometheusUrl, TokenFile, must_be_url
from saferollout.cli.checks.read_cluster import read_installations
from saferollout.cli.checks.read_releases import read_releases
from saferollout.cli.checks.say_gates import FORWARDED, port_forward
from saferollout.cli.connect import Connection, connect
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.look import console_of, look_of
from saferollout.shell.config import PrometheusConfig


def signals(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One SafeRollout; all of the namespace where absent.")] = None,
    operator_namespace: OperatorNamespace = None,
    prometheus: PrometheusUrl = None,
    token_file: TokenFile = None,
    output: Annotated[options.FindingsOutput, typer.Option("--output", "-o", help="text or json.")] = options.FindingsOutput.TEXT,
    ascii_only: options.Ascii = False,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """List for each contract and workload the series that tell how it is, what is missing and what that costs."""
    must_be_url(prometheus)
    cluster = connect(Connection(kubeconfig, context, namespace))
    releases = read_releases(cluster, name)
    operator = read_installations(cluster, namespace=operator_namespace).of(cluster.namespace)
    config = operator.prometheus if operator is not None else None
    if prometheus is None:
        message = f"--prometheus URL is needed: bring Prometheus here with `{port_forward(config)}` and give {FORWARDED}"
        raise CommandFailed(message, exit_code=ExitCode.BAD_USAGE)
    # Prometheus' client takes a while to import, which nobody else should pay.
    from saferollout.cli.checks.ask_gates import client_for
    from saferollout.cli.signal_report.ask import ask_signals
    from saferollout.cli.signal_report.tell import machine, screen

    known = config or PrometheusConfig()
    listed = ask_signals(cluster, releases, client=client_for(prometheus, known, token_file), config=known, now=datetime.now(UTC))
    if config is None:
        print("saferollout: the operator's configuration is not known, so the chart's defaults stand for its labels and series", file=sys.stderr)
    if output is options.FindingsOutput.JSON:
        print(json.dumps(machine(listed), indent=2))
    else:
        console = console_of()
        for line in screen(listed, look_of(sys.stdout, ascii_only=ascii_only)):
            console.print(line)
    return ExitCode.FAULT if any(one.trouble for one in listed) else ExitCode.DONE


def register(app: typer.Typer) -> None:
    """Put `signals` on the command line."""
    app.command()(options.ends_plainly(signals))
