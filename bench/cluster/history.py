"""A record of everything that happened to some kind of object, from the API server's own watch, in the order in which it happened."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from localcluster.api_server import ApiServer

_WATCH_SECONDS = 3600


class HistoryLost(RuntimeError):
    """Raised when the watch could not be taken up where it was: what was measured proves nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `version` orders events of all kinds in one cluster, `heard` is this process's monotonic clock."""

    kind: str
    item: dict[str, Any]
    heard: float

    @property
    def version(self) -> int:
        """Return the object's resourceVersion as a number: etcd's revision."""
        return int(self.item["metadata"]["resourceVersion"])

    @property
    def namespace(self) -> str:
        """Return the object's namespace."""
        return str(self.item["metadata"]["namespace"])


@dataclass
class History:
    """Watches a collection in a thread of its own, from what there is at the start to `stop`."""

    api: ApiServer
    path: str
    events: list[Event] = field(default_factory=list)
    _version: str = ""
    _stopping: bool = False
    _problem: str = ""
    _thread: threading.Thread | None = None
    _connection: http.client.HTTPSConnection | None = None

    def start(self) -> History:
        """List, then watch from that list on."""
        listed = self.api.get(self.path)
        now = time.monotonic()
        self.events.extend(Event("ADDED", item, now) for item in listed["items"])
        self._version = listed["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the watch. Raises HistoryLost if it was not whole."""
        self._stopping = True
        connection, thread = self._connection, self._thread
        if connection is not None and connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
        if thread is not None:
            thread.join(timeout=5)
        self.check()

    def check(self) -> None:
        """Raise HistoryLost if something may have been missed."""
        if self._problem:
            raise HistoryLost(self._problem)

    def of(self, namespace: str) -> list[Event]:
        """Return what happened in a namespace so far."""
        return [event for event in list(self.events) if event.namespace == namespace]

    def forget(self) -> None:
        """Drop what was recorded so far, to save memory."""
        self.events.clear()

    def _watch(self) -> None:
        while not self._stopping and not self._problem:
            try:
                self._read()
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                # Closing the socket under a reader shows up as one of these; a lost connection too, and is taken up again.
                time.sleep(0.05)

    def _read(self) -> None:
        address = urllib.parse.urlparse(self.api.url)
        context = ssl.create_default_context(cafile=str(self.api.certificate_authority))
        connection = http.client.HTTPSConnection(address.hostname or "", address.port, context=context)
        with closing(connection):
            self._connection = connection
            path = f"{self.path}?watch=1&allowWatchBookmarks=true&resourceVersion={self._version}&timeoutSeconds={_WATCH_SECONDS}"
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.api.token}"})
            with connection.getresponse() as answer:
                self._hear(answer)

    def _hear(self, answer: http.client.HTTPResponse) -> None:
        if answer.status != 200:
            self._problem = f"watching {self.path} from {self._version}: {answer.status}"
            return
        for line in answer:
            told = json.loads(line)
            if told["type"] == "ERROR":
                self._problem = f"watching {self.path} from {self._version}: {told['object'].get('message')}"
                return
            self._version = told["object"]["metadata"]["resourceVersion"]
            if told["type"] != "BOOKMARK":
                self.events.append(Event(told["type"], told["object"], time.monotonic()))
