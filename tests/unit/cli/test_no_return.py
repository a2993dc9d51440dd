"""From which step on there is no way back for somebody."""

from typing import Any

from saferollout.cli.explanation_facts import facts
from saferollout.cli.look import Look
from saferollout.cli.no_return import passed_points, points_of_no_return
from saferollout.cli.picture import Picture
from saferollout.cli.seen import Seen
from saferollout.cli.status_screen import status_screen
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


STORED = [{"name": "user-events", "storedVersions": ["1", "2"]}]
SAID = (
    "passed when user-service began to roll: user-events 2 may be stored, so a rollback leaves billing-service at the new revision, "
    "because the old one does not read it"
)


def past(reading: WorkloadView, writing: WorkloadView, *, stored: list[dict[str, Any]], rolled: tuple[str, ...]) -> Picture:
    targets = [{**target, "rolled": target["workload"] in rolled} for target in release()["targets"]]
    views = {"billing-service": reading, "user-service": writing}
    return picture(raw(status("Completed", release=release(targets=targets, rolls=[], steps=[]), contracts=stored)), views=views)


def test_a_point_that_was_passed_stays_said_with_what_it_means_for_a_rollback_until_the_version_is_gone() -> None:
    both, behind = ("billing-service", "user-service"), (reader(old="user-events: {reads: [1]}"), writer("user-events: {writes: [2]}"))
    passed = past(*behind, stored=STORED, rolled=both)
    assert [str(point) for point in passed_points(passed)] == [SAID]
    drawn = " ".join(" ".join(line.plain.split()) for line in status_screen(passed, Look(ascii_only=True, width=80)))
    assert SAID in drawn
    assert passed_points(past(*behind, stored=[{"name": "user-events", "storedVersions": ["1"]}], rolled=both)) == (), "proved gone"
    assert passed_points(past(*behind, stored=STORED, rolled=("billing-service",))) == (), "stored by somebody else before"
    assert passed_points(past(reader(old="user-events: {reads: [1, 2]}"), behind[1], stored=STORED, rolled=both)) == ()


def test_a_workload_that_a_passed_point_keeps_is_explained_with_it() -> None:
    passed = past(reader(old="user-events: {reads: [1]}"), writer("user-events: {writes: [2]}"), stored=STORED, rolled=("billing-service", "user-service"))
    for name, told in (("billing-service", [SAID]), ("user-service", [SAID]), ("gateway", [])):
        known = Seen(
            workload=name, object=name, namespace="opencore", view=passed.views.get(name), label="opencore", saferollouts=("opencore",),
            picture=passed, listed=True,
        )  # fmt: skip
        assert [words for topic, words in facts(known) if topic == "No return"] == told
