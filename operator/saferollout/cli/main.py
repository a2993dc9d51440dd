"""The command line: one executable, also as `kubectl safe-rollout`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from saferollout import __version__
from saferollout.cli import check, explain, gate, give_back, lint, plan, run, running, signals, status

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"saferollout {__version__}")
        raise typer.Exit


@app.callback()
def common(
    shown: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Release several Kubernetes workloads together, in an order proved from the contracts they share."""


for part in (plan, status, explain, check, signals, running, lint, gate, run, give_back):
    part.register(app)


def program_name(executable: str) -> str:
    """Return how the user calls the program: kubectl's plug-ins are named by their file."""
    return "kubectl safe-rollout" if Path(executable).stem.startswith("kubectl-") else "saferollout"


def main() -> None:
    """Run the command line."""
    app(prog_name=program_name(sys.argv[0]))
