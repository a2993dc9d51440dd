"""What to ask Prometheus: every gate at its fixed instants while anything rolls, once before the first step, and proofs of drains."""

from collections.abc import Iterator
from datetime import datetime

from saferollout.api.gates import Gate
from saferollout.api.problems import Problem
from saferollout.api.spec import Gating
from saferollout.api.status import Release
from saferollout.core import gates
from saferollout.core.analysis.asking import discovery_questions, series_questions
from saferollout.core.arms import Arms, arms_in
from saferollout.core.decision import Snapshot
from saferollout.core.measurements import Observations, Question
from saferollout.core.outage_depths import letters_question
from saferollout.core.promql import check_promql
from saferollout.core.proof_questions import proof_questions
from saferollout.core.signals import can_be_measured, query_for
from saferollout.core.unknown_readers import group_questions


def questions(snapshot: Snapshot, now: datetime) -> tuple[Question, ...]:
    """Return what has to be measured for the next decision; while nothing is released only who reads the topics."""
    if snapshot.deleting:
        return ()
    return (*_of_release(snapshot, now), *group_questions(snapshot, now), *discovery_questions(snapshot, now))


def follow_up(snapshot: Snapshot, found: Observations, now: datetime) -> tuple[Question, ...]:
    """Return what has to be measured besides, now that it is known which series are there."""
    return () if snapshot.deleting else tuple(series_questions(snapshot, found, now))


def _of_release(snapshot: Snapshot, now: datetime) -> tuple[Question, ...]:
    release = snapshot.status.release
    if release is None or release.end_time is not None or release.rollback is not None:
        return ()
    gates_in_force = () if snapshot.spec.gating is Gating.DISABLED else snapshot.spec.gates
    return (*(question for gate in gates_in_force for question in _of_gate(snapshot, release, gate, now)), *proof_questions(snapshot, release, arms=_arms(snapshot), now=now))


def query_problems(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what keeps the queries of gates and proofs from being asked, each with its position; no step starts with one."""
    problems = [
        f"gate {gate.name}: {problem}"
        for gate in snapshot.spec.gates
        if gate.promql is not None
        for problem in check_promql(gate.promql)
    ]
    proofs = [
        f"contract {contract.name}: {problem}"
        for contract in snapshot.spec.contracts
        if contract.drained is not None
        for problem in check_promql(contract.drained.promql, field="drained.promql")
    ]
    return (*problems, *proofs)


def is_measurable(snapshot: Snapshot, gate: Gate) -> bool:
    """Tell whether the pods that a gate measures exist at all."""
    return can_be_measured(gate, arms_by_workload=_arms(snapshot))


def measured_at_once(gate: Gate) -> Gate:
    """Return a gate as it is measured while nothing rolls: there is no step whose start it would have to wait out."""
    return gate.model_copy(update={"initial_delay_seconds": 0})


def _arms(snapshot: Snapshot) -> dict[str, Arms]:
    return arms_in(snapshot.status.release, snapshot.world.workloads)


def _of_gate(snapshot: Snapshot, release: Release, gate: Gate, now: datetime) -> Iterator[Question]:
    before_first_step = not release.preflight_done
    query = query_for(
        gate,
        contracts=snapshot.spec.contracts,
        arms_by_workload=_arms(snapshot),
        namespace=snapshot.namespace,
        labels=snapshot.labels,
        preflight=before_first_step,
    )
    if isinstance(query, Problem):
        return
    if before_first_step or not release.rolls:
        when = gates.instants(measured_at_once(gate), start=release.start_time, now=now)[-1:]
    else:
        when = tuple(sorted({at for roll in release.rolls for at in gates.instants(gate, start=roll.start_time, now=now)}))
    if when:
        yield Question(name=gate.name, query=query, instants=when)
    in_outages = letters_question(snapshot, release, gate, query)
    if in_outages is not None:
        yield in_outages
