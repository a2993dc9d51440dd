"""What the scene keeps of a release: each finding once, when it was acted on, whether anything went back."""

from typing import Any

from localcluster.opencore.following import Followed, is_spread_stopped


def status(state: str, *, finding: tuple[str, str, str] | None = None, back: bool = False, stalled: str = "") -> dict[str, Any]:
    release: dict[str, Any] = {"id": "1"}
    if finding is not None:
        release["finding"] = {**dict(zip(("cause", "certainty", "action"), finding, strict=True)), "workload": "user-service"}
    if back:
        release["rollback"] = {"back": ["user-service"]}
    conditions = [{"type": "Stalled", "status": "True" if stalled else "False", "reason": stalled or "Progressing"}]
    return {"summary": {"state": state}, "release": release, "conditions": conditions}


def test_a_finding_is_kept_once_with_the_time_it_came_and_stays_when_it_is_over() -> None:
    seen = Followed()
    for seconds, finding in enumerate([None, ("Unknown", "Suspected", "Hold"), ("Unknown", "Suspected", "Hold"), ("Mode1", "Named", "RollBack"), None]):
        seen.look(status("Progressing", finding=finding), seconds=float(seconds))
    assert [(one.cause, one.seconds) for one in seen.findings] == [("Unknown", 1.0), ("Mode1", 3.0)]
    assert str(seen.findings[1]) == "Mode1 Named (user-service): RollBack, after 3 s"
    assert seen.acted_after is None


def test_a_way_back_counts_from_its_first_sight_and_is_not_forgotten() -> None:
    seen = Followed()
    seen.look(status("RollingBack", back=True), seconds=50.0)
    seen.look(status("RolledBack", back=True), seconds=70.0)
    seen.look(status("Completed"), seconds=90.0)
    assert (seen.went_back, seen.acted_after, seen.state, seen.seconds) == (True, 50.0, "Completed", 90.0)


def test_a_spread_is_stopped_only_by_its_own_reason() -> None:
    assert is_spread_stopped(status("Waiting", stalled="ForwardOnly"))
    assert not is_spread_stopped(status("Waiting", stalled="Failed"))
    seen = Followed()
    seen.look(status("Waiting", stalled="ForwardOnly"), seconds=60.0)
    assert seen.is_stopped and not seen.went_back and seen.acted_after == 60.0
