"""Options that several commands share, and how each command ends: one sentence on stderr and an exit code."""

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Annotated, ParamSpec

import typer

from saferollout.cli.connect import ApiRefused
from saferollout.cli.exit_codes import CommandFailed, ExitCode

P = ParamSpec("P")


class Output(StrEnum):
    """Who reads the answer."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


class FindingsOutput(StrEnum):
    """Who reads the findings."""

    TEXT = "text"
    JSON = "json"


Namespace = Annotated[str | None, typer.Option("--namespace", "-n", help="Namespace; the one of the kubeconfig's context where absent.")]
Kubeconfig = Annotated[str | None, typer.Option("--kubeconfig", help="Path of the kubeconfig; where absent KUBECONFIG, then the default place, then (inside a pod) the pod's own service account.")]
Context = Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig; its current one where absent.")]
Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The SafeRollout; may be left out where the namespace has one.")]
SafeRolloutOption = Annotated[str | None, typer.Option("--saferollout", "-s", help="The SafeRollout, where the namespace has several.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait for the operator's answer.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Only ASCII symbols; by itself so on dumb terminals and where the encoding has no others.")]


def ends_plainly(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Turn the outcome of a command into the process's exit code, and expected failures into one sentence."""

    @wraps(command)
    def ending(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except CommandFailed as failure:
            print(f"saferollout: {failure}", file=sys.stderr)
            code = failure.exit_code
        except ApiRefused as refusal:
            print(f"saferollout: the API server said {refusal.status}: {refusal}", file=sys.stderr)
            code = ExitCode.FAULT
        raise typer.Exit(int(code))

    return ending
