"""`saferollout run`: the operator itself."""

import asyncio
import os
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from saferollout.cli import options
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.operator_options import Config, read_config

if TYPE_CHECKING:
    from saferollout.shell.config import OperatorConfig


def run(
    config: Config = None,
    log_format: Annotated[str, typer.Option("--log-format", help="json or console.")] = "json",
    kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Run the operator until it is asked to stop. Several may run; the one that holds the Lease acts."""
    from saferollout.shell.logging import LogFormat, configure_logging

    settings = read_config(config)
    if log_format not in {known.value for known in LogFormat}:
        raise CommandFailed(f"--log-format is json or console, not {log_format!r}", exit_code=ExitCode.BAD_USAGE)
    configure_logging(level=settings.log_level, log_format=LogFormat(log_format))
    return ExitCode(asyncio.run(_run(settings, kubeconfig=kubeconfig, context=context)))


async def _run(settings: "OperatorConfig", *, kubeconfig: str | None, context: str | None) -> int:
    # These take a second to import, which the other commands should not pay.
    from saferollout.core import decide as core
    from saferollout.shell.app import run_operator
    from saferollout.shell.connection import NoCluster, load_configuration
    from saferollout.shell.observer import PrometheusObserver, observer_for
    from saferollout.shell.wiring import Identity

    class Brain:
        """The pure core, as the engine asks for it."""

        questions = staticmethod(core.questions)
        follow_up = staticmethod(core.follow_up)
        decide = staticmethod(core.decide)

    identity = Identity(name=os.environ.get("POD_NAME") or socket.gethostname(), namespace=os.environ.get("POD_NAMESPACE") or "default")
    try:
        configuration = await load_configuration(kubeconfig=kubeconfig, context=context)
    except NoCluster as error:
        raise CommandFailed(f"no cluster to run in: {error}", exit_code=ExitCode.BAD_USAGE) from error
    observer = observer_for(settings.prometheus)
    try:
        return await run_operator(settings, configuration=configuration, identity=identity, brain=Brain(), observer=observer)
    finally:
        if isinstance(observer, PrometheusObserver):
            observer.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run", hidden=True)(options.ends_plainly(run))
