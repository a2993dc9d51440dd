"""Stories of several shapes; what is random in them comes from the generator that is given."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from bench.stories.story import Apply, Behind, Declared, Revision, Scale, Service, Story

_EVENTS: Final[dict[str, Any]] = {"name": "events", "topic": {"name": "events", "retentionSeconds": 86400}}


def reads(*versions: int, contract: str = "events") -> Declared:
    """Declare a reader."""
    return {contract: {"reads": list(versions)}}


def writes(*versions: int, contract: str = "events") -> Declared:
    """Declare a writer."""
    return {contract: {"writes": list(versions)}}


def _writer(**options: Any) -> Service:
    return Service("writer", Revision("writer:1", writes(1)), **options)


def _reader(**options: Any) -> Service:
    return Service("reader", Revision("reader:1", reads(1)), **options)


_WRITER_2 = Revision("writer:2", writes(2))
_READER_2 = Revision("reader:2", reads(1, 2))


def _writer_behind(*images: str, readers: tuple[str, ...] = ("reader:2",)) -> Behind:
    return Behind("writer", images or ("writer:2",), "reader", readers)


def _pair(random: Random, name: str, *, batches: tuple[int, ...], behaviour: str = "ready") -> Story:
    reader = Revision("reader:2", reads(1, 2), behaviour=behaviour)
    writer = Revision("writer:2", writes(2), behaviour=behaviour)
    return Story(
        name=name,
        services=(_writer(batches=batches), _reader(batches=batches)),
        contracts=(_EVENTS,),
        changes=(Apply(0, "writer", writer), Apply(random.uniform(0, 4), "reader", reader)),
        behind=(_writer_behind(),),
    )


def at_once(random: Random) -> Story:
    """Return two services without batches, the writer's template first."""
    return _pair(random, "at once", batches=())


def in_batches(random: Random) -> Story:
    """Return two services in three batches."""
    return _pair(random, "in batches", batches=(25, 50))


def slow_pods(random: Random) -> Story:
    """Return two services whose new pods take a second to get ready."""
    return _pair(random, "slow pods", batches=(50,), behaviour="slow:1")


def many_pods(random: Random) -> Story:
    """Return a pair with more pods than one step may take away."""
    reader, writer = _reader(replicas=10, batches=(20, 70)), _writer(replicas=7, batches=(30,))
    changes = (Apply(0, "writer", _WRITER_2), Apply(random.uniform(0, 3), "reader", _READER_2))
    return Story("many pods", (writer, reader), (_EVENTS,), changes, behind=(_writer_behind(),))


def row_of_four(random: Random) -> Story:
    """Return four services in a row of three topics, whose templates arrive in any order."""
    topics: tuple[dict[str, Any], ...] = tuple({"name": name, "topic": {"name": name, "retentionSeconds": 86400}} for name in ("a", "b", "c"))
    old: list[Declared] = [
        writes(1, contract="a"),
        {**reads(1, contract="a"), **writes(1, contract="b")},
        {**reads(1, contract="b"), **writes(1, contract="c")},
        reads(1, contract="c"),
    ]
    new: list[Declared] = [
        writes(2, contract="a"),
        {**reads(1, 2, contract="a"), **writes(2, contract="b")},
        {**reads(1, 2, contract="b"), **writes(2, contract="c")},
        reads(1, 2, contract="c"),
    ]
    names = ["first", "second", "third", "fourth"]
    services = tuple(
        Service(name, Revision(f"{name}:1", declared), replicas=3, batches=random.choice(((), (50,)))) for name, declared in zip(names, old, strict=True)
    )
    arrivals = sorted(range(4), key=lambda _: random.random())
    changes = tuple(
        Apply(place * random.uniform(0, 1.5), names[number], Revision(f"{names[number]}:2", new[number])) for place, number in enumerate(arrivals)
    )
    behind = tuple(Behind(names[n], (f"{names[n]}:2",), names[n + 1], (f"{names[n + 1]}:2",)) for n in range(3))
    return Story("row of four", services, topics, changes, behind)


def superseded_writer(random: Random) -> Story:
    """Return a pair in which a newer template of the writer comes while either is rolling."""
    newer = Revision("writer:3", writes(2))
    changes = (Apply(0, "writer", _WRITER_2), Apply(0, "reader", _READER_2), Apply(random.uniform(1, 12), "writer", newer))
    services = (_writer(batches=(50,)), _reader(batches=(50,)))
    return Story("superseded writer", services, (_EVENTS,), changes, behind=(_writer_behind("writer:2", "writer:3"),))


def superseded_reader(random: Random) -> Story:
    """Return a pair in which the reader's newer template comes while the older one is rolling."""
    newer = Revision("reader:3", reads(1, 2))
    changes = (Apply(0, "writer", _WRITER_2), Apply(0, "reader", _READER_2), Apply(random.uniform(1, 12), "reader", newer))
    services = (_writer(), _reader(batches=(50,)))
    behind = (_writer_behind("writer:2", readers=("reader:2", "reader:3")),)
    return Story("superseded reader", services, (_EVENTS,), changes, behind)


def reverted_writer(random: Random) -> Story:
    """Return a pair whose writer's template is taken back, before its turn or in the middle of it."""
    changes = (Apply(0, "writer", _WRITER_2), Apply(0, "reader", _READER_2), Apply(random.uniform(1, 15), "writer", Revision("writer:1", writes(1))))
    services = (_writer(batches=(25, 50)), _reader())
    return Story("reverted writer", services, (_EVENTS,), changes, behind=(_writer_behind(),))


def scaled(random: Random) -> Story:
    """Return a pair whose reader gets more pods and then fewer, while it rolls or after."""
    up = random.uniform(1, 10)
    changes = (
        Apply(0, "writer", _WRITER_2), Apply(0, "reader", _READER_2), Scale(up, "reader", 6), Scale(up + random.uniform(2, 8), "reader", 3),
    )  # fmt: skip
    return Story("scaled", (_writer(), _reader(batches=(50,))), (_EVENTS,), changes, behind=(_writer_behind(),))


def drained_cache(random: Random) -> Story:
    """Return a cache whose reader drops the old format: only when the writer has moved on and the entries have expired."""
    cache: dict[str, Any] = {"name": "sessions", "cache": {"ttlSeconds": 4}}
    writer = Service("writer", Revision("writer:1", writes(1, contract="sessions")), batches=(50,))
    reader = Service("reader", Revision("reader:1", reads(1, 2, contract="sessions")))
    changes = (
        Apply(0, "reader", Revision("reader:2", reads(2, contract="sessions"))),
        Apply(random.uniform(0, 3), "writer", Revision("writer:2", writes(2, contract="sessions"))),
    )
    behind = (Behind("reader", ("reader:2",), "writer", ("writer:2",), seconds=4),)
    return Story("drained cache", (reader, writer), (cache,), changes, behind)


def failed_and_reverted(random: Random) -> Story:
    """Return a reader whose new pods never get ready; Git takes it back before or after it was rolled back."""
    broken = Revision("reader:2", reads(1, 2), behaviour="never-ready")
    changes = (
        Apply(0, "writer", _WRITER_2), Apply(0, "reader", broken), Apply(random.uniform(4, 25), "reader", Revision("reader:1", reads(1))),
        Apply(random.uniform(26, 30), "writer", Revision("writer:1", writes(1))),
    )  # fmt: skip
    services = (_writer(), _reader(batches=random.choice(((), (50,)))))
    return Story("failed and reverted", services, (_EVENTS,), changes, never=frozenset({"writer:2"}), spec={"progressDeadlineSeconds": 8})


def fixed_forward(random: Random) -> Story:
    """Return a reader whose new pods never get ready, and a newer template that works."""
    broken = Revision("reader:2", reads(1, 2), behaviour="never-ready")
    changes = (
        Apply(0, "writer", _WRITER_2), Apply(0, "reader", broken), Apply(random.uniform(4, 25), "reader", Revision("reader:3", reads(1, 2))),
    )  # fmt: skip
    services = (_writer(), _reader(batches=random.choice(((), (50,)))))
    behind = (_writer_behind("writer:2", readers=("reader:3",)),)
    return Story("fixed forward", services, (_EVENTS,), changes, behind, spec={"progressDeadlineSeconds": 8})


STORIES: Final[tuple[Callable[[Random], Story], ...]] = (
    at_once, in_batches, slow_pods, many_pods, row_of_four, superseded_writer, superseded_reader, reverted_writer, scaled, drained_cache,
    failed_and_reverted, fixed_forward,
)  # fmt: skip
