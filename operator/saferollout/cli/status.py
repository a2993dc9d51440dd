"""`saferollout status`: one look, or a watch that redraws in place until the release has ended."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
import yaml
from rich.console import Console, Group
from rich.live import Live

from saferollout.api.status import State
from saferollout.cli import options
from saferollout.cli.choose import chosen
from saferollout.cli.connect import Cluster, Connection, Raw, connect, saferollouts_path
from saferollout.cli.exit_codes import CommandFailed, ExitCode
from saferollout.cli.live_workloads import heartbeat_of, views_of
from saferollout.cli.look import Look, console_of, look_of, plain
from saferollout.cli.picture import Picture, picture_of
from saferollout.cli.status_screen import status_screen

StatusOutput = Annotated[
    options.Output, typer.Option("--output", "-o", help="text for people, json or yaml for scripts; with --watch json writes one line a change.")
]

LOOK_AGAIN_SECONDS: Final = 1.0

_ENDS: Final = {
    State.COMPLETED: ExitCode.DONE,
    State.IDLE: ExitCode.DONE,
    State.ROLLED_BACK: ExitCode.ROLLED_BACK,
    State.FAILED: ExitCode.STOPPED,
    State.REFUSED: ExitCode.STOPPED,
}
_HALTED: Final = frozenset({State.WAITING, State.AWAITING_APPROVAL, State.PAUSED})


def status(
    name: options.Name = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Redraw until the release has ended; the exit code says how.")] = False,
    timeout: Annotated[float | None, typer.Option("--timeout", min=0, help="With --watch: seconds after which to stop looking.")] = None,
    output: StatusOutput = options.Output.TEXT,
    ascii_only: options.Ascii = False,
    namespace: options.Namespace = None, kubeconfig: options.Kubeconfig = None, context: options.Context = None,
) -> ExitCode:  # fmt: skip
    """Show what a release does, why, since when, what comes next and what you can do."""
    if timeout is not None and not watch:
        raise CommandFailed("--timeout says how long to --watch: give both", exit_code=ExitCode.BAD_USAGE)
    cluster = connect(Connection(kubeconfig, context, namespace))
    saferollout = chosen(cluster, name)
    if not watch:
        _show_once(cluster, saferollout, output, look_of(sys.stdout, ascii_only=ascii_only))
        return ExitCode.DONE
    looks = _looks(cluster, saferollout, timeout_seconds=timeout)
    if output is options.Output.TEXT:
        return _watch_screen(looks, look_of(sys.stdout, ascii_only=ascii_only))
    return _watch_lines(looks, output)


def look_once(cluster: Cluster, name: str, *, with_pods: bool = True) -> tuple[Raw, Picture]:
    """Read a SafeRollout, its workloads and the operator's Lease."""
    raw = cluster.read(saferollouts_path(cluster.namespace, name))
    views = views_of(cluster, raw) if with_pods else {}
    return raw, picture_of(raw, now=datetime.now(UTC), views=views, heartbeat=heartbeat_of(cluster))


def _show_once(cluster: Cluster, name: str, output: options.Output, look: Look) -> None:
    raw, picture = look_once(cluster, name, with_pods=output is options.Output.TEXT)
    match output:
        case options.Output.TEXT:
            console_of().print(Group(*status_screen(picture, look)))
        case options.Output.JSON:
            print(json.dumps(machine(raw), indent=2))
        case options.Output.YAML:
            print(yaml.safe_dump(machine(raw), sort_keys=False), end="")


def machine(raw: Raw) -> dict[str, Any]:
    """Return what scripts get: who it is, and the operator's status as it stands in the cluster."""
    metadata = raw["metadata"]
    return {
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "generation": metadata.get("generation", 0),
        "status": raw.get("status") or {},
    }


def _looks(cluster: Cluster, name: str, *, timeout_seconds: float | None) -> Iterator[tuple[Raw, Picture, ExitCode | None]]:
    """Look again and again; the last look carries the exit code."""
    end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    while True:
        raw, picture = look_once(cluster, name)
        code = ended(picture)
        if code is None and end is not None and time.monotonic() >= end:
            code = out_of_time(picture)
        yield raw, picture, code
        if code is not None:
            return
        time.sleep(LOOK_AGAIN_SECONDS)


def ended(picture: Picture) -> ExitCode | None:
    """Return how a release ended; None while it goes on, or while there is something the operator has not taken in."""
    behind = picture.status.summary is None or picture.status.observed_generation < picture.generation
    if behind or picture.waiting_commands or picture.unnoticed():
        return None
    return _ENDS.get(picture.summary.state)


def out_of_time(picture: Picture) -> ExitCode:
    """Return whether a release that did not end in time moved or waited."""
    return ExitCode.TIMEOUT_WAITING if picture.summary.state in _HALTED else ExitCode.TIMEOUT_MOVING


def _watch_screen(looks: Iterator[tuple[Raw, Picture, ExitCode | None]], look: Look) -> ExitCode:
    console = console_of()
    if not console.is_terminal or console.is_dumb_terminal:
        return _watch_changes(looks, console, look)
    code = ExitCode.DONE
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for _, picture, ending in looks:
            live.update(Group(*status_screen(picture, look)), refresh=True)
            code = ending if ending is not None else code
    return code


def _watch_changes(looks: Iterator[tuple[Raw, Picture, ExitCode | None]], console: Console, look: Look) -> ExitCode:
    """Write a new screen only when the status changed: a log has no cursor to move."""
    return _on_change(looks, key=lambda raw: raw.get("status"), show=lambda _, picture: console.print(plain(status_screen(picture, look))))


def _watch_lines(looks: Iterator[tuple[Raw, Picture, ExitCode | None]], output: options.Output) -> ExitCode:
    def show(raw: Raw, _: Picture) -> None:
        line = (
            json.dumps(machine(raw)) if output is options.Output.JSON else "---\n" + yaml.safe_dump(machine(raw), sort_keys=False).rstrip()
        )
        print(line, flush=True)

    return _on_change(looks, key=machine, show=show)


def _on_change(
    looks: Iterator[tuple[Raw, Picture, ExitCode | None]], *, key: Callable[[Raw], Any], show: Callable[[Raw, Picture], None]
) -> ExitCode:
    shown: Any = object()
    code = ExitCode.DONE
    for raw, picture, ending in looks:
        if key(raw) != shown:
            shown = key(raw)
            show(raw, picture)
        code = ending if ending is not None else code
    return code


def register(app: typer.Typer) -> None:
    """Put `status` on the command line."""
    app.command()(options.ends_plainly(status))
