"""The judge of the releases under kill sees what must not happen; one that sees nothing would prove nothing."""

from itertools import count
from random import Random
from typing import Any

import pytest

from bench.cluster.history import Event
from bench.kills.judge import judge
from bench.stories.shapes import STORIES, drained_cache, in_batches
from bench.stories.story import Apply, Story

STORY = in_batches(Random(1))


class Film:
    """Pods of a story, told as the watch tells them."""

    def __init__(self, story: Story = STORY) -> None:
        self.story = story
        self.events: list[Event] = []
        self.seconds = 0.0
        self._versions = count(1)
        self._names = count(1)
        self._items: dict[str, dict[str, Any]] = {}
        for service in story.services:
            self.add(service.name, service.first.image, pods=service.replicas)

    def add(self, service: str, image: str, *, pods: int = 1, ready: bool = True) -> list[str]:
        """Create pods, and have them get ready."""
        names = [f"{service}-{next(self._names)}" for _ in range(pods)]
        for name in names:
            metadata = {"name": name, "namespace": "shop", "labels": {"app": service}}
            self._items[name] = {"metadata": metadata, "spec": {"containers": [{"image": image}]}, "status": {"phase": "Pending"}}
            self._tell("ADDED", name)
            if ready:
                self._items[name] = {**self._items[name], "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
                self._tell("MODIFIED", name)
        return names

    def remove(self, image: str, *, pods: int = 1) -> None:
        """End pods of an image."""
        for name in [name for name, item in self._items.items() if item["spec"]["containers"][0]["image"] == image][:pods]:
            item = self._items[name]
            self._items[name] = {**item, "metadata": {**item["metadata"], "deletionTimestamp": "now"}}
            self._tell("MODIFIED", name)
            self._tell("DELETED", name)
            del self._items[name]

    def roll(self, service: str, old: str, new: str, *, pods: int = 4) -> None:
        """Replace pods one by one."""
        for _ in range(pods):
            self.add(service, new)
            self.remove(old)

    def faults(self) -> list[str]:
        return judge(self.story, self.events)

    def _tell(self, kind: str, name: str) -> None:
        item = self._items[name]
        stamped = {**item, "metadata": {**item["metadata"], "resourceVersion": str(next(self._versions))}}
        self.events.append(Event(kind, stamped, self.seconds))


def test_a_release_in_order_has_no_fault() -> None:
    film = Film()
    film.roll("reader", "reader:1", "reader:2")
    film.roll("writer", "writer:1", "writer:2")
    assert film.faults() == []


def test_a_writer_beside_an_old_reader_is_seen() -> None:
    film = Film()
    film.roll("reader", "reader:1", "reader:2", pods=3)
    film.add("writer", "writer:2")
    faults = film.faults()
    assert any("before its turn: reader still runs ['reader:1']" in fault for fault in faults)
    assert any("events 2, and reader:1 can't read it" in fault for fault in faults)


def test_a_terminating_reader_still_reads() -> None:
    film = Film()
    film.roll("reader", "reader:1", "reader:2", pods=3)
    (leaving,) = [name for name, item in film._items.items() if item["spec"]["containers"][0]["image"] == "reader:1"]
    film.add("reader", "reader:2")
    film._items[leaving]["metadata"]["deletionTimestamp"] = "now"
    film._tell("MODIFIED", leaving)
    film.add("writer", "writer:2")
    assert film.faults() != []


def test_a_writer_before_every_new_reader_is_ready_is_seen() -> None:
    film = Film()
    film.roll("reader", "reader:1", "reader:2", pods=3)
    film.add("reader", "reader:2", ready=False)
    film.remove("reader:1")
    film.add("writer", "writer:2")
    assert any("3 of 4 new pods are ready" in fault for fault in film.faults())


def test_an_old_reader_that_comes_back_to_what_is_stored_is_seen() -> None:
    film = Film()
    film.roll("reader", "reader:1", "reader:2")
    film.roll("writer", "writer:1", "writer:2")
    film.roll("writer", "writer:2", "writer:1")
    film.add("reader", "reader:1")
    assert any("can't read it" in fault for fault in film.faults())


def test_more_pods_than_a_batch_has_are_seen_until_the_batch_was_ready() -> None:
    film = Film()
    film.add("reader", "reader:2", ready=False)
    film.add("reader", "reader:2", ready=False)
    assert any("2 pods of reader:2: batch 1 has 1, and only 0" in fault for fault in film.faults())
    patient = Film()
    patient.add("reader", "reader:2")
    patient.add("reader", "reader:2", ready=False)
    assert patient.faults() == []


def test_too_few_ready_pods_are_seen_once() -> None:
    film = Film()
    film.remove("reader:1")
    assert film.faults() == []
    film.remove("reader:1", pods=2)
    assert [fault for fault in film.faults() if "had 2 ready pods, its strategy allows no fewer than 3" in fault]
    assert len(film.faults()) == 1


def test_a_reader_that_drops_a_format_before_it_has_expired_is_seen() -> None:
    film = Film(drained_cache(Random(1)))
    film.roll("writer", "writer:1", "writer:2")
    film.seconds = 3.5
    film.add("reader", "reader:2")
    assert any("has left the old version for 3.5 s, not 4 s" in fault for fault in film.faults())
    film = Film(drained_cache(Random(1)))
    film.roll("writer", "writer:1", "writer:2")
    film.seconds = 4.0
    film.add("reader", "reader:2")
    assert film.faults() == []


@pytest.mark.parametrize("shape", STORIES)
def test_every_story_can_be_told_without_a_fault_and_not_in_the_opposite_order(shape: Any) -> None:
    story = shape(Random(1))
    after = {behind.service: behind.after for behind in story.behind}
    names = sorted((service.name for service in story.services), key=lambda name: _depth(name, after))
    changed = {change.service for change in story.changes if isinstance(change, Apply)}

    def told(order: list[str]) -> list[str]:
        film = Film(story)
        for name in order:
            service, wanted = story.service(name), story.wanted(name)
            if name in changed and wanted.image != service.first.image:
                film.roll(name, service.first.image, wanted.image, pods=service.replicas)
            film.seconds += 10
        return film.faults()

    assert told(names) == []
    if any(story.wanted(behind.service).image in behind.images for behind in story.behind):
        assert told(names[::-1]) != []


def _depth(name: str, after: dict[str, str]) -> int:
    return 0 if name not in after else 1 + _depth(after[name], after)
