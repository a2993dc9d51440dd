"""A person's word stands for what was to be seen when it was given, whatever the clock says."""

from datetime import UTC, datetime, timedelta
from typing import Any

from saferollout.api.status import ActiveRoll, Approval, Release, Target
from saferollout.core.contracts import Party, Revision, Use, World
from saferollout.core.waivers import approval, is_answered_for, is_waived, is_waived_before_first_step

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
GATE, PROOF = "gate/letters", "Prove/events/1"


def roll(*, batch: int = 0, revision: str = "new", start: datetime = NOW) -> ActiveRoll:
    return ActiveRoll(workload="billing", hash=revision, batch=batch, batches=3, start_time=start, batch_start_time=start)


def release(rolling: ActiveRoll | None = None, *, wanted: str = "new", done: bool = False, others: tuple[Target, ...] = (), **changes: Any) -> Release:
    targets = [Target(workload="billing", to_hash=wanted, rolled=done, done=done), *others]
    return Release(id="r1", start_time=NOW, changed_time=NOW, rolls=[rolling] if rolling is not None else [], targets=targets, **changes)


def said(before: Release, subject: str = GATE) -> list[Approval]:
    return [approval(before, subject=subject, by="ada", reason="looked", time=NOW)]


def waived(current: ActiveRoll, approvals: list[Approval], **changes: Any) -> bool:
    return is_waived(release(current, approvals=approvals, **changes), current, subject=GATE)


def answered(now: Release, *parties: str) -> bool:
    revision = Revision(key="any", uses={"events": Use(reads=frozenset({"1"}))})
    world = World(channels={}, parties=tuple(Party(name=name, alive=(revision,)) for name in parties))
    return is_answered_for(now, world, contract="events", version="1")


def test_of_two_batches_in_one_second_it_stands_for_the_one_it_was_given_in() -> None:
    first, second = roll(batch=0), roll(batch=1)
    assert waived(first, said(release(first))) and not waived(second, said(release(first)))
    assert waived(second, said(release(second)))


def test_it_does_not_stand_for_the_same_batch_of_a_newer_template_nor_for_that_template_rolled_once_more() -> None:
    given = said(release(roll()))
    assert not waived(roll(revision="newer"), given, wanted="newer")
    assert not waived(roll(start=NOW + timedelta(minutes=5)), given)


def test_one_given_before_anything_rolled_stands_for_the_first_batch_of_those_templates_only() -> None:
    before = said(release())
    assert waived(roll(), before)
    assert not waived(roll(batch=1), before)
    assert not waived(roll(), before, others=(Target(workload="orders", to_hash="o2", rolled=True, done=True),))
    assert not waived(roll(revision="newer"), before, wanted="newer")
    assert is_waived_before_first_step(release(approvals=before), subject=GATE)
    assert not is_waived_before_first_step(release(wanted="newer", approvals=before), subject=GATE)


def test_it_stands_for_its_subject_only() -> None:
    current = roll()
    assert not is_waived(release(current, approvals=said(release(current))), current, subject="gate/latency")


def test_an_answer_for_a_version_stands_while_the_templates_that_take_part_stay_the_same() -> None:
    given = said(release(), PROOF)
    assert answered(release(approvals=given), "billing")
    assert answered(release(done=True, approvals=given), "billing")
    assert not answered(release(wanted="older", approvals=given), "billing"), "another template of the same workload is another question"


def test_who_joins_the_release_asks_anew_only_where_it_takes_part_in_the_contract() -> None:
    given, joined = said(release(), PROOF), (Target(workload="orders", to_hash="o2"),)
    assert answered(release(others=joined, approvals=given), "billing")
    assert not answered(release(others=joined, approvals=given), "billing", "orders")
