"""A small HTTP server: JSON routes, /ready, /metrics, and an end that drops no request."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scene.metrics import CONTENT_TYPE, RequestMetrics

# Endpoints take a moment to forget a pod that was told to end; until then it still answers.
_DRAIN_SECONDS = 1.0

Answer = tuple[int, dict[str, Any]]
Route = Callable[[dict[str, Any]], Answer]


class WebService:
    """Serves POST routes on PORT until SIGTERM; `stopping` is set when the end begins."""

    def __init__(self, routes: Mapping[str, Route], *, extra_metrics: Callable[[], str] = str) -> None:
        self.routes = routes
        self.metrics = RequestMetrics()
        self.stopping = threading.Event()
        self._extra_metrics = extra_metrics
        self._server = _Server(("", int(os.environ.get("PORT", "8080"))), _Handler)
        self._server.service = self

    def start(self) -> None:
        """Answer in the background; SIGTERM and SIGINT begin the end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

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

    def scrape(self) -> str:
        """Write every metric of this process."""
        return self.metrics.exposition() + self._extra_metrics()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    service: WebService


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        service = self.server.service
        if self.path == "/metrics":
            self._send(200, service.scrape().encode(), content_type=CONTENT_TYPE)
        elif self.path == "/ready":
            self._send(503 if service.stopping.is_set() else 200, b"{}")
        else:
            self._send(404, b"{}")

    def do_POST(self) -> None:
        service = self.server.service
        route = service.routes.get(self.path)
        start = time.perf_counter()
        status, body = _answer(route, self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        uri = self.path if route else "NOT_FOUND"
        # Counted before it is sent: whoever has the answer finds it in the metrics.
        service.metrics.record(method="POST", uri=uri, status=status, seconds=time.perf_counter() - start)
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes, *, content_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing per request: the metrics count them."""


def _answer(route: Route | None, body: bytes) -> Answer:
    if route is None:
        return 404, {"error": "no such path"}
    try:
        request = json.loads(body)
    except ValueError:
        return 400, {"error": "not JSON"}
    if not isinstance(request, dict):
        return 400, {"error": "not a JSON object"}
    return route(request)
