"""The table of workloads: plan order, stage, state, pods of the new and of the old revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from saferollout.api.status import ActiveRoll, PlanStep, State
from saferollout.cli.estimate import bake_seconds
from saferollout.cli.look import Look, Mark, duration
from saferollout.cli.picture import Picture
from saferollout.core.views import WorkloadView

_WIDEST_NAME: Final = 28

_MARKS: Final = {
    "Done": Mark.DONE,
    "Stable": Mark.DONE,
    "Rolling": Mark.MOVING,
    "Baking": Mark.WAITING,
    "Waiting": Mark.WAITING,
    "Pending": Mark.PENDING,
    "Held": Mark.HALTED,
    "OwnerPaused": Mark.HALTED,
    "Failed": Mark.FAILED,
    "Invalid": Mark.FAILED,
    "Absent": Mark.UNSURE,
    "Returning": Mark.RETURNING,
    "Returned": Mark.RETURNING,
    "Stays": Mark.HALTED,
}
_TROUBLED: Final = frozenset({"Failed", "Returning", "Absent", "Invalid", "OwnerPaused"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    stage: str
    state: str
    new: str = ""
    old: str = ""
    note: str = ""

    @property
    def mark(self) -> Mark:
        """Return the symbol of the state."""
        return _MARKS.get(self.state, Mark.UNSURE)


def rows(picture: Picture) -> list[Row]:
    """Return one row a step of the plan, then the workloads that take no part."""
    release = picture.release
    steps = release.steps if release and picture.summary.state is not State.IDLE else []
    planned = [_step_row(picture, step) for step in steps]
    rolled = {step.workload for step in steps}
    return [*planned, *(_resting_row(picture, name) for name in _names(picture) if name not in rolled)]


def _names(picture: Picture) -> Iterator[str]:
    if picture.spec is not None:
        yield from (workload.name for workload in picture.spec.workloads)
        return
    yield from (known.name for known in picture.status.workloads)


def _step_row(picture: Picture, step: PlanStep) -> Row:
    if step.kind != "Roll":
        return Row(
            name=f"{step.contract} {step.version}".strip() or step.id,
            stage="Prove" if step.kind == "Prove" else "Approve",
            state=step.state,
        )
    target, view = picture.target(step.workload), picture.views.get(step.workload)
    new, old = _pods(view, target.to_hash) if view and target else ("", "")
    state = _state(picture, step)
    return Row(name=step.workload, stage=step.stage, state=state, new=new, old=old, note=_batch_note(picture, step.workload, state))


def _resting_row(picture: Picture, name: str) -> Row:
    known, view = picture.known(name), picture.views.get(name)
    state = known.state if known and known.state else "Stable" if view else "Absent" if picture.views else "Unknown"
    if view is None:
        return Row(name=name, stage="", state=state)
    if view.held:
        new, old = _pods(view, view.template)
        return Row(name=name, stage="", state=state, new=new, old=old)
    pods = sum(replica_set.pods for replica_set in view.replica_sets)
    return Row(name=name, stage="", state=state, old=str(pods))


def _state(picture: Picture, step: PlanStep) -> str:
    """Choose the word that says most: trouble and the way back before the plan's own view."""
    release, known, view = picture.release, picture.known(step.workload), picture.views.get(step.workload)
    rollback = release.rollback if release else None
    if rollback is not None:
        if any(stay.workload == step.workload for stay in rollback.stay):
            return "Stays"
        if step.workload in rollback.returned:
            return "Returned"
    if known is not None and known.state in _TROUBLED:
        return known.state
    held = (known is not None and known.state == "Held") or (view is not None and view.held)
    return "Held" if step.state == "Pending" and held else step.state


def _pods(view: WorkloadView, revision: str) -> tuple[str, str]:
    """Count available pods of the new revision over those wanted, and all pods of others."""
    new = sum(replica_set.available for replica_set in view.of(revision))
    old = sum(replica_set.pods for replica_set in view.replica_sets if replica_set.hash != revision)
    return f"{new}/{view.replicas}", str(old)


def _batch_note(picture: Picture, workload: str, state: str) -> str:
    roll, described = picture.roll(workload), picture.described(workload)
    if roll is None or state not in ("Rolling", "Baking"):
        return ""
    batches = (*(described.batches if described else ()), "100%")
    share = f" ({batches[roll.batch]})" if len(batches) == roll.batches else ""
    batch = f"batch {roll.batch + 1} of {roll.batches}{share}" if roll.batches > 1 else ""
    return ", ".join(part for part in (batch, _baked(picture, roll)) if part)


def _baked(picture: Picture, roll: ActiveRoll) -> str:
    """Say how much of the bake is over; it may take longer where a gate can't tell."""
    if roll.ready_time is None or picture.spec is None:
        return ""
    baked = duration((picture.now - roll.ready_time).total_seconds())
    return f"baked {baked} of {duration(bake_seconds(picture.spec, roll.workload))}"


def table(picture: Picture, look: Look) -> list[Text]:
    """Draw the table; pod columns only where pods could be read."""
    drawn = rows(picture)
    if not drawn:
        return []
    with_pods = any(row.new or row.old for row in drawn)
    name_width = max(len("WORKLOAD"), *(min(len(row.name), _WIDEST_NAME) for row in drawn))
    head = f"  {'WORKLOAD':<{name_width}}  {'STAGE':<8}  {'STATE':<13}"
    lines = [Text(head + (f"  {'NEW':>7}  {'OLD':>4}" if with_pods else ""), style="bold")]
    for row in drawn:
        line = Text(f"  {look.cut(row.name, name_width):<{name_width}}  {row.stage:<8}  ")
        line.append_text(look.marked(row.mark, f"{row.state:<11}"))
        if with_pods:
            line.append(f"  {row.new:>7}  {row.old:>4}")
        lines.extend(_with_note(line, row.note, look))
    return lines


def _with_note(line: Text, note: str, look: Look) -> list[Text]:
    if not note:
        return [line]
    if len(line) + 2 + len(note) <= look.width:
        return [line + Text("  " + note)]
    return [line, Text("    " + note)]
