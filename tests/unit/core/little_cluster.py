"""A few Deployments with a native controller that is always done at once: enough to play whole releases through `decide`."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import Status
from saferollout.core import actions as a
from saferollout.core.decide import decide, questions
from saferollout.core.decision import Command, Decision, Marks, Snapshot
from saferollout.core.foreign import ForeignName, ForeignWorkload
from saferollout.core.measurements import Measurement, Observations, Outcome
from saferollout.core.pacing import resolve_surge, resolve_unavailable
from saferollout.core.views import Absent, HoldMode, ReplicaSetView, Strategy, WorkloadView, World

BORN = datetime(2026, 1, 1, tzinfo=UTC)
USERS_OWN = Strategy(type="RollingUpdate", max_unavailable="25%", max_surge="25%", min_ready_seconds=0, revision_history_limit=10)


@dataclass
class LittleCluster:
    """The world that `decide` acts on. `broken` revisions never get ready; `values` are what gates measure, None no data.

    `groups` are undeclared consumer groups of every topic.
    """

    spec: SafeRolloutSpec
    status: Status = field(default_factory=Status)
    views: dict[str, WorkloadView] = field(default_factory=dict)
    absent: dict[str, Absent] = field(default_factory=dict)
    texts: dict[str, str | None] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    foreign: dict[ForeignName, ForeignWorkload] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    values: dict[str, float | None] = field(default_factory=dict)
    groups: tuple[str, ...] | None = ()
    now: datetime = BORN + timedelta(hours=1)
    measured: dict[tuple[str, datetime], Measurement] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    commands: tuple[Command, ...] = ()
    finalizer: bool = False
    deleting: bool = False
    spec_problems: tuple[str, ...] = ()
    spec_readable: bool = True
    has_prometheus: bool = False
    log: list[str] = field(default_factory=list)
    alive_log: list[frozenset[str]] = field(default_factory=list)
    status_writes: int = 0

    def running(self, name: str, revision: str, contracts: str | None, *, replicas: int = 10, body: str = "") -> None:
        """Have a workload run a revision, as before anything of ours; by default no other template has its body."""
        self.texts[revision] = contracts
        self.bodies[revision] = body or revision
        rs = self._replica_set(name, revision, replicas, born=BORN)
        self.views[name] = WorkloadView(
            name=name, kind="Deployment", uid=name, resource_version="1", template=revision, contracts=contracts, template_restarted_at="",
            replicas=replicas, settled=True, paused=False, held=False, paced=None, pinned=False, strategy=USERS_OWN, managed_by="shop",
            replica_sets=(rs,), body=self.bodies[revision],
        )

    def apply(self, name: str, revision: str, contracts: str | None, *, body: str = "") -> None:
        """Apply a template; admission holds it."""
        self.texts[revision] = contracts
        self.bodies[revision] = body or revision
        view = self.views[name]
        changed = view.template != revision or view.held
        self._put(replace(
            view, template=revision, contracts=contracts, body=self.bodies[revision], held=view.held or changed, paused=view.paused or changed,
        ))

    def play(self, *, looks: int = 200, seconds: float = 1.0) -> None:
        """Look again and again until nothing is left to do."""
        for _ in range(looks):
            decision = self.look()
            if decision.action is None and decision.requeue_after is None and self.is_over():
                return
            self.now += timedelta(seconds=seconds)

    def play_until_new_pods(self, name: str, revision: str) -> None:
        """Look until the first pods of a revision exist."""
        for _ in range(100):
            if self.pods(name).get(revision):
                return
            self.look()
            self.now += timedelta(seconds=1)
        raise AssertionError(f"{name} never got a pod of {revision}: {self.log}")

    def is_over(self) -> bool:
        return self.status.release is None or self.status.release.end_time is not None

    def look(self, *, dies_before_acting: bool = False) -> Decision:
        """Decide once and carry the decision out; an operator that is killed between its two writes leaves only the status."""
        snapshot = self.snapshot()
        decision = decide(snapshot, self._answers(snapshot), self.now, self.marks)
        self.marks = decision.marks
        stored = Status.model_validate(decision.status.model_dump(mode="json", by_alias=True, exclude_none=True))
        assert stored == decision.status, "a status must come back from the API server as it was written"
        self.status_writes += stored != self.status
        self.status = stored
        self.log.extend(f"{note.reason} {note.workload or ''}".strip() for note in decision.notes)
        if dies_before_acting:
            self.marks = Marks()
        elif decision.action is not None:
            self._carry_out(decision.action)
        self.alive_log.append(frozenset(rs.hash for view in self.views.values() for rs in view.replica_sets if rs.pods))
        return decision

    def snapshot(self) -> Snapshot:
        return Snapshot(
            namespace="shop", name="shop", uid="u", resource_version="1", generation=1, spec=self.spec, status=self.status,
            world=World(workloads=dict(self.views), absent=dict(self.absent)), hold_mode=HoldMode.POLICY, commands=self.commands, has_finalizer=self.finalizer,
            deleting=self.deleting, spec_problems=self.spec_problems, spec_readable=self.spec_readable, foreign=dict(self.foreign), has_prometheus=self.has_prometheus,
        )

    def say(self, verb: str, *, subject: str = "", reason: str = "because") -> None:
        """Say a command, bound to the release of this moment."""
        release = self.status.release.id if self.status.release else ""
        number = f"{verb}-{len(self.status.commands)}"
        self.commands = (Command(f"command.saferollout.io/{verb}", number, verb, "ada", reason, release, subject),)

    def pods(self, name: str) -> dict[str, int]:
        """Count the pods by revision."""
        return {rs.hash: rs.pods for rs in self.views[name].replica_sets if rs.pods}

    def _answers(self, snapshot: Snapshot) -> Observations:
        return Observations({question.name: tuple(self._measured(question.name, at) for at in question.instants) for question in questions(snapshot, self.now)})

    def _measured(self, name: str, at: datetime) -> Measurement:
        if name.startswith("groups/"):
            groups = self.groups
            return Measurement(at, Outcome.NO_DATA) if groups is None else Measurement(at, Outcome.VALUE, float(len(groups)), names=groups)
        value = self.values.get(name, 0.0)
        if value is None:
            return Measurement(at, Outcome.NO_DATA, detail="no data")
        # What was measured once stays as it was: Prometheus does not rewrite its past.
        return self.measured.setdefault((name, at), Measurement(at, Outcome.VALUE, value))

    def _replica_set(self, name: str, revision: str, pods: int, *, born: datetime) -> ReplicaSetView:
        ready = 0 if revision in self.broken else pods
        return ReplicaSetView(
            name=f"{name}-{revision}", uid=f"{name}-{revision}", resource_version="1", hash=revision, pod_hash=revision,
            contracts=self.texts[revision], created=born, replicas=pods, pods=pods, ready=ready, available=ready, steady=ready,
            body=self.bodies[revision],
        )

    def _put(self, view: WorkloadView) -> None:
        self.views[view.name] = view

    def _carry_out(self, action: Any) -> None:
        self.log.append(f"{type(action).__name__} {getattr(action, 'workload', '')}".strip())
        match action:
            case a.SetFinalizer():
                self.finalizer = True
            case a.RemoveFinalizer():
                self.finalizer = False
            case a.ClearCommands():
                self.commands = ()
            case _:
                self._change(self.views[action.workload], action)

    def _change(self, view: WorkloadView, action: Any) -> None:
        match action:
            case a.AddLabel(managed_by=name):
                self._put(replace(view, managed_by=name))
            case a.LetThrough() | a.Finish():
                self._roll(replace(view, paused=False, held=False, paced=None, pace_left=False), new=view.replicas, old=0)
            case a.SetPace(pace=pace):
                unavailable = resolve_unavailable(pace.max_unavailable, replicas=view.replicas)
                new = unavailable + resolve_surge(pace.max_surge, replicas=view.replicas)
                self._roll(replace(view, paused=False, held=False, paced=pace), new=new, old=view.replicas - unavailable)
            case a.Freeze() | a.Hold():
                self._put(replace(view, paused=True, held=True, left_paused=False))
            case a.EmptyReplicaSet(replica_set=name):
                others = [rs.hash for rs in view.replica_sets if rs.name != name and rs.pods]
                sets = tuple(self._sized(rs, 0 if rs.name == name else view.replicas if rs.hash in others else 0) for rs in view.replica_sets)
                self._put(replace(view, replica_sets=sets))
            case a.DeleteReplicaSet(replica_set=name):
                self._put(replace(view, replica_sets=tuple(rs for rs in view.replica_sets if rs.name != name)))
            case a.ClearBypass():
                self._roll(replace(view, bypass=None, bypass_counted=False, bypasses_used=True, pace_left=False), new=view.replicas, old=0)
            case a.GiveBackHeld():
                self._put(replace(view, paced=None))
            case a.PinBack(replica_set=name):
                old = next(rs.hash for rs in view.replica_sets if rs.name == name)
                pinned = replace(
                    view, waiting=view.template, waiting_contracts=view.contracts, waiting_body=view.body, template=old, contracts=self.texts[old],
                    body=self.bodies[old], pinned=True,
                    paused=False, held=False, paced=None,
                )
                self._roll(pinned, new=view.replicas, old=0)
                self._restarted(view.name, old, getattr(action, "restarted_at", ""))
            case a.Restart(restarted_at=at):
                self._restarted(view.name, view.template, at)
            case a.Unpin():
                back = view.waiting or view.template
                self._put(replace(
                    view, template=back, contracts=self.texts[back], body=self.bodies[back], waiting=None, pinned=False, paused=True, held=True,
                ))
            case a.GiveBack(leave_paused=leave):
                self._put(replace(view, held=False, paced=None, pinned=False, paused=leave, left_paused=leave, bypasses_used=False))
            case _:
                raise AssertionError(f"the little cluster does not know {action}")

    def _restarted(self, name: str, revision: str, at: str) -> None:
        view = self.views[name]
        sets = tuple(replace(rs, restarted_at=at or rs.restarted_at) if rs.hash == revision else rs for rs in view.replica_sets)
        self._put(replace(view, template_restarted_at=at or view.template_restarted_at, replica_sets=sets))

    def _sized(self, rs: ReplicaSetView, pods: int) -> ReplicaSetView:
        ready = 0 if rs.hash in self.broken else pods
        return replace(rs, replicas=pods, pods=pods, ready=ready, available=ready, steady=ready)

    def _roll(self, view: WorkloadView, *, new: int, old: int) -> None:
        if not view.of(view.template):
            born = self._replica_set(view.name, view.template, 0, born=self.now)
            view = replace(view, replica_sets=(born, *view.replica_sets))
        left = old
        sets = []
        for rs in view.replica_sets:
            pods = new if rs.hash == view.template else min(rs.pods, left)
            left -= 0 if rs.hash == view.template else pods
            sets.append(self._sized(rs, pods))
        self._put(replace(view, replica_sets=tuple(sets)))
