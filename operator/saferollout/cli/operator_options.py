"""Options of the two commands that run inside the cluster."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saferollout.cli.exit_codes import CommandFailed, ExitCode

if TYPE_CHECKING:
    from saferollout.shell.config import OperatorConfig

Config = Annotated[Path | None, typer.Option("--config", help="The operator's configuration; everything has a default.")]


def read_config(path: Path | None) -> "OperatorConfig":
    """Read the configuration, or end with the keys that are wrong."""
    from saferollout.shell.config import InvalidConfig, OperatorConfig

    try:
        return OperatorConfig.load(path)
    except InvalidConfig as error:
        raise CommandFailed(str(error), exit_code=ExitCode.BAD_USAGE) from error
