"""Answer the questions of gates, without ever holding a decision up.

Answers are remembered by (query, instant): the past does not change. Only where Prometheus gave no full answer an instant is asked again:
at every look while it is one of its question's last five, later once a minute.

Each instant is a query of its own, also when many are to be made up for after a restart. One range query would be fewer requests, but
query front-ends (Thanos, Mimir, Cortex) may move its start to a multiple of its step: the answers would be of other instants than before
the restart, and a verdict could change by it. One warning would also taint every instant in it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from saferollout.core.answers import NOT_IN_TIME, Answer
from saferollout.core.measurements import LabelSet, Measurement, Observations, Outcome, Query, Question, Samples
from saferollout.core.measuring import measure
from saferollout.shell.config import PrometheusConfig
from saferollout.shell.prometheus import Endpoint, PrometheusClient

MOST_THREADS: Final = 8
DEADLINE_SECONDS: Final = 5.0
RECENT: Final = 5
SECONDS_UNTIL_ASKED_AGAIN: Final = 60.0
MOST_REMEMBERED: Final = 50_000
# Samples of all measurements together; with their labels kept once each is some 40 bytes, so this is 160 MB, and only where there are so many.
# A release of 1000 pods that each report 15 series (twelve of them buckets where they answer requests) has 15 000 at a look, and 2.4 million
# in the 161 looks that the analysis asks for (core/analysis/schedule.py). With fewer remembered the oldest would be asked again at every look.
MOST_SAMPLES: Final = 4_000_000
# Every SafeRollout is looked at more often than this; what nobody asks for any more must not fill the memory of an idle operator.
SECONDS_REMEMBERED: Final = 900.0
_TRANSIENT: Final = frozenset({Outcome.UNREACHABLE, Outcome.PARTIAL})

_Key = tuple[Query, datetime]


class Client(Protocol):
    """Whoever can evaluate a query at an instant; blocks, never raises."""

    def ask(self, promql: str, *, at: datetime, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        """Evaluate a query."""
        ...


class NoPrometheus:
    """Stands where no Prometheus is configured: everything is inconclusive, and says what to configure."""

    async def observe(self, questions: tuple[Question, ...]) -> Observations:
        """Answer each question for its last instant."""
        detail = "no Prometheus is configured: chart value prometheus.url"
        return Observations(answers={question.name: _not_answered(question, detail) for question in questions})


@dataclass(slots=True)
class _Remembered:
    measurement: Measurement
    asked_at: float
    used_at: float


@dataclass(slots=True)
class _UnderWay:
    """A measurement in a thread, or waiting for one, and how many looks wait for it."""

    work: Future[Measurement]
    ended: asyncio.Future[Measurement]
    waiting: int = 0


class PrometheusObserver:
    """Asks one Prometheus from a few threads and remembers. All of it runs in one event loop."""

    def __init__(
        self,
        client: Client,
        *,
        longest_age_seconds: float,
        deadline_seconds: float = DEADLINE_SECONDS,
        most_remembered: int = MOST_REMEMBERED,
        most_samples: int = MOST_SAMPLES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._longest_age = longest_age_seconds
        self._deadline = deadline_seconds
        self._most_remembered = most_remembered
        self._most_samples = most_samples
        self._clock = clock
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="prometheus")
        self._remembered: OrderedDict[_Key, _Remembered] = OrderedDict()
        self._under_way: dict[_Key, _UnderWay] = {}
        self._samples = 0
        self._last_labels: dict[Query, tuple[LabelSet, ...]] = {}

    async def observe(self, questions: tuple[Question, ...]) -> Observations:
        """Answer within the deadline; a question that isn't finished then is UNREACHABLE at its last instant.

        The oldest instants are asked first, so that after a restart nothing is judged before what came earlier is known again.
        """
        wanted = sorted({key for question in questions for key in self._to_ask(question)}, key=_instant)
        pending = [self._start(key) for key in wanted]
        try:
            if pending:
                await asyncio.wait([one.ended for one in pending], timeout=self._deadline)
        finally:
            for key, one in zip(wanted, pending, strict=True):
                self._stop_waiting(key, one)
        self._forget_oldest()
        return Observations(answers={question.name: self._answers(question) for question in questions})

    def close(self) -> None:
        """Ask nothing more; what is under way ends by its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _to_ask(self, question: Question) -> Iterable[_Key]:
        recent = frozenset(question.instants[-RECENT:])
        for instant in question.instants:
            key = (question.query, instant)
            known = self._remembered.get(key)
            if known is None or (known.measurement.outcome in _TRANSIENT and (instant in recent or self._is_old(known))):
                yield key

    def _is_old(self, known: _Remembered) -> bool:
        return self._clock() - known.asked_at >= SECONDS_UNTIL_ASKED_AGAIN

    def _start(self, key: _Key) -> _UnderWay:
        one = self._under_way.get(key)
        if one is None:
            query, instant = key
            ask = partial(self._client.ask, at=instant)
            work = self._threads.submit(measure, query, at=instant, ask=ask, longest_age=self._longest_age)
            one = self._under_way[key] = _UnderWay(work=work, ended=asyncio.wrap_future(work))
            one.ended.add_done_callback(partial(self._remember, key))
        one.waiting += 1
        return one

    def _remember(self, key: _Key, ended: asyncio.Future[Measurement]) -> None:
        if ended.cancelled():
            return
        self._under_way.pop(key, None)
        error = ended.exception()
        # The engine is promised an answer, whatever goes wrong in a thread.
        failed = Measurement(at=key[1], outcome=Outcome.UNREACHABLE, detail=f"asking Prometheus failed: {type(error).__name__}")
        now = self._clock()
        known = self._remembered.pop(key, None)
        measurement = failed if error else self._compact(key[0], ended.result())
        self._remembered[key] = _Remembered(measurement=measurement, asked_at=now, used_at=now)
        self._samples += len(measurement.samples) - (len(known.measurement.samples) if known else 0)

    def _compact(self, query: Query, measurement: Measurement) -> Measurement:
        """Share the labels with the last measurement of the query: from look to look they are mostly the same."""
        if not measurement.samples:
            return measurement
        labels = measurement.samples.labels
        if self._last_labels.get(query) != labels:
            self._last_labels[query] = labels
        return replace(measurement, samples=Samples(labels=self._last_labels[query], values=measurement.samples.values))

    def _stop_waiting(self, key: _Key, one: _UnderWay) -> None:
        """Take back what no thread has begun and nobody waits for; what has begun goes on and is remembered when it ends."""
        one.waiting -= 1
        if one.waiting == 0 and one.work.cancel():
            # At once: the next look must not find, and wait for, what was taken back.
            self._under_way.pop(key, None)

    def _answers(self, question: Question) -> tuple[Measurement, ...]:
        keys = [(question.query, instant) for instant in question.instants]
        known = [self._remembered[key].measurement for key in keys if key in self._remembered]
        for key in keys:
            if key in self._remembered:
                self._remembered[key].used_at = self._clock()
                self._remembered.move_to_end(key)
        if not keys or keys[-1] in self._remembered:
            return tuple(known)
        return (*known, *_not_answered(question, NOT_IN_TIME))

    def _forget_oldest(self) -> None:
        unused_since = self._clock() - SECONDS_REMEMBERED
        while self._remembered:
            oldest = next(iter(self._remembered.values()))
            is_too_much = len(self._remembered) > self._most_remembered or self._samples > self._most_samples
            if not is_too_much and oldest.used_at >= unused_since:
                break
            self._remembered.popitem(last=False)
            self._samples -= len(oldest.measurement.samples)
        if self._last_labels:
            asked = {query for query, _ in self._remembered}
            self._last_labels = {query: labels for query, labels in self._last_labels.items() if query in asked}


def observer_for(config: PrometheusConfig) -> NoPrometheus | PrometheusObserver:
    """Return the observer that the operator's configuration asks for."""
    if not config.url:
        return NoPrometheus()
    endpoint = Endpoint(
        url=config.url,
        token_file=Path(config.token_file) if config.token_file else None,
        tenant=config.tenant,
        timeout_seconds=config.timeout_seconds,
    )
    return PrometheusObserver(PrometheusClient(endpoint), longest_age_seconds=config.longest_age_seconds)


def _not_answered(question: Question, detail: str) -> tuple[Measurement, ...]:
    return tuple(Measurement(at=instant, outcome=Outcome.UNREACHABLE, detail=detail) for instant in question.instants[-1:])


def _instant(key: _Key) -> datetime:
    return key[1]
