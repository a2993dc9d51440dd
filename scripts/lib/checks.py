"""Run the checks part by part, each with its log in build/logs, and say at the end which ones failed."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from localcluster.packages import PackagesMissing
from localcluster.paths import CHECKOUT, kept_logs_folder
from localcluster.progress import say
from scripts.lib.environment import EnvironmentFailed, ensure_environment

_LOGS = CHECKOUT / "build" / "logs"
_TAIL_LINES = 40


@dataclass(frozen=True, slots=True)
class Part:
    """One command of the checks; `minutes` is when it counts as hanging."""

    name: str
    arguments: tuple[str, ...]
    minutes: int


def _pytest(name: str, *arguments: str, minutes: int) -> Part:
    return Part(name=name, arguments=("pytest", "-q", "--durations=5", *arguments), minutes=minutes)


_STATIC = (
    Part(name="ruff", arguments=("ruff", "check", "--output-format=concise", "."), minutes=5),
    Part(name="mypy", arguments=("mypy",), minutes=10),
    Part(name="mypy-localcluster", arguments=("mypy", "-p", "localcluster", "-p", "scripts.lib", "-p", "bench"), minutes=10),
    Part(name="layers", arguments=("lint-imports",), minutes=5),
)
_UNIT = (_pytest("unit", "-n", "2", "tests/unit", "tests/localcluster", "tests/golden", "tests/gates", minutes=20),)
_PROPERTY = (_pytest("property", "-n", "2", "tests/property", minutes=15),)
_FETCH = (Part(name="fetch", arguments=("python", "-m", "localcluster", "fetch"), minutes=30),)
_FETCH_ARGOCD = (Part(name="fetch-argocd", arguments=("python", "-m", "localcluster", "fetch", "--argocd"), minutes=30),)
_FETCH_SCENE = (Part(name="fetch-scene", arguments=("python", "-m", "localcluster.opencore", "fetch"), minutes=30),)
# Real processes are late now and then: tests/second_chances.py says what a second chance costs.
_REAL = ("--reruns", "1")
# Each worker has a control plane of its own, and a file's tests stay together: they share what is cluster-wide.
_WORKERS = ("-n", "2", "--dist", "loadfile")
# These mostly wait, and two workers leave much of two cores idle. The order of files: tests/longest_first.py.
_THREE_WORKERS = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
_CLUSTER = (_pytest("cluster", *_REAL, *_THREE_WORKERS, "tests/cluster", minutes=40),)
_HELM = (_pytest("helm", *_REAL, *_WORKERS, "tests/helm", minutes=15),)
_ARGOCD = (_pytest("argocd", *_REAL, *_WORKERS, "tests/argocd", minutes=25),)
_NODE = (_pytest("node", *_REAL, "tests/node", minutes=25),)
_SCENE = (_pytest("scene", *_REAL, "tests/scene", minutes=20),)
_STORIES = (_pytest("stories", *_REAL, "tests/node/test_stories.py", minutes=20),)

_Turn = tuple[Part, ...]
"""Parts that run at once."""


def _in_turn(*parts: Part) -> tuple[_Turn, ...]:
    return tuple((part,) for part in parts)


_SELECTIONS: dict[str, tuple[_Turn, ...]] = {
    "unit": _in_turn(*_STATIC, *_UNIT),
    "property": _in_turn(*_PROPERTY),
    "cluster": _in_turn(*_FETCH, *_CLUSTER),
    "helm": _in_turn(*_FETCH, *_HELM),
    "argocd": _in_turn(*_FETCH_ARGOCD, *_ARGOCD),
    "node": _in_turn(*_FETCH_ARGOCD, *_NODE),
    "scene": _in_turn(*_FETCH, *_FETCH_SCENE, *_SCENE),
    "stories": _in_turn(*_FETCH, *_STORIES),
    # One after the other, because most parts fill two cores and tests on real processes are late then; the last two mostly wait.
    "all": (
        *_in_turn(*_STATIC, *_UNIT, *_PROPERTY, *_FETCH, *_FETCH_ARGOCD, *_FETCH_SCENE, *_CLUSTER, *_HELM, *_ARGOCD),
        (*_NODE, *_SCENE),
    ),
}


def main() -> int:
    """Return 0 when every part of the selection passes."""
    selection = parser().parse_args().selection
    start = time.monotonic()
    try:
        commands = ensure_environment().parent
    except (EnvironmentFailed, PackagesMissing) as failure:
        say(str(failure))
        return 1
    _LOGS.mkdir(parents=True, exist_ok=True)
    failed = [name for turn in _SELECTIONS[selection] for name in _failed(turn, commands)]
    spent = f"{time.monotonic() - start:.0f} s"
    if failed:
        say(f"FAILED after {spent}: {', '.join(failed)}; logs in {_LOGS}, of ended clusters in {kept_logs_folder()}")
        return 1
    say(f"passed in {spent}; saferollout is {commands / 'saferollout'}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what `scripts/test` takes."""
    arguments = argparse.ArgumentParser(prog="scripts/test", description="Pass all tests, from nothing.")
    arguments.add_argument("selection", nargs="?", default="all", choices=list(_SELECTIONS))
    return arguments


@dataclass(frozen=True, slots=True)
class _Running:
    """A part at work, since a reading of the monotonic clock."""

    part: Part
    process: subprocess.Popen[bytes]
    log: Path
    start: float

    def is_over(self) -> bool:
        return self.process.poll() is not None or self.hangs()

    def hangs(self) -> bool:
        return self.process.poll() is None and time.monotonic() - self.start > self.part.minutes * 60


def _failed(turn: _Turn, commands: Path) -> list[str]:
    """Run the parts of a turn at once; return the names of those that do not pass."""
    left = [_begin(part, commands) for part in turn]
    failed = []
    try:
        while left:
            over = [running for running in left if running.is_over()]
            failed += [running.part.name for running in over if not _passes(running)]
            left = [running for running in left if running not in over]
            time.sleep(0.1)
    except KeyboardInterrupt:
        for running in left:
            _end(running.process)
        raise
    return failed


def _begin(part: Part, commands: Path) -> _Running:
    command = [str(commands / part.arguments[0]), *part.arguments[1:]]
    log = _LOGS / f"{part.name}.log"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=_environment(commands), stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    return _Running(part=part, process=process, log=log, start=time.monotonic())


def _passes(running: _Running) -> bool:
    """Say how a part ended, and end it first where it hangs."""
    part, log = running.part, running.log
    hung = running.hangs()
    if hung:
        _end(running.process)
    spent = time.monotonic() - running.start
    if not hung and running.process.returncode == 0:
        say(f"{_second_chances(log)}  {part.name}: passed in {spent:.1f} s ({_last_line(log)})")
        return True
    lines = log.read_text(errors="replace").splitlines()
    say("\n".join(f"    {line}" for line in lines[-_TAIL_LINES:]))
    say(f"  {part.name}: FAILED after {spent:.1f} s ({'hung' if hung else f'exit code {running.process.returncode}'}); all of it: {log}")
    return False


def _environment(commands: Path) -> dict[str, str]:
    """Return this process' own, with the environment's commands first, and with byte code kept.

    Containers often forbid that; then each of the hundreds of operators and commands that the tests start compiles itself anew.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PATH": f"{commands}{os.pathsep}{kept.get('PATH', os.defpath)}"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first, so that pytest takes down the clusters it started."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _second_chances(log: Path) -> str:
    """Return what a part that passed says of tests that failed first (tests/second_chances.py); they are news even so."""
    lines = log.read_text(errors="replace").splitlines()
    begin = next((number for number, line in enumerate(lines) if " second chances: " in line), len(lines))
    return "".join(f"    {line}\n" for line in lines[begin:])


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip("= ")[:100] if lines else "no output"


if __name__ == "__main__":
    sys.exit(main())
