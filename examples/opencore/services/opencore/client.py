"""JSON over HTTP, one connection a request: so a Service's load balancing decides anew each time."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from opencore import metrics

_TIMEOUT_SECONDS = 4.0
_ATTEMPTS = 3


class Unreachable(Exception):
    """Raised where nobody answered, or nothing that could be understood."""


def call(
    method: str, url: str, *, uri: str, client_name: str, body: dict[str, Any] | None = None, timeout: float = _TIMEOUT_SECONDS
) -> tuple[int, dict[str, Any]]:
    """Send a request and return status and answer; counted under the uri, a pattern without ids, and the other's name. Raises Unreachable."""
    start, status = time.perf_counter(), None
    try:
        status, answer = _send_until_accepted(method, url, body, timeout)
        return status, answer
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{urlsplit(url).netloc}: {error!r}") from error
    finally:
        metrics.request_made(method=method, uri=uri, status=status, client_name=client_name, seconds=time.perf_counter() - start)


def _send_until_accepted(method: str, url: str, body: dict[str, Any] | None, timeout: float) -> tuple[int, dict[str, Any]]:
    """Send again where nobody accepted the connection: such a request was never handled, so it can't be handled twice."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return _send(method, url, body, timeout)
        except ConnectionRefusedError:
            continue
    return _send(method, url, body, timeout)


def _send(method: str, url: str, body: dict[str, Any] | None, timeout: float) -> tuple[int, dict[str, Any]]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
    try:
        content = None if body is None else json.dumps(body)
        connection.request(method, address.path, body=content, headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()
