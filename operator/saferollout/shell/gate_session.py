"""A requests session that makes prometheus-api-client safe to judge by.

The client keeps nothing but `data.result`, puts a POST's query into the URL and waits for ever; all its queries go through
`session.request`, so what is missing is added here (research: kopf-clients-style.md, section 3).
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import requests

from saferollout.core.answers import NO_JSON, Envelope, NotAnswered, envelope_of, refusal_of

LARGEST_ANSWER: Final = 4 * 1024 * 1024
CONNECT_SECONDS: Final = 2.0
_CHUNK: Final = 64 * 1024


class GateSession(requests.Session):
    """One thread's session with one Prometheus; `envelope` is that of the last answer, `seconds_ahead` how far its clock is ahead of ours."""

    def __init__(self, *, token_file: Path | None, tenant: str, timeout_seconds: float) -> None:
        super().__init__()
        self.envelope: Envelope | None = None
        self.seconds_ahead = 0.0
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
        sent = time.time()
        response = super().request(method, url, **options)
        self.seconds_ahead = _seconds_ahead(response.headers.get("Date", ""), sent=sent, received=time.time())
        with response:
            refusal = refusal_of(response.status_code)
            if refusal is not None:
                raise refusal
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


def _read(response: requests.Response, *, until: float) -> bytes:
    """Read the body; a read timeout alone would let a body that trickles in take for ever."""
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if time.monotonic() > until:
            raise NotAnswered("Prometheus did not finish its answer in time")
        if len(content) > LARGEST_ANSWER:
            raise NotAnswered(f"Prometheus sent more than {LARGEST_ANSWER // 1024 // 1024} MiB: aggregate the query")
    return bytes(content)


def _seconds_ahead(date: str, *, sent: float, received: float) -> float:
    """Compare the answer's date (RFC 9110, 6.6.1: whole seconds) with the time in which it can have been written; 0 where it has none."""
    try:
        written = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0.0
    return written - received if written > received else min(0.0, written + 1 - sent)


def _envelope(response: requests.Response) -> Envelope:
    try:
        document = response.json()
    except (ValueError, RecursionError) as error:
        raise NotAnswered(NO_JSON) from error
    return envelope_of(document)
