"""A pretended exporter of metrics whose numbers change all the time, for a real Prometheus to scrape."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.cluster.history import Event
from localcluster.prometheus import Prometheus, Target, standalone_prometheus

PodNames = Callable[[], list[tuple[str, str]]]

_REQUESTS_A_SECOND = 47.3
_DEAD_LETTERS = 3


@contextmanager
def prometheus_with_traffic(folder: Path, pods: PodNames) -> Iterator[Prometheus]:
    """Run a Prometheus that sees requests to every pod (namespace, name), and a dead-letter topic that comes and goes.

    It begins with no past: series of an exporter that ended with an earlier one would be stale for minutes, and gates would rightly hold.
    """
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="prometheus-") as own,
        _exporter(pods) as address,
        standalone_prometheus(Path(own), targets=[Target(address, {})]) as prometheus,
    ):
        yield prometheus


def names_of(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Return namespace and name of each pod that exists, from what was heard of pods."""
    present: dict[tuple[str, str], None] = {}
    for event in events:
        place = (event.namespace, event.item["metadata"]["name"])
        if event.kind == "DELETED":
            present.pop(place, None)
        else:
            present[place] = None
    return list(present)


def exposition(pods: list[tuple[str, str]], *, born: dict[tuple[str, str], float], now: float) -> str:
    """Write what is scraped: counters of each pod since it was first seen, none of them an error; offsets of two topics."""
    lines = []
    for namespace, name in pods:
        count = int((now - born.setdefault((namespace, name), now)) * _REQUESTS_A_SECOND) + 1
        labels = f'namespace="{namespace}",pod="{name}",status="200"'
        lines.append(f"http_server_requests_seconds_count{{{labels}}} {count}")
    letters = round(_DEAD_LETTERS * (1 + math.sin(now)))
    for topic, end in (("events", int(now)), ("events.dlt", 1000 + letters)):
        lines.append(f'kafka_topic_partition_current_offset{{topic="{topic}",partition="0"}} {end}')
        lines.append(f'kafka_topic_partition_oldest_offset{{topic="{topic}",partition="0"}} {min(end, 1000)}')
    return "\n".join(lines) + "\n"


@contextmanager
def _exporter(pods: PodNames) -> Iterator[str]:
    born: dict[tuple[str, str], float] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposition(pods(), born=born, now=time.time()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
