"""What the commands for a running release tell a script: docs/commands.md repeats this table."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command."""

    DONE = 0
    FAULT = 1
    """The cluster could not be reached or said no; for `lint --strict`: warnings; for `gate test`: a test failed."""
    BAD_USAGE = 2
    """The arguments make no sense, a file can't be read, or what was named does not exist."""
    FINDINGS = 3
    """`lint` found an error."""
    REFUSED = 4
    """The operator refused the command, with its sentence."""
    NO_ANSWER = 5
    """The command was written, and nobody took it in time."""
    ROLLED_BACK = 6
    """`status --watch`: the release went back."""
    STOPPED = 7
    """`status --watch`: the release failed or was refused; it goes on only by somebody's hand."""
    TIMEOUT_WAITING = 8
    """`status --watch --timeout`: time is up and the release waits, is paused or wants an approval."""
    TIMEOUT_MOVING = 9
    """`status --watch --timeout`: time is up and the release was still going on."""


class CommandFailed(Exception):
    """A command that ends here: one sentence for people and an exit code for scripts."""

    def __init__(self, message: str, *, exit_code: ExitCode) -> None:
        self.exit_code = exit_code
        super().__init__(message)
