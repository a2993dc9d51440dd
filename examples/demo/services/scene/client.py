"""JSON over HTTP, one connection a request: so a Service's load balancing decides anew each time."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5.0


def post(url: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send body, return status and answer; OSError or HTTPException where the other side is not there."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", address.path, body=json.dumps(body), headers={"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")
    finally:
        connection.close()


def post_with_retry(url: str, body: dict[str, Any], *, attempts: int = 3) -> tuple[int, dict[str, Any]]:
    """Send again where nobody accepted the connection: such a request was never handled, so it can't be handled twice."""
    for _ in range(attempts - 1):
        try:
            return post(url, body)
        except ConnectionRefusedError:
            continue
    return post(url, body)
