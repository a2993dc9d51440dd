"""From which step on there is no way back for somebody."""

from typing import Any

from saferollout.cli.no_return import points_of_no_return
from saferollout.core.views import WorkloadView
from tests.unit.cli.pictures import picture, raw, release, replica_set, status, view


def reader(*, old: str | None, new: str | None = "user-events: {reads: [1, 2]}") -> WorkloadView:
    return view("billing-service", replica_set("b2", 5, contracts=new), replica_set("b1", 0, contracts=old), template="b2")


def writer(new: str | None, *, old: str | None = "user-events: {writes: [1]}") -> WorkloadView:
    return view("user-service", replica_set("u1", 10, contracts=old), template="u2", held=True, contracts=new)


def points(reading: WorkloadView, writing: WorkloadView, **changes: Any) -> dict[str, str]:
    views = {"billing-service": reading, "user-service": writing}
    return points_of_no_return(picture(raw(status("Progressing", release=release(), **changes)), views=views))


def test_the_first_writer_of_a_stored_version_closes_the_way_back_of_old_readers() -> None:
    sentence = "from here on user-events 2 is stored, and billing-service can't go back to what does not read it"
    assert points(reader(old="user-events: {reads: [1]}"), writer("user-events: {writes: [2]}")) == {"Roll/user-service": sentence}


def test_a_version_that_is_stored_already_closes_nothing_more() -> None:
    stored = [{"name": "user-events", "storedVersions": ["1", "2"]}]
    assert points(reader(old="user-events: {reads: [1]}"), writer("user-events: {writes: [2]}"), contracts=stored) == {}


def test_a_writer_that_writes_what_it_wrote_closes_nothing() -> None:
    assert points(reader(old="user-events: {reads: [1]}"), writer("user-events: {writes: [1]}")) == {}


def test_old_readers_that_read_the_version_can_go_back() -> None:
    assert points(reader(old="user-events: {reads: [1, 2]}"), writer("user-events: {writes: [2]}")) == {}


def test_what_is_not_declared_or_can_not_be_read_closes_nothing() -> None:
    assert points(reader(old=None), writer("user-events: {writes: [2]}")) == {}
    assert points(reader(old="user-events: {reads: [1]}"), writer("user-events: [")) == {}
    assert points(reader(old="user-events: {reads: [1]}"), writer("users-api/request: {writes: [2]}")) == {}
