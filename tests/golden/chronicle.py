"""Writes a release down as people read it: one line a decision, and below it what it says that is new.

A `*` behind the time is a status write. Pods are counted by revision; those in brackets are not ready.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from saferollout.api.status import Status
from saferollout.core import actions as a
from saferollout.core.decision import Decision
from saferollout.core.views import Partition, ReplicaSetView, WorkloadView

_INDENT = " " * 9


@dataclass
class Chronicle:
    """The lines so far. `begun` is what the clock is counted from; `status_writes` counts since then."""

    begun: datetime | None = None
    lines: list[str] = field(default_factory=list)
    status_writes: int = 0
    reasons: set[tuple[str, str]] = field(default_factory=set)
    """What conditions ever said: type and reason."""
    muted: bool = False
    _pods: str = ""
    _said: dict[str, str] = field(default_factory=dict)

    def outside(self, now: datetime, what: str) -> None:
        """Write down what somebody else did; the first of these starts the clock."""
        if self.muted:
            return
        self.begun = self.begun or now
        self.lines.append(f"{self._time(now)}   -- {what}")

    def section(self, now: datetime, title: str) -> None:
        """Begin a section with a clock of its own."""
        self.lines.append(f"== {title}")
        self.begun, self.status_writes, self.muted = now, 0, False

    def decision(self, now: datetime, decision: Decision, *, before: Status, views: Mapping[str, WorkloadView]) -> None:
        """Write a decision down; one without anything new leaves no line."""
        self.reasons |= {(condition.type, condition.reason) for condition in decision.status.conditions}
        if self.begun is None or self.muted:
            self._remember(decision.status)
            return
        pods, written = "  ".join(_pods(view) for view in views.values()), decision.status != before
        news = [*(f"{note.type.value.lower()} {note.reason}: {note.message}" for note in decision.notes), *self._remember(decision.status)]
        if not news and decision.action is None and pods == self._pods and not written:
            return
        self.status_writes += written
        self._pods = pods
        action = _words(decision.action) if decision.action is not None else "."
        self.lines.append(f"{self._time(now)}{'*' if written else ' '} {action}  |  {pods}")
        self.lines.extend(f"{_INDENT}{line}" for line in news)

    def end(self, now: datetime, status: Status, views: Mapping[str, WorkloadView]) -> None:
        """Write down how everything stands at last."""
        self.lines.append(f"{self._time(now)}   -- all is quiet; {self.status_writes} status writes")
        for view in views.values():
            marks = ["held"] * view.held + ["paused"] * view.paused + ["paced"] * (view.paced is not None) + ["pinned"] * view.pinned
            known = next((one for one in status.workloads if one.name == view.name), None)
            said = f"{known.state}{f', {known.message}' if known.message else ''}" if known is not None else ""
            self.lines.append(f"{_INDENT}{view.name}: spec {view.template}{f' ({chr(44).join(marks)})' if marks else ''}; pods {_pods(view)}; {said}")

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def _time(self, now: datetime) -> str:
        seconds = int((now - (self.begun or now)).total_seconds())
        return f"{seconds // 60:02}:{seconds % 60:02}"

    def _remember(self, status: Status) -> list[str]:
        said = _said(status)
        news = [f"{key}: {text or '-'}" for key, text in said.items() if text != self._said.get(key, "")]
        gone = [f"{key}: -" for key, text in self._said.items() if key not in said and text]
        self._said = said
        return news + gone


def _said(status: Status) -> dict[str, str]:
    """Return what status tells people, by the word that stands before it."""
    said: dict[str, str] = {}
    if status.summary is not None:
        summary = status.summary
        said["state"] = f"{summary.state} {summary.step}".strip()
        said["says"] = summary.message
        said["waits"] = "" if summary.waiting_for in summary.message else summary.waiting_for
    told = [f"{one.type}={one.status}({one.reason})" for one in status.conditions if one.type != "PlanAccepted"]
    said["conditions"] = " ".join(told)
    plan = next((one for one in status.conditions if one.type == "PlanAccepted"), None)
    if plan is not None:
        said["PlanAccepted"] = f"{plan.status}({plan.reason}){f' {plan.message}' if plan.message else ''}"
    if status.release is not None:
        said["plan"] = " -> ".join(f"{step.id}({step.stage})" if step.stage else step.id for step in status.release.steps)
    for workload in status.workloads:
        # The state of the moment stands in `state` and in the pods; here only what a person would miss there.
        said[workload.name] = f"{workload.state}: {workload.message}" if workload.state not in ("Rolling", "Baking", "Stable") else ""
    for contract in status.contracts:
        unwritten = ", ".join(drain.version for drain in contract.drains)
        said[f"stored {contract.name}"] = ", ".join(contract.stored_versions) + (f" (nobody writes {unwritten} any more)" if unwritten else "")
    for gate in status.gates:
        said[f"gate {gate.name}"] = f"{gate.verdict}: {gate.message}"
    return {key: text for key, text in said.items()}


def _pods(view: WorkloadView) -> str:
    return " ".join(_count(rs) for rs in reversed(view.replica_sets) if rs.pods or rs.replicas) or f"{view.name}:0"


def _count(rs: ReplicaSetView) -> str:
    return f"{rs.hash}:{rs.pods}" + (f"({rs.pods - rs.ready})" if rs.ready != rs.pods else "")


def _words(action: a.AnyAction) -> str:
    kind = type(action).__name__
    match action:
        case a.SetPace(workload=name, revision=revision, pace=pace):
            if isinstance(pace, Partition):
                return f"{kind} {name} {revision} from ordinal {pace.first_new}"
            return f"{kind} {name} {revision} unavailable={pace.max_unavailable} surge={pace.max_surge}"
        case a.LetThrough(workload=name, revision=revision) | a.Finish(workload=name, revision=revision):
            return f"{kind} {name} {revision}"
        case a.EmptyReplicaSet(replica_set=name) | a.ReplacePod(replica_set=name) | a.DeleteReplicaSet(replica_set=name):
            return f"{kind} {name}"
        case a.PinBack(workload=name, replica_set=replica_set, restarted_at=restarted):
            return f"{kind} {name} to {replica_set}{' and restart it' if restarted else ''}"
        case a.GiveBack(workload=name, leave_paused=leave):
            return f"{kind} {name}{', left paused' if leave else ''}"
        case a.Action(workload=name):
            return f"{kind} {name}"
        case a.ClearCommands(annotations=annotations):
            return f"{kind} {' '.join(name.rsplit('/', 1)[-1] for name in annotations)}"
    return kind
