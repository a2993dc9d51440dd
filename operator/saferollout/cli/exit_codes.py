"""What the commands tell a script; docs/reference/cli.md is generated from this table."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """The exit code of a command."""

    DONE = 0
    FAULT = 1
    BAD_USAGE = 2
    FINDINGS = 3
    REFUSED = 4
    NO_ANSWER = 5
    ROLLED_BACK = 6
    STOPPED = 7
    TIMEOUT_WAITING = 8
    TIMEOUT_MOVING = 9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an exit code means where one of these commands ends with it; no commands: every other one."""

    code: int
    meaning: str
    commands: tuple[str, ...] = ()


_SPEAKING: Final = ("pause", "resume", "abort", "rollback", "retry", "approve", "expedite", "forward", "restart")
_ON_A_CLUSTER: Final = ("status", "explain", "check", "signals", *_SPEAKING, "give-back")

OUTCOMES: Final = (
    Outcome(ExitCode.DONE, "the status was read; with `--watch`: the release has ended well", ("status",)),
    Outcome(ExitCode.DONE, "accepted", ("plan", *_SPEAKING)),
    Outcome(ExitCode.DONE, "clean, or warnings only", ("lint",)),
    Outcome(ExitCode.DONE, "all tests passed", ("gate test",)),
    Outcome(ExitCode.DONE, "all well, or notes and warnings only", ("check",)),
    Outcome(ExitCode.DONE, "listed, whatever is missing", ("signals",)),
    Outcome(ExitCode.DONE, "it was asked to stop", ("run",)),
    Outcome(ExitCode.DONE, "done"),
    Outcome(ExitCode.FAULT, "the cluster can't be reached or said no", _ON_A_CLUSTER),
    Outcome(ExitCode.FAULT, "Prometheus gave no full answer, or there is no SafeRollout", ("signals",)),
    Outcome(ExitCode.FAULT, "with `--strict`: there are warnings", ("lint",)),
    Outcome(ExitCode.FAULT, "a test failed", ("gate test",)),
    Outcome(ExitCode.FAULT, "something is wrong", ("check",)),
    Outcome(ExitCode.FAULT, "a part ended that should not", ("run",)),
    Outcome(ExitCode.BAD_USAGE, "the Lease was lost, or the configuration is wrong, or there is no cluster to run in", ("run",)),
    Outcome(ExitCode.BAD_USAGE, "bad usage: arguments, a file that can't be read, a name that does not exist"),
    Outcome(ExitCode.FINDINGS, "there are errors", ("lint",)),
    Outcome(ExitCode.FINDINGS, "refused, with the counter-example and a repair", ("plan",)),
    Outcome(ExitCode.REFUSED, "the operator refused the command; its sentence says why", _SPEAKING),
    Outcome(ExitCode.NO_ANSWER, "nobody answered in time, or the same command still waits for an answer", _SPEAKING),
    Outcome(ExitCode.ROLLED_BACK, "with `--watch`: the release was rolled back", ("status",)),
    Outcome(ExitCode.STOPPED, "with `--watch`: the release failed or was refused, and goes on only by somebody's hand", ("status",)),
    Outcome(
        ExitCode.TIMEOUT_WAITING, "with `--watch`: `--timeout` is over and the release waits, is paused or wants an approval", ("status",)
    ),
    Outcome(ExitCode.TIMEOUT_MOVING, "with `--watch`: `--timeout` is over and the release was still going on", ("status",)),
)


def outcomes(command: str) -> tuple[Outcome, ...]:
    """Return how a command can end, by code; what is said of the command itself wins over what is said of all."""
    own = [outcome for outcome in OUTCOMES if command in outcome.commands]
    common = [outcome for outcome in OUTCOMES if not outcome.commands and outcome.code not in {one.code for one in own}]
    return tuple(sorted([*own, *common], key=lambda outcome: outcome.code))


class CommandFailed(Exception):
    """A command that ends here: one sentence for people and an exit code for scripts."""

    def __init__(self, message: str, *, exit_code: ExitCode) -> None:
        self.exit_code = exit_code
        super().__init__(message)
