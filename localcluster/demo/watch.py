"""What kubectl's watch tells, in the background while it is entered."""

from __future__ import annotations

import json
import subprocess
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, Self


class Watch(ABC):
    """Runs a `kubectl get --watch --output-watch-events --output=json` and hands on each of its events."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._follow, args=(self._process.stdout,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()
        if self._process.stdout:
            self._process.stdout.close()

    @abstractmethod
    def note(self, event: dict[str, Any]) -> None:
        """Take one event: its `type` and its `object`."""

    def _follow(self, stream: IO[str] | None) -> None:
        for event in documents(stream or iter(())):
            self.note(event)


def documents(lines: Iterator[str] | IO[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a stream of JSON: one a line, or indented, each ending with a brace on a line of its own."""
    gathered: list[str] = []
    for line in lines:
        gathered.append(line)
        if line[0] in "{}" and line.rstrip("\n").endswith("}"):
            yield json.loads("".join(gathered))
            gathered.clear()
