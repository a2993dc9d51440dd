"""load: people at the gateway and at the search, at a steady rate and for a bounded time.

Somebody registers, somebody looks at a profile that many look at, somebody at the account of a newcomer, somebody for an article. What became of every request is in
http_client_requests_seconds of this pod: the people's own view.
"""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from opencore import tariffs
from opencore.client import Unreachable, call
from opencore.web import WebService

_GATEWAY, _SEARCH = os.environ["GATEWAY_URL"], os.environ["SEARCH_URL"]
_PEOPLE = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra")
_WORDS = ("register", "tariff", "bill")
_WELL_KNOWN = 30
_NEWCOMERS = 100
_AT_ONCE = 16
_PATIENCE_SECONDS = 6.0  # more than the gateway's own, so that it is the gateway who says what failed


class People:
    """Who has registered so far; the first ones are looked at for ever."""

    def __init__(self) -> None:
        self._well_known: list[str] = []
        self._newcomers: deque[str] = deque(maxlen=_NEWCOMERS)
        self._numbers = itertools.count()
        self._random = random.Random(1)

    def take_turn(self) -> None:
        """Make one request, of the four kinds in turn."""
        number = next(self._numbers)
        try:
            if number % 4 == 0:
                self._register(number // 4)
            elif number % 4 == 3:
                self._search(number // 4)
            elif number % 4 == 1 and self._well_known:
                identity = self._random.choice(self._well_known)
                self._ask("GET", f"/profiles/{identity}", uri="/profiles/{id}")
            elif self._newcomers:
                identity = self._random.choice(tuple(self._newcomers))
                self._ask("GET", f"/accounts/{identity}", uri="/accounts/{id}")
        except Unreachable as error:
            print(error, flush=True)

    @staticmethod
    def _ask(method: str, path: str, *, uri: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        return call(method, f"{_GATEWAY}{path}", uri=uri, client_name="gateway", body=body, timeout=_PATIENCE_SECONDS)

    @staticmethod
    def _search(number: int) -> None:
        word = _WORDS[number % len(_WORDS)]
        call("GET", f"{_SEARCH}/search/{word}", uri="/search/{id}", client_name="search-service", timeout=_PATIENCE_SECONDS)

    def _register(self, number: int) -> None:
        tariff = tariffs.names()[number % len(tariffs.names())]
        form = {"name": _PEOPLE[number % len(_PEOPLE)], "tariff": tariff, "country": "GB"}
        status, answer = self._ask("POST", "/register", uri="/register", body=form)
        if status != 201:
            return
        self._newcomers.append(answer["id"])
        if len(self._well_known) < _WELL_KNOWN:
            self._well_known.append(answer["id"])


def run(*, rate: float, seconds: float, stopping: threading.Event) -> None:
    """Make `rate` requests a second; a slow answer delays nobody else. Who finds too many waiting goes away."""
    people, start = People(), time.monotonic()
    waiting = threading.Semaphore(_AT_ONCE * 2)

    def turn() -> None:
        try:
            people.take_turn()
        finally:
            waiting.release()

    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for number in range(int(rate * seconds)):
            if stopping.wait(max(0.0, start + number / rate - time.monotonic())):
                return
            if waiting.acquire(blocking=False):
                pool.submit(turn)


if __name__ == "__main__":
    web = WebService({})
    web.start()
    run(rate=float(os.environ["RATE"]), seconds=float(os.environ["SECONDS"]), stopping=web.stopping)
