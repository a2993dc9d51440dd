"""Days nobody planned: templates, reverts, failures, commands, autoscalers and forgetful operators in any order, played through `decide`.

Two things must hold on each of them. While it lasts: no pod of a template before its turn, and no reader alive that can't read what
is or may be lying there. When it has calmed down: everything is released or put aside with a reason, and nothing stays borrowed.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from saferollout.api.spec import SafeRolloutSpec
from saferollout.api.status import State
from tests.property.lively_cluster import LivelyCluster

DAYS = 60
RETENTION_SECONDS = 600
READS = ("[1]", "[1, 2]", "[1, 2]", "[1, 2, 3]", "[2, 3]")
WRITES = ("[1]", "[1]", "[2]", "[1, 2]", "[3]")
OVER = frozenset({State.IDLE, State.COMPLETED, State.ROLLED_BACK, State.REFUSED})
MOST_CALM_WRITES = 80


@dataclass
class Day:
    """One random day: Git re-applies what it has before every look, as self-heal does."""

    random: Random
    cluster: LivelyCluster
    git: dict[str, tuple[str, str | None]]
    revisions: int = 1
    stored: dict[str, datetime] = field(default_factory=dict)
    story: list[str] = field(default_factory=list)

    def look(self, *, seconds: int) -> None:
        cluster = self.cluster
        for name, (revision, contracts) in self.git.items():
            if not cluster.views[name].pinned:
                cluster.apply(name, revision, contracts)
        before = len(cluster.log)
        cluster.look()
        self.story.extend(cluster.log[before:])
        cluster.tick()
        cluster.now += timedelta(seconds=seconds)
        self.check()

    def check(self) -> None:
        assert not self.cluster.early, self.told(f"pods before their turn: {self.cluster.early}")
        alive = {rs.contracts for view in self.cluster.views.values() for rs in view.replica_sets if rs.pods or rs.replicas}
        for contracts in alive:
            for version in _versions(contracts, "writes"):
                self.stored[version] = self.cluster.now
        lying = {version for version, since in self.stored.items() if (self.cluster.now - since).total_seconds() < RETENTION_SECONDS}
        for contracts in alive:
            readable = _versions(contracts, "reads")
            assert not readable or lying <= readable, self.told(f"{contracts} runs while {sorted(lying)} may be lying there")

    def told(self, what: str) -> str:
        return "\n".join([what, *self.story, str(self.cluster.status.summary)])

    def happen(self) -> None:
        """Have one thing happen."""
        name = self.random.choice(sorted(self.git))
        event, weight = zip(*EVENTS, strict=True)
        chosen = self.random.choices(event, weight)[0]
        self.story.append(f"--- {chosen} {name}")
        getattr(self, f"_{chosen}")(name)

    def _template(self, name: str) -> None:
        self.revisions += 1
        self.git[name] = (f"{name}{self.revisions}", _contracts(self.random, name))

    def _broken_template(self, name: str) -> None:
        self._template(name)
        self.cluster.broken.add(self.git[name][0])

    def _revert(self, name: str) -> None:
        known = sorted(revision for revision in self.cluster.texts if revision.startswith(name))
        revision = self.random.choice(known)
        self.git[name] = (revision, self.cluster.texts[revision])

    def _migration(self, name: str) -> None:
        self._template("reader")
        self._template("writer")
        self.git["reader"] = (self.git["reader"][0], "events: {reads: [1, 2]}")
        self.git["writer"] = (self.git["writer"][0], "events: {writes: [2]}")

    def _narrowing(self, name: str) -> None:
        self._template("reader")
        self.git["reader"] = (self.git["reader"][0], "events: {reads: [2, 3]}")

    def _nap(self, name: str) -> None:
        """Have an event source put the workload to sleep for a while."""
        self.cluster.scale(name, 0)
        for _ in range(4):
            self.look(seconds=2)
        self.cluster.scale(name, 10)

    def _kubectl_restart(self, name: str) -> None:
        if not self.cluster.views[name].pinned:
            self.cluster.restart(name)

    def _failing_gate(self, name: str) -> None:
        self.cluster.values["letters"] = self.random.choice((50.0, None))

    def _passing_gate(self, name: str) -> None:
        self.cluster.values["letters"] = 0.0

    def _scale(self, name: str) -> None:
        self.cluster.scale(name, self.random.choice((0, 1, 3, 10, 17)))

    def _command(self, name: str) -> None:
        verb = self.random.choice(("pause", "resume", "abort", "rollback", "retry", "expedite", "restart"))
        self.story.append(f"--- {verb}")
        self.cluster.say(verb, subject=name if verb == "restart" else "")

    def _forgetful_operator(self, name: str) -> None:
        self.cluster.marks = type(self.cluster.marks)()

    def calm_down(self) -> None:
        """Have nothing more happen, the gates pass and people let it go on; look until nothing is left to do."""
        self.story.append("--- calm")
        self.cluster.values["letters"] = 0.0
        for name, view in self.cluster.views.items():
            self.cluster.scale(name, view.replicas or 5)
        self.cluster.say("resume")
        written = len(self.cluster.log)
        for number in range(400):
            self.look(seconds=2 if number < 300 else 60)
        assert len(self.cluster.log) - written < MOST_CALM_WRITES, self.told("it never comes to rest")


EVENTS = (
    ("migration", 3), ("narrowing", 3), ("nap", 2), ("template", 6), ("broken_template", 2), ("revert", 3), ("failing_gate", 3), ("passing_gate", 2), ("scale", 2), ("command", 6),
    ("forgetful_operator", 1), ("kubectl_restart", 2),
)


def _contracts(random: Random, name: str) -> str | None:
    if name == "writer":
        return f"events: {{writes: {random.choice(WRITES)}}}"
    if name == "reader":
        return f"events: {{reads: {random.choice(READS)}}}"
    return "{}"


def _versions(contracts: str | None, role: str) -> frozenset[str]:
    _, found, rest = (contracts or "").partition(f"{role}: [")
    return frozenset(rest.partition("]")[0].split(", ")) if found else frozenset()


def a_day(seed: int) -> Day:
    random = Random(seed)
    batches = [["20%", "50%"], ["10%"], []]
    spec: dict[str, Any] = {
        "workloads": [{"name": name, "batches": random.choice(batches)} for name in ("other", "reader", "writer")],
        "contracts": [{"name": "events", "topic": {"name": "events", "retentionSeconds": RETENTION_SECONDS, "deadLetterTopic": "letters"}}],
        "gates": [{"name": "letters", "signal": "DeadLetterDepth", "contract": "events", "max": "5", "intervalSeconds": 5}],
        "bakeSeconds": random.choice((0, 10)),
        "settleSeconds": 0,
        "progressDeadlineSeconds": 60,
        "maxParallel": random.choice((1, 2)),
        "rollbackScope": random.choice(("Workload", "Release")),
    }
    cluster = LivelyCluster(spec=SafeRolloutSpec.model_validate(spec))
    git = {"other": ("other1", "{}"), "reader": ("reader1", "events: {reads: [1]}"), "writer": ("writer1", "events: {writes: [1]}")}
    for name, (revision, contracts) in git.items():
        cluster.running(name, revision, contracts)
    return Day(random=random, cluster=cluster, git=git)


@pytest.mark.parametrize("seed", range(DAYS))
def test_on_a_random_day_nothing_unsafe_happens_and_in_the_end_nothing_is_left_over(seed: int) -> None:
    day = a_day(seed)
    for _ in range(day.random.randint(2, 8)):
        day.happen()
        for _ in range(day.random.choice((0, 1, 3, 10, 40))):
            day.look(seconds=day.random.choice((1, 2, 5)))
    day.calm_down()
    _check_rest(day)


def _check_rest(day: Day) -> None:
    status = day.cluster.status
    assert status.summary is not None
    assert status.summary.state in OVER or status.summary.message, day.told("it waits and doesn't say for what")
    for workload in status.workloads:
        view = day.cluster.views[workload.name]
        asked = day.git[workload.name][0]
        assert view.paced is None and not view.pinned, day.told(f"something of {workload.name} is still borrowed")
        assert sum(rs.pods for rs in view.replica_sets) == view.replicas, day.told(f"{workload.name} is not at full strength")
        assert len(view.alive()) == 1 or not day.cluster.is_over(), day.told(f"{workload.name} is left half-way")
        if view.held:
            assert workload.message, day.told(f"{workload.name} is held and nothing says why")
            continue
        assert not view.paused, day.told(f"{workload.name} is paused and nobody holds it")
        runs = {rs.hash for rs in view.replica_sets if rs.pods}
        assert runs == {asked} or asked in day.cluster.broken, day.told(f"{workload.name} runs {runs}, asked is {asked}")
