"""The benches by name: what each measures, how long it takes, and the function that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bench.detection import measuring as detection
from bench.diagnosis import scoring as diagnosis
from bench.evaluation import measuring as evaluation
from bench.idle import measuring as idle
from bench.kills import rounds
from bench.memory import measuring as memory
from bench.planning import timing
from bench.scene import measuring as scene
from bench.steps import measuring as steps
from bench.table import Row


@dataclass(frozen=True, slots=True)
class Bench:
    """One bench; `takes` is about how long, on two cores, in the words of --help. `by_name_only`: not run where no bench is named."""

    what: str
    takes: str
    run: Callable[[], list[Row]]
    by_name_only: bool = False


BENCHES: Final[Mapping[str, Bench]] = {
    "plan": Bench(what="how long a plan takes, and how that grows", takes="15 seconds", run=timing.rows),
    "detect": Bench(what="false alarms of good releases, and how soon a bad one is held, in simulated traffic", takes="15 minutes", run=detection.rows),
    "diagnosis": Bench(what="how often the diagnosis names what broke, in simulated worlds", takes="45 minutes", run=diagnosis.rows),
    "evaluation": Bench(what="queries, processor time and memory of one evaluation of a release with 20 workloads and 20 contracts", takes="5 minutes", run=evaluation.rows),
    "steps": Bench(what="how soon one step follows the other, and how many status writes a step costs", takes="5 minutes", run=steps.rows),
    "idle": Bench(what="writes while nothing happens", takes="14 minutes, nearly all of it waiting", run=idle.rows),
    "memory": Bench(what="the operator's memory with 100 SafeRollouts and with one", takes="5 minutes", run=memory.rows),
    "scene": Bench(what="failure modes and outages on real Kafka, Postgres and Redis, each 3 times", takes="4 hours, as root; runs are kept, so it may be interrupted; by its name only", run=scene.rows, by_name_only=True),
    "kills": Bench(what="200 releases with the operator killed at random moments", takes="10 to 40 minutes", run=rounds.rows),
}
