"""Metrics say what is known, and nothing of what is gone."""

from datetime import UTC, datetime, timedelta

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Finding, GateStatus, PlanStep, Release, Rollback, State, Status, Summary
from saferollout.core.decision import AnalysisLook, Decision, Snapshot
from saferollout.core.views import HoldMode, World
from saferollout.shell.metrics import Metrics

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def snapshot(status: Status | None = None) -> Snapshot:
    return Snapshot(
        namespace="shop", name="main", uid="u", resource_version="1", generation=1, spec=SafeRolloutSpec(workloads=({"name": "web"},)),
        status=status or Status(), world=World(workloads={}, absent={}), hold_mode=HoldMode.POLICY,
    )


def release(*, rollback: Rollback | None = None) -> Status:
    steps = [PlanStep(id="Roll/a", kind="Roll", state="Done"), PlanStep(id="Roll/b", kind="Roll", state="Rolling")]
    return Status(
        summary=Summary(state=State.PROGRESSING), release=Release(id="r1", start_time=NOW, changed_time=NOW, steps=steps, rollback=rollback),
    )


GATES = (GateStatus(name="errors", verdict="Passing", value="0.01"), GateStatus(name="lag", verdict="Inconclusive"))


def lines(metrics: Metrics) -> set[str]:
    return {line for line in metrics.exposition().decode().splitlines() if not line.startswith("#")}


def test_a_release_shows_its_state_steps_and_gates_as_they_are_now() -> None:
    metrics = Metrics()
    older = release().model_copy(update={"gates": [GateStatus(name="errors", verdict="Inconclusive")]})
    metrics.decided("shop/main", snapshot(), Decision(status=older, gates=GATES))
    shown = lines(metrics)
    assert 'saferollout_info{name="main",namespace="shop",release="r1",state="Progressing"} 1.0' in shown
    assert 'saferollout_step{name="main",namespace="shop"} 1.0' in shown
    assert 'saferollout_steps{name="main",namespace="shop"} 2.0' in shown
    assert 'saferollout_gate_value{gate="errors",name="main",namespace="shop"} 0.01' in shown
    assert 'saferollout_gate_verdict{gate="lag",name="main",namespace="shop",verdict="Inconclusive"} 1.0' in shown
    assert not any(line.startswith('saferollout_gate_value{gate="lag"') for line in shown)


def test_series_vanish_with_their_safe_rollout() -> None:
    metrics = Metrics()
    metrics.decided("shop/main", snapshot(), Decision(status=release()))
    metrics.forget("shop/main")
    assert not any('namespace="shop"' in line for line in lines(metrics))


def test_a_way_back_is_counted_once() -> None:
    metrics = Metrics()
    going = release(rollback=Rollback(start_time=NOW, turn_time=NOW))
    metrics.decided("shop/main", snapshot(release()), Decision(status=going))
    metrics.decided("shop/main", snapshot(going), Decision(status=going))
    assert 'saferollout_rollbacks_total{name="main",namespace="shop"} 1.0' in lines(metrics)


FINDING = Finding(cause="Mode1", certainty="Named", action="RollBack", workload="web", message="it broke", time=NOW)


def found(finding: Finding | None, *, end: datetime | None = None) -> Decision:
    status = release()
    assert status.release is not None
    return Decision(status=status.model_copy(update={"release": status.release.model_copy(update={"finding": finding, "end_time": end})}))


def test_a_finding_is_shown_for_as_long_as_the_release_under_way_has_it() -> None:
    metrics = Metrics()
    line = 'saferollout_finding{cause="Mode1",certainty="Named",name="main",namespace="shop"} 1.0'
    metrics.decided("shop/main", snapshot(), found(FINDING))
    assert line in lines(metrics)
    metrics.decided("shop/main", snapshot(), found(FINDING.model_copy(update={"cause": "Mode2"})))
    assert [one for one in lines(metrics) if one.startswith("saferollout_finding")] == [line.replace("Mode1", "Mode2")]
    for over in (found(None), found(FINDING, end=NOW)):
        metrics.decided("shop/main", snapshot(), over)
        assert not any(one.startswith("saferollout_finding") for one in lines(metrics))


def test_each_look_of_the_analysis_is_counted_once_by_whether_it_could_tell() -> None:
    metrics = Metrics()
    later = NOW + timedelta(seconds=15)
    for at, answered in ((NOW, True), (NOW, True), (later, False), (later, False), (later + timedelta(seconds=15), False)):
        metrics.decided("shop/main", snapshot(), Decision(status=release(), look=AnalysisLook(at=at, answered=answered)))
    metrics.decided("shop/main", snapshot(), Decision(status=release()))
    shown = lines(metrics)
    assert 'saferollout_analysis_looks_total{name="main",namespace="shop",result="answered"} 1.0' in shown
    assert 'saferollout_analysis_looks_total{name="main",namespace="shop",result="unanswered"} 2.0' in shown
    metrics.forget("shop/main")
    assert not any(one.startswith("saferollout_analysis_looks_total{") for one in lines(metrics))


def test_looks_requests_queue_and_leadership_are_counted() -> None:
    metrics = Metrics()
    metrics.reconciled("success", seconds=0.1)
    metrics.requested("PATCH", "409")
    metrics.lead(True)
    metrics.watch_queue(lambda: 3)
    shown = lines(metrics)
    assert 'saferollout_reconcile_total{result="success"} 1.0' in shown
    assert 'saferollout_kube_requests_total{code="409",verb="PATCH"} 1.0' in shown
    assert {"saferollout_leader 1.0", "saferollout_work_queue_depth 3.0", "saferollout_reconcile_duration_seconds_count 1.0"} <= shown
