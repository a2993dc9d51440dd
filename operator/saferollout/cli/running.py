"""The commands that speak to a running release."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from saferollout.api.status import CommandResult
from saferollout.cli import options
from saferollout.cli.choose import chosen, manager_of
from saferollout.cli.connect import Cluster, Connection, connect, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.headline import approvable, headline, helpful_commands, proof_subject
from saferollout.cli.picture import Picture, picture_of
from saferollout.cli.say import Saying, Verb, Waiting, answer, say

Subject = Annotated[str, typer.Argument(metavar="[SUBJECT]", help="gate/NAME or Prove/CONTRACT/VERSION; may be left out where one waits.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it goes on record.")]
NeededReason = Annotated[str, typer.Option("--reason", "-r", help="Why; it goes on record, so it is required.")]
_PATIENCE_SECONDS = 30.0


_HELP: Final = {
    Verb.PAUSE: "Start nothing new; a step under way stops where it is. Gates and abort go on.",
    Verb.RESUME: "Go on after a pause.",
    Verb.ABORT: "Stop the release and take back what it rolled, down to the rollback floor. Works in every state.",
    Verb.ROLLBACK: "Go back to what ran before, also where the release had stopped and waited for a person.",
    Verb.RETRY: "Try a failed template once more, unchanged.",
}


def _about_the_release(verb: Verb) -> Callable[..., ExitCode]:
    """Make the command of a verb that needs no subject."""

    def command(
        name: options.Name = None, reason: Reason = "", timeout: options.Timeout = _PATIENCE_SECONDS,
        namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
    ) -> ExitCode:  # fmt: skip
        return _speak(connect(Connection(kubeconfig, context, namespace)), verb, name=name, reason=reason, timeout=timeout)

    return command


def approve(
    subject: Subject = "",
    saferollout: options.SafeRolloutOption = None, reason: Reason = "", timeout: options.Timeout = _PATIENCE_SECONDS,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Go on past a gate that can't tell, a gate that failed before the first step, or a proof that nobody can give."""
    cluster = connect(Connection(kubeconfig, context, namespace))
    name = chosen(cluster, saferollout)
    if not subject:
        subject = _the_one_that_waits(picture_of(cluster.read(saferollouts_path(cluster.namespace, name)), now=datetime.now(UTC)))
    return _speak(cluster, Verb.APPROVE, name=name, reason=reason, subject=proof_subject(subject), timeout=timeout)


def expedite(
    reason: NeededReason, name: options.Name = None, timeout: options.Timeout = _PATIENCE_SECONDS,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Emergency lane: no bakes, no waiting for gates that can't tell. The order stays, and it goes on record."""
    if not reason.strip():
        raise CommandFailed("expedite needs a --reason that is more than blanks", exit_code=ExitCode.BAD_USAGE)
    return _speak(connect(Connection(kubeconfig, context, namespace)), Verb.EXPEDITE, name=name, reason=reason, timeout=timeout)


def forward(
    reason: NeededReason, name: options.Name = None, timeout: options.Timeout = _PATIENCE_SECONDS,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Finish the rolls under way, whatever gates and the analysis say: where old pods can't read what new ones wrote. It goes on record."""
    if not reason.strip():
        raise CommandFailed("forward needs a --reason that is more than blanks", exit_code=ExitCode.BAD_USAGE)
    return _speak(connect(Connection(kubeconfig, context, namespace)), Verb.FORWARD, name=name, reason=reason, timeout=timeout)


def restart(
    workload: Annotated[str, typer.Argument(metavar="WORKLOAD", help="Name in the SafeRollout, or of the Deployment.")],
    reason: Reason = "", timeout: options.Timeout = _PATIENCE_SECONDS,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Restart the pods that run, even while a new template is held; the held one stays held."""
    cluster = connect(Connection(kubeconfig, context, namespace))
    name, subject = manager_of(cluster, workload)
    return _speak(cluster, Verb.RESTART, name=name, reason=reason, subject=subject, timeout=timeout)


def _speak(cluster: Cluster, verb: Verb, *, name: str | None, reason: str, timeout: float, subject: str = "") -> ExitCode:
    """Say it, wait for the answer, print what was done and what comes next."""
    saferollout = chosen(cluster, name)
    saying = Saying(verb=verb, id=uuid.uuid4().hex, time=datetime.now(UTC), reason=reason.strip(), subject=subject)
    say(cluster, saying, name=saferollout)
    waiting = Waiting(timeout_seconds=timeout, clock=time.monotonic, sleep=time.sleep)
    result, picture = answer(cluster, saying, name=saferollout, waiting=waiting)
    print("\n".join(told(verb, result, picture)))
    return ExitCode.DONE if result.accepted else ExitCode.REFUSED


def told(verb: Verb, result: CommandResult, picture: Picture) -> list[str]:
    """Say what the operator answered, where the release is now, and what one can do next."""
    outcome = "accepted" if result.accepted else "refused"
    lines = [f"{verb} {outcome}: {result.message or 'no reason given'}", f"now: {headline(picture)}"]
    lines.extend(f"next: {command}  # {purpose}" for command, purpose in helpful_commands(picture))
    lines.append(f"watch: saferollout status {picture.name} -n {picture.namespace} --watch")
    return lines


def _the_one_that_waits(picture: Picture) -> str:
    waiting = approvable(picture)
    if len(waiting) == 1:
        return waiting[0]
    if not waiting:
        raise CommandFailed(
            f"nothing in SafeRollout {picture.name} waits for an approval; {headline(picture)}", exit_code=ExitCode.BAD_USAGE
        )
    raise CommandFailed(f"several things wait for an approval; name one: {', '.join(waiting)}", exit_code=ExitCode.BAD_USAGE)


def register(app: typer.Typer) -> None:
    """Put the commands for a running release on the command line."""
    for verb, explanation in _HELP.items():
        app.command(verb.value, help=explanation)(options.ends_plainly(_about_the_release(verb)))
    for command in (approve, expedite, forward, restart):
        app.command()(options.ends_plainly(command))
