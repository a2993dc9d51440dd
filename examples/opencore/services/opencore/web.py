"""A small HTTP server: JSON routes, /ready, /metrics, and an end that drops no request."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opencore import metrics

PORT = 8080
# Endpoints take a moment to forget a pod that was told to end; until then it still answers.
_DRAIN_SECONDS = 1.5

Answer = tuple[int, dict[str, Any]]
Route = Callable[[str, dict[str, Any]], Answer]


class Failed(Exception):
    """Raised by a route that can't answer; becomes a 500 whose metric names the exception as Spring would."""

    def __init__(self, exception: str, message: str) -> None:
        super().__init__(message)
        self.exception = exception


class WebService:
    """Serves routes until SIGTERM. A route is "METHOD /path" or "METHOD /path/{id}"; it is given the id and the JSON body."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.stopping = threading.Event()
        self._routes = [(*route.split(" ", 1), handler) for route, handler in routes.items()]
        self._server = _Server(("", PORT), _Handler)
        self._server.service = self

    def start(self) -> None:
        """Answer in the background; SIGTERM and SIGINT begin the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()

    def run(self) -> None:
        """Answer until told to end, then a moment longer."""
        self.start()
        self.stopping.wait()
        self.finish()

    def finish(self) -> None:
        """Answer what still arrives, then close."""
        time.sleep(_DRAIN_SECONDS)
        self._server.shutdown()
        self._server.server_close()

    def find(self, method: str, path: str) -> tuple[str, str, Route | None]:
        """Return the route's pattern for the metric, the id in the path, and the handler; UNKNOWN for none."""
        for wanted, pattern, handler in self._routes:
            found = re.fullmatch(pattern.replace("{id}", "([^/]+)"), path)
            if found and wanted == method:
                return pattern, found[1] if found.groups() else "", handler
        return "UNKNOWN", "", None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    service: WebService


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        service = self.server.service
        if self.path == "/metrics":
            self._send(200, metrics.exposition(), content_type=metrics.CONTENT_TYPE)
        elif self.path == "/ready":
            self._send(503 if service.stopping.is_set() else 200, b"{}")
        else:
            self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        start = time.perf_counter()
        uri, identity, route = self.server.service.find(method, self.path)
        (status, body), exception = _call(route, identity, self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        # Counted before it is sent: whoever has the answer finds it in the metrics.
        metrics.request_answered(method=method, uri=uri, status=status, exception=exception, seconds=time.perf_counter() - start)
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes, *, content_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing per request: the metrics count them."""


def _call(route: Route | None, identity: str, body: bytes) -> tuple[Answer, str]:
    if route is None:
        return (404, {"error": "no such path"}), "NoResourceFoundException"
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return (400, {"error": "not JSON"}), "HttpMessageNotReadableException"
    try:
        return route(identity, request if isinstance(request, dict) else {}), ""
    except Failed as failure:
        print(f"500 {failure.exception}: {failure}", flush=True)
        return (500, {"error": str(failure)}), failure.exception
