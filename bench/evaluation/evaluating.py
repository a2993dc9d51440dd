"""Evaluate a big release look by look, as the operator does: ask over HTTP, parse, count, judge, diagnose."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Final

from bench.evaluation.serving import served
from bench.evaluation.shop import BEGAN, EVERY, big_release
from saferollout.core.analysis.asking import discovery_questions, series_questions
from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.analysis.memory import Memory
from saferollout.core.answers import Answer
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Observations, Outcome, Question
from saferollout.shell.observer import PrometheusObserver
from saferollout.shell.prometheus import Endpoint, PrometheusClient

_SEED: Final = 6
_MOST_TRIES: Final = 200
_MEBIBYTE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Look:
    """One evaluation: queries sent, seconds of the processor for asking (parsing included) and for assessing, samples it rests on."""

    number: int
    queries: int
    asking: float
    assessing: float
    samples: int


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The looks in their order, and by how many MiB the process was larger at its largest than before the first of them."""

    looks: tuple[Look, ...]
    mebibytes: float


@dataclass(slots=True)
class CountingClient:
    """A client that counts what it asks; called from several threads."""

    client: PrometheusClient
    queries: int = 0
    lock: Lock = field(default_factory=Lock)

    def ask(self, promql: str, *, at: datetime, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        """Count and ask."""
        with self.lock:
            self.queries += 1
        return self.client.ask(promql, at=at, label=label, by=by)


def evaluated(*, pods: int, looks: Sequence[int]) -> Evaluated:
    """Evaluate these looks of a release, in a process of its own; the first of them has to ask for everything before it."""
    snapshot, scrapes = big_release(pods=pods, looks=max(looks), seed=_SEED)
    questions = all_questions(snapshot, scrapes.answers(tuple(discovery_questions(snapshot, BEGAN)), to=BEGAN), BEGAN + max(looks) * EVERY)
    context = get_context("spawn")
    here, there = context.Pipe()
    with served(pods=pods, looks=max(looks), seed=_SEED, questions=questions) as url:
        process = context.Process(target=_evaluate, args=(there, url, snapshot, tuple(looks)), daemon=True)
        process.start()
        there.close()
        found: Evaluated = here.recv()
        process.join()
    return found


def all_questions(snapshot: Snapshot, there: Observations, now: datetime) -> tuple[Question, ...]:
    """Return all that one evaluation asks, once it is known which series are there."""
    return (*discovery_questions(snapshot, now), *series_questions(snapshot, there, now))


def _evaluate(told: Connection, url: str, snapshot: Snapshot, looks: tuple[int, ...]) -> None:
    client = CountingClient(PrometheusClient(Endpoint(url=url)))
    observer = PrometheusObserver(client, longest_age_seconds=300)
    before = _largest()
    found = tuple(asyncio.run(_look_at_all(snapshot, observer, client, looks)))
    observer.close()
    told.send(Evaluated(looks=found, mebibytes=(_largest() - before) / _MEBIBYTE))


async def _look_at_all(snapshot: Snapshot, observer: PrometheusObserver, client: CountingClient, looks: tuple[int, ...]) -> list[Look]:
    memory, found = Memory(), list[Look]()
    for number in looks:
        memory = Memory(memory)
        found.append(await _look(snapshot, observer, client, number, memory))
        memory.seal()
    return found


async def _look(snapshot: Snapshot, observer: PrometheusObserver, client: CountingClient, number: int, memory: Memory) -> Look:
    now, sent, began = BEGAN + number * EVERY, client.queries, time.process_time()
    there = await _observed(observer, tuple(discovery_questions(snapshot, now)))
    series = await _observed(observer, tuple(series_questions(snapshot, there, now)))
    observations = Observations({**there.answers, **series.answers})
    asked = time.process_time()
    assessment = assess(snapshot, observations, now, memory)
    assert isinstance(assessment, Assessment), assessment
    samples = sum(len(one.samples) for answers in series.answers.values() for one in answers)
    return Look(number, client.queries - sent, asked - began, time.process_time() - asked, samples)


async def _observed(observer: PrometheusObserver, questions: tuple[Question, ...]) -> Observations:
    """Ask until everything is answered: the observer itself waits only for a few seconds."""
    for _ in range(_MOST_TRIES):
        found = await observer.observe(questions)
        if all(len(found.answers[one.name]) == len(one.instants) and _is_answered(found, one) for one in questions):
            return found
    raise TimeoutError("not everything was answered")


def _is_answered(found: Observations, question: Question) -> bool:
    return all(one.outcome is not Outcome.UNREACHABLE for one in found.answers[question.name])


def _largest() -> int:
    """Return the most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
