"""A requests session that makes prometheus-api-client safe to judge by.

The client keeps nothing but `data.result`, puts a POST's query into the URL and waits for ever; all its queries go through
`session.request`, so what is missing is added here (research: kopf-clients-style.md, section 3).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

LARGEST_ANSWER: Final = 4 * 1024 * 1024
CONNECT_SECONDS: Final = 2.0
_CHUNK: Final = 64 * 1024


class NotAnswered(Exception):
    """Prometheus gave no usable answer; the message never repeats what it sent."""


class QueryRefused(NotAnswered):
    """Prometheus is well, but can't evaluate this query."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands around a result: its type, and whether Prometheus warned about it. Infos are harmless and not kept."""

    result_type: str
    warned: bool


class GateSession(requests.Session):
    """One thread's session with one Prometheus; `envelope` is that of the last answer."""

    def __init__(self, *, token_file: Path | None, tenant: str, timeout_seconds: float) -> None:
        super().__init__()
        self.envelope: Envelope | None = None
        self._token_file = token_file
        self._timeout = (min(CONNECT_SECONDS, timeout_seconds), timeout_seconds)
        if tenant:
            self.headers["X-Scope-OrgID"] = tenant

    # The client calls it with keywords only; requests' own thirteen parameters would only be passed on.
    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send the parameters as a form, read a bounded answer in bounded time, and keep what the client drops."""
        self.envelope = None
        form: Mapping[str, Any] = options.pop("params", None) or {}
        # With an `auth` of its own requests does not look for one in a netrc file.
        options.update(data=form, auth=self._authorize, timeout=self._timeout, allow_redirects=False, stream=True)
        response = super().request(method, url, **options)
        with response:
            if response.is_redirect or 300 <= response.status_code < 400:
                raise NotAnswered(f"Prometheus answered with a redirect (HTTP {response.status_code}), which is not followed")
            if response.status_code != requests.codes.ok:
                raise _refusal(response.status_code)
            response._content = _read(response, until=time.monotonic() + self._timeout[1])
        self.envelope = _envelope(response)
        return response

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token_file is None:
            return request
        try:
            token = self._token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NotAnswered("the token file for Prometheus can't be read") from error
        request.headers["Authorization"] = f"Bearer {token}"
        return request


def _refusal(status: int) -> NotAnswered:
    if status in (401, 403):
        return NotAnswered(f"Prometheus refused the operator's credentials (HTTP {status})")
    if status in (400, 422):
        return QueryRefused(f"Prometheus could not evaluate the query (HTTP {status})")
    return NotAnswered(f"Prometheus answered HTTP {status}")


def _read(response: requests.Response, *, until: float) -> bytes:
    """Read the body; a read timeout alone would let a body that trickles in take for ever."""
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if time.monotonic() > until:
            raise NotAnswered("Prometheus did not finish its answer in time")
        if len(content) > LARGEST_ANSWER:
            raise NotAnswered(f"Prometheus sent more than {LARGEST_ANSWER // 1024 // 1024} MiB where one number was asked for")
    return bytes(content)


def _envelope(response: requests.Response) -> Envelope:
    try:
        body = response.json()
    except (ValueError, RecursionError) as error:
        raise NotAnswered("Prometheus sent something that is not JSON") from error
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or body.get("status") != "success" or "result" not in data:
        raise NotAnswered("Prometheus sent JSON that is no answer to a query")
    return Envelope(result_type=str(data.get("resultType")), warned=bool(body.get("warnings")))
