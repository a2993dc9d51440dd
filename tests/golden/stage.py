"""A shop of Deployments on which whole releases are played through `decide()`, and written down.

The operator looks only when it would: when the cluster or its own status changed, or when it had asked to be woken. So a release that
nobody wakes stands still here as it would stand still on a cluster.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from saferollout.api.spec import Mode
from saferollout.core import actions as a
from saferollout.core.decision import Decision, Marks, Snapshot
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.views import HoldMode, WorkloadView
from tests.golden.carrying_out import carried_out
from tests.golden.chronicle import Chronicle
from tests.golden.invariants import check_safe, check_strength
from tests.golden.native_controller import Health, NativeController, Pod, ReplicaSet, generation_of
from tests.golden.ordinal_controller import OrdinalController
from tests.unit.core.little_cluster import BORN, USERS_OWN, LittleCluster

MOST_LOOKS_AT_ONCE = 12
SECOND = timedelta(seconds=1)


class Memory(StrEnum):
    """What happens to the operator between two looks."""

    KEPT = "Kept"
    KILLED = "Killed"  # all is lost after every look, and the process dies between each status write and the action that follows it


@dataclass
class Stage(LittleCluster):
    """A little cluster whose native controller and pods take their time.

    `writes` are the actions carried out, in order; `ends` the stages whose end counts: itself, or one for each section of a story.
    """

    memory: Memory = Memory.KEPT
    health: Health = field(default_factory=Health)
    natives: dict[str, NativeController | OrdinalController] = field(default_factory=dict)
    chronicle: Chronicle = field(default_factory=Chronicle)
    writes: list[a.AnyAction] = field(default_factory=list)
    due: datetime | None = None
    woken: bool = True
    ends: list["Stage"] = field(default_factory=list)
    checks_safety: bool = True
    checks_strength: bool = True
    lost: a.AnyAction | None = None
    hold_mode: HoldMode = HoldMode.POLICY
    prometheus_away: bool = False
    answers_since: dict[str, list[tuple[datetime, float | None]]] = field(default_factory=dict)

    def running(self, name: str, revision: str, contracts: str | None, *, replicas: int = 10) -> None:
        first = ReplicaSet(revision, BORN, contracts, replicas=0, pods=[])
        first.size(replicas, BORN, self.health)
        self.natives[name] = NativeController(self.health, [first])
        self._put(self._deployment(name, revision, contracts, replicas=replicas))

    def running_by_ordinal(self, name: str, revision: str, contracts: str | None, *, replicas: int) -> None:
        """Have a StatefulSet run a revision."""
        native = OrdinalController(self.health, [ReplicaSet(revision, BORN, contracts, replicas=0, pods=[])], current=revision)
        native.pods = {ordinal: (revision, Pod(born=BORN)) for ordinal in range(replicas)}
        self.natives[name] = native
        strategy = replace(USERS_OWN, max_unavailable=1, max_surge=0)
        view = replace(self._deployment(name, revision, contracts, replicas=replicas), kind="StatefulSet", strategy=strategy, current=revision)
        self._put(view)

    def set_mode(self, mode: Mode) -> None:
        """Have somebody change spec.mode."""
        self._tell(f"somebody sets spec.mode to {mode}")
        self.spec = self.spec.model_copy(update={"mode": mode})

    def apply(self, name: str, revision: str, contracts: str | None) -> None:
        self._tell(f"Git applies {name} {revision}: {contracts or 'no annotation'}")
        super().apply(name, revision, contracts)

    def create(self, name: str, revision: str, contracts: str | None, *, replicas: int = 10) -> None:
        """Create a workload that Git labels: admission holds it before its first pod."""
        self._tell(f"Git creates {name} {revision}: {contracts or 'no annotation'}")
        self.natives[name] = NativeController(self.health, [])
        self._put(replace(self._deployment(name, revision, contracts, replicas=replicas), paused=True, held=True))

    def _deployment(self, name: str, revision: str, contracts: str | None, *, replicas: int) -> WorkloadView:
        self.texts[revision], self.bodies[revision] = contracts, revision
        return WorkloadView(
            name=name, kind="Deployment", uid=name, resource_version="1", template=revision, contracts=contracts, template_restarted_at="",
            replicas=replicas, settled=True, paused=False, held=False, paced=None, pinned=False, strategy=USERS_OWN, managed_by="shop",
            replica_sets=(), body=revision,
        )  # fmt: skip

    def apply_unheld(self, name: str, revision: str, contracts: str | None) -> None:
        """Apply a template on a server that does not hold it; it starts within a second."""
        self._tell(f"Git applies {name} {revision}, and nothing holds it: {contracts or 'no annotation'}")
        self.texts[revision] = contracts
        self.bodies[revision] = revision
        self._put(replace(self.views[name], template=revision, contracts=contracts, body=revision))

    def delete(self) -> None:
        """Have somebody delete the SafeRollout."""
        self._tell("somebody deletes the SafeRollout")
        self.deleting = True

    def snapshot(self) -> Snapshot:
        return replace(super().snapshot(), hold_mode=self.hold_mode)

    def change(self, name: str, what: str, **fields: object) -> None:
        """Have somebody change a workload by hand."""
        self._tell(what)
        self._put(replace(self.views[name], **fields))

    def say(self, verb: str, *, subject: str = "", reason: str = "because") -> None:
        super().say(verb, subject=subject, reason=reason)
        self._tell(f"ada says {verb}{f' {subject}' if subject else ''}, reason: {reason or 'none'}")

    def measure(self, gate: str, value: float | None) -> None:
        """Have Prometheus answer this for a gate from now on; None: no data."""
        self._tell(f"{gate} measures {'nothing' if value is None else value}", heard=False)
        self.answers_since.setdefault(gate, []).append((self.now, value))

    def ill(self, revision: str, *, crashing: bool = False) -> None:
        """Have the pods of a revision never start, or crash again and again."""
        self._tell(f"pods of {revision} {'crash again and again' if crashing else 'never start'}")
        (self.health.crashing if crashing else self.health.never_ready).add(revision)

    def prometheus_goes(self) -> None:
        self._tell("Prometheus is gone", heard=False)
        self.prometheus_away = True

    def prometheus_comes_back(self) -> None:
        self._tell("Prometheus is back", heard=False)
        self.prometheus_away = False

    def _measured(self, name: str, at: datetime) -> Measurement:
        if name.startswith("groups/"):
            return super()._measured(name, at)
        if self.prometheus_away:
            return Measurement(at, Outcome.UNREACHABLE, detail="Prometheus can't be reached: connection refused")
        # Questions about a topic's end at several moments are one and the same here.
        told = name.partition("/of/")[0] + "/from" if "/from/" in name else name
        told = told.partition("/dead-letters/")[0] + "/dead-letters" if "/dead-letters/" in told else told
        past = [value for since, value in self.answers_since.get(told, []) if since <= at]
        value = past[-1] if past else 0.0
        return Measurement(at, Outcome.NO_DATA, detail="no data") if value is None else Measurement(at, Outcome.VALUE, value)

    def skip_until(self, reached: Callable[[], bool]) -> None:
        """Play until a moment that must come, and write nothing down."""
        self.chronicle.muted = True
        assert self.play_until(reached), f"that moment never came:\n{self.chronicle.text()}"
        self.chronicle.muted = False

    def play(self, *, looks: int = 600, seconds: float = 1.0) -> None:
        """Play until nobody has anything to do and nothing will happen by itself."""
        assert self.play_until(self.is_quiet, seconds=looks), f"it never ends:\n{self.chronicle.text()[-3000:]}"

    def wait(self, seconds: int) -> None:
        """Play for so many seconds."""
        self.play_until(lambda: False, seconds=seconds)

    def play_until(self, reached: Callable[[], bool], *, seconds: int = 600) -> bool:
        """Play until a moment is reached (True), or all is quiet and will stay so, or for so many seconds."""
        for _ in range(seconds):
            self._look_while_something_changes()
            if reached():
                return True
            self.now += SECOND
            self._tick()
        return False

    def is_quiet(self) -> bool:
        return not self.woken and self.due is None and not self._anything_moves()

    def _anything_moves(self) -> bool:
        before = self._pictures()
        moving = any(pod.leaving is not None or not rs.staying() for native in self.natives.values() for rs in native.sets for pod in rs.pods)
        starting = any(rs.pods != rs.ready for rss in before.values() for rs in rss)
        return moving or starting or any(not view.settled for view in self.views.values())

    def _pictures(self) -> dict[str, tuple]:
        return {name: native.views(name, self.now) for name, native in self.natives.items()}

    def _tick(self) -> None:
        for name, view in list(self.views.items()):
            native = self.natives[name]
            native.tick(view, self.now)
            seen = native.shown(view, self.now)
            if seen != view:
                self.views[name] = seen
                self.woken = True
        if self.checks_strength:
            check_strength(self)

    def _look_while_something_changes(self) -> None:
        for _ in range(MOST_LOOKS_AT_ONCE):
            if not self.woken and (self.due is None or self.due > self.now):
                return
            self.woken = False
            self.look()
        raise AssertionError(f"the operator looks again and again at {self.now}:\n{self.chronicle.text()}")

    def look(self) -> Decision:
        if self.memory is not Memory.KEPT:
            self.marks = Marks()
        before = self.status
        decision = super().look()
        self.due = None if decision.requeue_after is None else self.now + timedelta(seconds=decision.requeue_after)
        self.woken = self.woken or self.status != before or decision.action is not None
        self.chronicle.decision(self.now, decision, before=before, views=self.views)
        if self.checks_safety:
            check_safe(self)
        return decision

    def _carry_out(self, action: a.AnyAction) -> None:
        if self.memory is Memory.KILLED and action != self.lost:
            self.lost = action
            return
        self.lost = None
        self.writes.append(action)
        super()._carry_out(action)

    def _change(self, view: WorkloadView, action: a.Action) -> None:
        native = self.natives[view.name]
        named = {seen.name: rs for rs, seen in zip(native.sets, native.views(view.name, self.now), strict=True)}
        match action:
            case a.EmptyReplicaSet(replica_set=name):
                named[name].size(0, self.now, self.health)
            case a.ReplacePod(replica_set=name, broken=broken):
                native.replace_pod(view.name, name, self.now, broken=broken)
            case a.DeleteReplicaSet(replica_set=name):
                native.sets.remove(named[name])
            case _:
                self._put(carried_out(action, view, texts=self.texts))
                return
        self.views[view.name] = replace(view, replica_sets=native.views(view.name, self.now))

    def _put(self, view: WorkloadView) -> None:
        before = self.views.get(view.name)
        seen = before is not None and before.settled and generation_of(before) == generation_of(view)
        self.views[view.name] = replace(view, replica_sets=self.natives[view.name].views(view.name, self.now), settled=seen)
        self.woken = True

    def _tell(self, what: str, *, heard: bool = True) -> None:
        self.chronicle.outside(self.now, what)
        self.woken = self.woken or heard
