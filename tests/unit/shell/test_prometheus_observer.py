"""The observer remembers what is certain, asks again what is not, and holds nobody up."""

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome, Query, Question, Sample, Samples
from saferollout.shell.config import PrometheusConfig
from saferollout.shell.observer import NoPrometheus, PrometheusObserver, observer_for

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
QUERY = Query(value="up")


def question(count: int, *, name: str = "gate", query: Query = QUERY) -> Question:
    return Question(name=name, query=query, instants=tuple(START + timedelta(seconds=15 * index) for index in range(count)))


class ScriptedClient:
    """Answers as told and remembers at which instants (by index) it was asked."""

    def __init__(self, answer: Callable[[int], Answer] = lambda index: Answer(Outcome.VALUE, value=float(index))) -> None:
        self.answer = answer
        self.asked: list[int] = []

    def ask(self, promql: str, *, at: datetime, by: tuple[str, ...] = ()) -> Answer:
        index = int((at - START).total_seconds() // 15)
        self.asked.append(index)
        return self.answer(index)


@asynccontextmanager
async def observing(client: ScriptedClient, **options: object) -> AsyncIterator[PrometheusObserver]:
    observer = PrometheusObserver(client, **{"longest_age_seconds": 100.0, **options})  # type: ignore[arg-type]
    try:
        yield observer
    finally:
        observer.close()


def failing(_: int) -> Answer:
    return Answer(Outcome.UNREACHABLE, detail="down")


async def test_every_instant_is_answered_in_order_and_asked_once() -> None:
    client = ScriptedClient()
    async with observing(client) as observer:
        first = await observer.observe((question(3),))
        second = await observer.observe((question(4),))
    assert [one.value for one in first.answers["gate"]] == [0, 1, 2]
    assert [one.value for one in second.answers["gate"]] == [0, 1, 2, 3]
    assert sorted(client.asked) == [0, 1, 2, 3]


async def test_two_gates_with_the_same_query_ask_once() -> None:
    client = ScriptedClient()
    async with observing(client) as observer:
        seen = await observer.observe((question(1, name="a"), question(1, name="b")))
    assert seen.answers["a"] == seen.answers["b"]
    assert client.asked == [0]


async def test_what_was_not_answered_is_asked_again_while_it_is_recent_and_later_once_a_minute() -> None:
    now = [0.0]
    client = ScriptedClient(failing)
    async with observing(client, clock=lambda: now[0]) as observer:
        await observer.observe((question(7),))
        assert sorted(client.asked) == [0, 1, 2, 3, 4, 5, 6]
        client.asked.clear()
        await observer.observe((question(7),))
        assert sorted(client.asked) == [2, 3, 4, 5, 6]
        client.asked.clear()
        now[0] = 60.0
        client.answer = lambda index: Answer(Outcome.VALUE, value=float(index))
        seen = await observer.observe((question(7),))
        assert sorted(client.asked) == [0, 1, 2, 3, 4, 5, 6]
        assert [one.value for one in seen.answers["gate"]] == [0, 1, 2, 3, 4, 5, 6]


async def test_no_data_is_an_answer_and_stays_one() -> None:
    client = ScriptedClient(lambda _: Answer(Outcome.NO_DATA))
    async with observing(client) as observer:
        await observer.observe((question(1),))
        await observer.observe((question(1),))
    assert client.asked == [0]


async def test_a_look_ends_at_its_deadline_and_the_late_answer_serves_the_next_one() -> None:
    release = threading.Event()

    def slow(index: int) -> Answer:
        if index == 1:
            release.wait(10)
        return Answer(Outcome.VALUE, value=float(index))

    client = ScriptedClient(slow)
    async with observing(client, deadline_seconds=0.1) as observer:
        late = await observer.observe((question(2),))
        assert [one.outcome for one in late.answers["gate"]] == [Outcome.VALUE, Outcome.UNREACHABLE]
        assert late.answers["gate"][-1].detail == "Prometheus did not answer in time"
        release.set()
        seen = await observer.observe((question(2),))
    assert [one.value for one in seen.answers["gate"]] == [0, 1]
    assert sorted(client.asked) == [0, 1]


async def test_what_no_thread_had_begun_at_the_deadline_is_taken_back_and_asked_by_the_next_look() -> None:
    release = threading.Event()

    def stuck(index: int) -> Answer:
        release.wait(10)
        return Answer(Outcome.VALUE, value=float(index))

    client = ScriptedClient(stuck)
    async with observing(client, deadline_seconds=0.1) as observer:
        await observer.observe((question(20),))
        assert sorted(client.asked) == list(range(8))
        release.set()
        observer._deadline = 5.0
        seen = await observer.observe((question(20),))
    assert [one.value for one in seen.answers["gate"]] == list(range(20))
    assert sorted(client.asked) == list(range(20))


async def test_memory_is_bounded() -> None:
    client = ScriptedClient()
    async with observing(client, most_remembered=3) as observer:
        await observer.observe((question(5),))
        assert len(observer._remembered) == 3


async def test_what_nobody_asks_for_any_more_is_forgotten_and_what_is_asked_for_is_kept() -> None:
    now = [0.0]
    client = ScriptedClient()
    async with observing(client, clock=lambda: now[0]) as observer:
        await observer.observe((question(2, name="rolling"), question(1, name="once", query=Query(value="groups"))))
        for now[0] in (600.0, 1200.0):
            await observer.observe((question(2, name="rolling"),))
        assert {query.value for query, _ in observer._remembered} == {"up"}
    assert sorted(client.asked) == [0, 0, 1], "what is used at every look is never asked again"


async def test_a_thread_that_breaks_is_an_answer_too() -> None:
    def broken(_: int) -> Answer:
        raise LookupError("inside")

    async with observing(ScriptedClient(broken)) as observer:
        seen = await observer.observe((question(1),))
    assert seen.answers["gate"][0].outcome is Outcome.UNREACHABLE
    assert seen.answers["gate"][0].detail == "asking Prometheus failed: LookupError"


async def test_a_question_without_instants_has_no_answers() -> None:
    async with observing(ScriptedClient()) as observer:
        assert (await observer.observe((question(0),))).answers["gate"] == ()


async def test_without_a_prometheus_everything_is_inconclusive_and_says_what_to_configure() -> None:
    observer = observer_for(PrometheusConfig())
    assert isinstance(observer, NoPrometheus)
    (only,) = (await observer.observe((question(3),))).answers["gate"]
    assert only.outcome is Outcome.UNREACHABLE
    assert only.detail == "no Prometheus is configured: chart value prometheus.url"
    assert only.at == START + timedelta(seconds=30)


def test_the_configuration_makes_an_observer() -> None:
    observer = observer_for(PrometheusConfig(url="http://127.0.0.1:9", token_file="/nowhere"))
    assert isinstance(observer, PrometheusObserver)
    observer.close()


async def test_how_old_a_sample_may_be_follows_from_the_scrape_interval() -> None:
    class Aged:
        def ask(self, promql: str, *, at: datetime, label: str = "", by: tuple[str, ...] = ()) -> Answer:
            return Answer(Outcome.VALUE, value=50.0 if "max" in promql else 60.0)

    observer = observer_for(PrometheusConfig(url="http://127.0.0.1:9", scrape_interval_seconds=15))
    assert isinstance(observer, PrometheusObserver)
    observer._client = Aged()
    aged = question(1, query=Query(value="up", age="time() - min(timestamp(up))"))
    (measured,) = (await observer.observe((aged,))).answers["gate"]
    observer.close()
    assert (measured.outcome, measured.detail) == (Outcome.STALE, "a sample behind the value is older than 55 s")


BY_POD = Query(value="requests", by=("pod",))


def two_pods(index: int) -> Answer:
    samples = Samples.of(Sample((("pod", pod),), float(index)) for pod in ("a", "b"))
    return Answer(Outcome.VALUE, value=2.0, samples=samples)


async def test_samples_are_remembered_and_equal_labels_are_kept_once() -> None:
    client = ScriptedClient(two_pods)
    async with observing(client) as observer:
        for _ in range(2):
            seen = await observer.observe((question(3, query=BY_POD),))
    measured = seen.answers["gate"]
    assert [one.samples.values for one in measured] == [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]
    assert len({id(one.samples.labels) for one in measured}) == 1
    assert sorted(client.asked) == [0, 1, 2]


async def test_memory_is_bounded_by_the_samples_in_it_too() -> None:
    async with observing(ScriptedClient(two_pods), most_samples=6) as observer:
        await observer.observe((question(5, query=BY_POD),))
        assert len(observer._remembered) == 3
        await observer.observe((question(1, query=Query(value="other", by=("pod",))),))
        assert (len(observer._remembered), observer._samples) == (3, 6)
