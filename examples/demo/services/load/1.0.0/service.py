"""load 1.0.0: people who register at the gateway, at a steady rate and for a bounded time; every other one tells a country."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any

from scene.client import post

_NAMES = ("Ada Lovelace", "Grace Hopper", "Alan Turing", "Katherine Johnson", "Edsger Dijkstra")
_REPORT_SECONDS = 10.0


def forms() -> Iterator[dict[str, Any]]:
    """Yield registrations without end."""
    for number, name in enumerate(itertools.cycle(_NAMES)):
        yield {"name": name, "country": "GB"} if number % 2 else {"name": name}


def register(form: dict[str, Any]) -> str:
    try:
        status, _ = post(f"{os.environ['GATEWAY_URL']}/register", form)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    return str(status)


def run(*, rate: float, seconds: float) -> Counter[str]:
    """Register `rate` people a second; a slow answer delays nobody else, up to eight at once."""
    answers: Counter[str] = Counter()
    start = time.monotonic()
    reported = start
    with ThreadPoolExecutor(max_workers=8) as people:
        for number, form in enumerate(forms()):
            due = start + number / rate
            if due > start + seconds:
                break
            time.sleep(max(0.0, due - time.monotonic()))
            people.submit(register, form).add_done_callback(lambda done: answers.update([done.result()]))
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                print(dict(answers), flush=True)
    return answers


if __name__ == "__main__":
    print(dict(run(rate=float(os.environ["RATE"]), seconds=float(os.environ["SECONDS"]))), flush=True)
