"""A waiver stands for the batches under way when it was given, whatever the clock says."""

from datetime import UTC, datetime
from typing import Any

from saferollout.api.status import ActiveRoll, Approval, Release, Target
from saferollout.core.waivers import batches_under_way, is_waived

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def roll(*, batch: int = 0, revision: str = "new") -> ActiveRoll:
    return ActiveRoll(workload="billing", hash=revision, batch=batch, batches=3, start_time=NOW, batch_start_time=NOW)


def release(rolling: ActiveRoll | None, **changes: Any) -> Release:
    rolls = [rolling] if rolling is not None else []
    return Release(id="r1", start_time=NOW, changed_time=NOW, rolls=rolls, **changes)


def given_during(before: Release) -> list[Approval]:
    return [Approval(subject="gate/letters", time=NOW, batches=batches_under_way(before))]


def waived(current: ActiveRoll, approvals: list[Approval], **changes: Any) -> bool:
    return is_waived(release(current, approvals=approvals, **changes), current, subject="gate/letters")


def test_of_two_batches_in_one_second_it_stands_for_the_one_it_was_given_in() -> None:
    first, second = roll(batch=0), roll(batch=1)
    assert waived(first, given_during(release(first))) and not waived(second, given_during(release(first)))
    assert waived(second, given_during(release(second)))


def test_it_does_not_stand_for_the_same_batch_of_a_newer_template() -> None:
    assert not waived(roll(revision="newer"), given_during(release(roll())))


def test_one_given_before_anything_rolled_stands_for_the_first_batch_only() -> None:
    before = given_during(release(None))
    assert waived(roll(), before)
    assert not waived(roll(batch=1), before)
    done = [Target(workload="orders", to_hash="o2", rolled=True, done=True)]
    assert not waived(roll(), before, targets=done)


def test_it_stands_for_its_subject_only() -> None:
    current = roll()
    assert not is_waived(release(current, approvals=given_during(release(current))), current, subject="gate/latency")
