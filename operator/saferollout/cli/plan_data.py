"""Say a plan or a rollback as data: the JSON that scripts rely on (kernel.md section 9)."""

from collections.abc import Sequence
from typing import Any

from saferollout.core.plans import Conflict, Plan, Refusal, Repair, Roll, RollbackPlan, Side, Step
from saferollout.core.templates import TemplateProblem


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as a mapping in the documented order."""
    head: dict[str, Any] = {"accepted": plan.accepted}
    if plan.reason is not None:
        head |= {"reason": str(plan.reason), "message": plan.message}
    return {
        **head,
        "steps": [_step(step) for step in plan.steps],
        "unsafeNow": [_conflict(conflict) for conflict in plan.unsafe_now],
        "conflicts": [_conflict(conflict) for conflict in plan.conflicts],
        "repairs": [_repair(repair) for repair in plan.repairs],
    }


def rollback_data(rollback: RollbackPlan) -> dict[str, Any]:
    """Return a rollback as a mapping in the documented order."""
    stay = [
        {"workload": one.workload, "contract": one.contract, "version": one.version, "sentence": one.sentence} for one in rollback.stay
    ]  # fmt: skip
    return {"back": list(rollback.back), "stay": stay}


def refused_templates(problems: Sequence[TemplateProblem]) -> Plan:
    """Return the refusal of templates that can't be considered."""
    message = " ".join(problem.message for problem in problems)
    return Plan(accepted=False, reason=Refusal.UNKNOWN_CONTRACT, message=message)


def _step(step: Step) -> dict[str, Any]:
    if isinstance(step, Roll):
        return {"kind": "Roll", "workload": step.workload, "stage": str(step.stage), "because": list(step.because)}
    return {"kind": type(step).__name__, "contract": step.contract, "version": step.version, "because": list(step.because)}


def _side(side: Side | None) -> dict[str, str] | None:
    return None if side is None else {"workload": side.workload, "revision": str(side.revision)}


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "contract": conflict.contract,
        "version": conflict.version,
        "writer": _side(conflict.writer),
        "reader": _side(conflict.reader),
        "failureMode": conflict.failure_mode,
        "sentence": conflict.sentence,
    }


def _repair(repair: Repair) -> dict[str, Any]:
    return {
        "workload": repair.workload,
        "contract": repair.contract,
        "reads": list(repair.reads),
        "writes": list(repair.writes),
        "sentence": repair.sentence,
    }
