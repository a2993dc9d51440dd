"""`saferollout give-back --all`: what the chart runs before it takes the operator away."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from saferollout.cli import options
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.operator_options import Config, read_config


def give_back(
    everything: Annotated[bool, typer.Option("--all", help="Everything that this operator manages; needed, so that nobody runs it by mistake.")] = False,
    operator_deployment: Annotated[str, typer.Option("--operator-deployment", help="The operator's Deployment, in POD_NAMESPACE; stopped first.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Also in the middle of a roll; such workloads stay paused as they are.")] = False,
    config: Config = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Stop the operator and give every workload back: pace, pin, hold and labels. Pods stay as they are.

    What can't be given back is named at the end, and the operator runs on.
    """
    if not everything:
        raise CommandFailed("say --all: this stops the operator and gives back every workload that it manages", exit_code=ExitCode.BAD_USAGE)
    return asyncio.run(_give_back(config, operator_deployment, force=force, kubeconfig=kubeconfig, context=context))


async def _give_back(config: Path | None, operator_deployment: str, *, force: bool, kubeconfig: str | None, context: str | None) -> ExitCode:
    # These take a second to import, which the other commands should not pay.
    from saferollout.engine.errors import ClusterError
    from saferollout.engine.store import Place
    from saferollout.shell.connection import NoCluster, connect, load_configuration
    from saferollout.shell.patient_cluster import PatientCluster
    from saferollout.shell.uninstall import CannotGiveBack, Uninstall
    from saferollout.shell.wiring import released
    from saferollout.workloads.kinds import all_kinds

    settings = read_config(config)
    operator = Place(namespace=os.environ.get("POD_NAMESPACE", "default"), name=operator_deployment) if operator_deployment else None
    try:
        configuration = await load_configuration(kubeconfig=kubeconfig, context=context)
        async with connect(configuration, count_request=lambda verb, code: None) as cluster:
            uninstall = Uninstall(
                cluster=PatientCluster(cluster), kind=all_kinds(), workloads=released(settings), restart_annotations=settings.all_restart_annotations,
                watched=settings.watch_namespaces, clock=lambda: datetime.now(UTC), tell=print,
            )
            with _stopping_when_told():
                await uninstall.run(operator=operator, force=force)
    except asyncio.CancelledError as cancelled:
        raise CommandFailed("was told to stop before everything was given back: try again", exit_code=ExitCode.FAULT) from cancelled
    except (CannotGiveBack, ClusterError, NoCluster) as error:
        raise CommandFailed(str(error), exit_code=ExitCode.FAULT) from error
    return ExitCode.DONE


@contextmanager
def _stopping_when_told() -> Iterator[None]:
    """Have the signals end what is under way as an error does: the Job's time may be up while the operator is stopped."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("needs a task to stop")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("give-back", hidden=True)(options.ends_plainly(give_back))
