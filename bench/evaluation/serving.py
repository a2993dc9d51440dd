"""A Prometheus on loopback that answers the analysis' queries from what was scraped, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs

from bench.evaluation.shop import big_release
from bench.watched.scrapes import Scrapes
from saferollout.core.measurements import Question

_SECONDS_TO_START = 120


@contextmanager
def served(*, pods: int, looks: int, seed: int, questions: tuple[Question, ...]) -> Iterator[str]:
    """Serve the answers to these questions until the end of the block; yields the URL."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, pods, looks, seed, questions), daemon=True)
    process.start()
    try:
        if not here.poll(_SECONDS_TO_START):
            raise TimeoutError("the Prometheus of the bench did not start")
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection, pods: int, looks: int, seed: int, questions: tuple[Question, ...]) -> None:
    _, scrapes = big_release(pods=pods, looks=looks, seed=seed)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(scrapes, {one.query.value: one for one in questions}))
    server.daemon_threads = True
    told.send(server.server_address[1])
    server.serve_forever()


def _handler(scrapes: Scrapes, by_text: Mapping[str, Question]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            body = json.dumps(_answer(scrapes, by_text, form["query"][0], float(form["time"][0]))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


def _answer(scrapes: Scrapes, by_text: Mapping[str, Question], text: str, time: float) -> dict[str, Any]:
    """Answer by the question whose value the query begins with; what is no value asks for an age, and everything is one second old."""
    question = by_text.get(text) or next((one for value, one in by_text.items() if text.startswith(f"({value})")), None)
    found = scrapes.found(question, datetime.fromtimestamp(time, UTC)) if question is not None else [((), 1.0)]
    result = [{"metric": {label: value for label, value in labels if value}, "value": [time, str(number)]} for labels, number in found]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}
