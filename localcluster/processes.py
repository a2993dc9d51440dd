"""Processes that outlive the command that started them, and end only by the hand that did."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from localcluster.packages import SEARCH_PATH

_KILL_AFTER_SECONDS = 15.0


class ProcessFailed(RuntimeError):
    """Raised when a process did not start or died; the text carries the end of its log."""


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A started process; the start time tells it from a later one that got the same pid."""

    name: str
    pid: int
    start_ticks: int
    log: str
    command: list[str]


@dataclass(frozen=True, slots=True)
class ProcessTable:
    """The processes of one cluster, as files: any later command can see and end them."""

    records: Path
    logs: Path

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        network_namespace: str | None = None,
    ) -> ProcessRecord:
        """Start command detached, its output appended to the log called name; a running one is kept."""
        running = self.find(name)
        if running is not None:
            return running
        self.records.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        # nsenter and not `ip netns exec`: the latter mounts a new /sys, which hides the control groups.
        prefix = ["nsenter", f"--net=/run/netns/{network_namespace}", "--"] if network_namespace else []
        argv = [*prefix, *command]
        pid = _spawn(argv, log=log, environment={**os.environ, "PATH": SEARCH_PATH, **(environment or {})})
        record = ProcessRecord(name=name, pid=pid, start_ticks=_start_ticks(pid) or 0, log=str(log), command=argv)
        self._file(name).write_text(json.dumps(asdict(record), indent=1))
        return record

    def find(self, name: str) -> ProcessRecord | None:
        """Return the running process called name, or None."""
        try:
            record = ProcessRecord(**json.loads(self._file(name).read_text()))
        except FileNotFoundError:
            return None
        return record if _is_alive(record) else None

    def names(self) -> list[str]:
        """Return the names of every process that was started here, oldest first."""
        files = sorted(self.records.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [file.stem for file in files]

    def stop(self, name: str) -> None:
        """End the process called name, gently first; one that is gone already is fine."""
        record = self.find(name)
        if record is not None:
            end_process(record)
        self._file(name).unlink(missing_ok=True)

    def stop_all(self) -> None:
        """End everything, the last started first."""
        for name in reversed(self.names()):
            self.stop(name)

    def log_tail(self, name: str, *, lines: int = 25) -> str:
        """Return the end of a process' log, headed by its path."""
        log = self.logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return f"{name}: the end of {log}:\n" + "\n".join(text.splitlines()[-lines:])

    def expect_running(self, name: str) -> None:
        """Raise ProcessFailed with the end of the log when the process has died."""
        if self.find(name) is None:
            raise ProcessFailed(f"{name} died.\n{self.log_tail(name)}")

    def _file(self, name: str) -> Path:
        return self.records / f"{name}.json"


def end_process(record: ProcessRecord) -> None:
    """Ask the process to end, wait, then kill it; never touches a stranger with the same pid."""
    deadline = time.monotonic() + _KILL_AFTER_SECONDS
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    while _is_alive(record):
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
        time.sleep(0.02)


def _spawn(argv: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> int:
    executable = shutil.which(argv[0], path=environment.get("PATH"))
    if executable is None:
        raise ProcessFailed(f"{argv[0]} is not installed; run: python3 -m localcluster fetch")
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # posix_spawn and not Popen: nobody waits for these, and a forgotten Popen is a ResourceWarning.
    return os.posix_spawn(
        executable,
        list(argv),
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _is_alive(record: ProcessRecord) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(record.pid, os.WNOHANG)  # our own dead child would stay a zombie
    return _start_ticks(record.pid) == record.start_ticks


def _start_ticks(pid: int) -> int | None:
    """Return the process' start time in clock ticks since boot (proc(5), stat field 22); None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before may hold spaces and brackets
    return None if fields[0] == "Z" else int(fields[19])
