"""A client for the API server with nothing but the standard library, for what runs before a venv exists."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIMEOUT_SECONDS = 10.0


class ApiError(RuntimeError):
    """Raised for an answer that is no success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One API server and the identity to speak to it with."""

    url: str
    certificate_authority: Path
    token: str

    def get(self, path: str) -> Any:
        """Return the parsed object, or the plain text of an answer that is no JSON."""
        return self._request("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Create an object and return it."""
        return self._request("POST", path, body)

    def delete(self, path: str) -> Any:
        """Delete an object."""
        return self._request("DELETE", path, None)

    def create_once(self, path: str, body: dict[str, Any]) -> None:
        """Create an object; one that exists already is fine."""
        try:
            self.post(path, body)
        except ApiError as error:
            if error.status != 409:
                raise

    def is_ready(self) -> bool:
        """Say whether the server answers its readiness check."""
        try:
            return bool(self.get("/readyz") == "ok")
        except (ApiError, OSError):
            return False

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        context = ssl.create_default_context(cafile=str(self.certificate_authority))
        # The machine's proxy settings are for the internet, not for loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(error.code, error.read().decode(errors="replace")[:500]) from None
        return json.loads(text) if text.startswith(("{", "[")) else text
