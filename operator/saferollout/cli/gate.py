"""`saferollout gate test FILE...`: what a gate says, and what its release does, for measurements that a file tells."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from saferollout.cli import options
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.gate_tests.check import Result, check
from saferollout.cli.gate_tests.reading import read_cases
from saferollout.cli.gate_tests.report import junit, machine, screen
from saferollout.cli.look import console_of, look_of
from saferollout.cli.manifests import BadInput

group = typer.Typer(no_args_is_help=True, help="Gates, offline.")


def test(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Gate test files, or folders of them; - is standard input.")],
    output: Annotated[options.FindingsOutput, typer.Option("--output", "-o", help="text for people, json for scripts.")] = options.FindingsOutput.TEXT,
    junit_file: Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write the results as JUnit's XML, too.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell what happened also where a test has passed.")] = False,
    ascii_only: options.Ascii = False,
) -> ExitCode:  # fmt: skip
    """Run unit tests of gates: exit code 0 all passed, 1 some failed, 2 bad input."""
    try:
        cases = [case for path in files for case in read_cases(path)]
        results = [check(case) for case in cases]
    except BadInput as bad:
        raise CommandFailed(str(bad), exit_code=ExitCode.BAD_USAGE) from bad
    if junit_file is not None:
        _write(junit_file, results)
    if output is options.FindingsOutput.JSON:
        print(json.dumps(machine(results), indent=2))
    else:
        console = console_of()
        for line in screen(results, look_of(sys.stdout, ascii_only=ascii_only), verbose=verbose):
            console.print(line)
    return ExitCode.DONE if all(result.passed for result in results) else ExitCode.FAULT


def _write(path: str, results: list[Result]) -> None:
    try:
        Path(path).write_bytes(junit(results))
    except OSError as error:
        raise CommandFailed(f"--junit {path}: can't be written: {error.strerror}", exit_code=ExitCode.BAD_USAGE) from error


def register(app: typer.Typer) -> None:
    """Put `gate test` on the command line."""
    group.command(name="test")(options.ends_plainly(test))
    # A callback keeps `test` a command of its own although it is the only one.
    group.callback()(_gates)
    app.add_typer(group, name="gate")


def _gates() -> None:
    """Gates, offline."""
