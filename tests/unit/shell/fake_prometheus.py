"""An HTTP server on loopback that answers as a test says, and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Reply:
    """What is answered: a status, a body, headers, and how long it takes."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class FakePrometheus:
    """`reply` may be changed at any time; `requests` are (path, form, headers) in order; `ahead`: seconds by which its clock is; `date`: what it says instead."""

    reply: Reply
    url: str = ""
    requests: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    ahead: float = 0.0
    date: str | None = None


def vector(*values: str, **envelope: Any) -> Reply:
    """Answer with one series for each value."""
    series = [{"metric": {"series": str(index)}, "value": [1.0, value]} for index, value in enumerate(values)]
    return answer("vector", series, **envelope)


def answer(result_type: str, result: Any, **envelope: Any) -> Reply:
    """Answer successfully."""
    return Reply(json.dumps({"status": "success", "data": {"resultType": result_type, "result": result}, **envelope}).encode())


@contextmanager
def fake_prometheus(reply: Reply) -> Iterator[FakePrometheus]:
    """Serve until the end of the block."""
    fake = FakePrometheus(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            fake.requests.append((self.path, {key: values[0] for key, values in form.items()}, dict(self.headers)))
            told = fake.reply
            time.sleep(told.seconds)
            try:
                self.send_response(told.status)
                for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told.body)
            except (BrokenPipeError, ConnectionResetError):
                pass

        do_GET = do_POST

        def date_time_string(self, timestamp: float | None = None) -> str:
            return fake.date if fake.date is not None else super().date_time_string(time.time() + fake.ahead)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
