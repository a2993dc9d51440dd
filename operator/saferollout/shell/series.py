"""The operator's own series: what each counts, its labels, and what to do. docs/reference/metrics.md is generated from here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class SeriesType(StrEnum):
    """Prometheus' types, as far as they are used."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Series:
    """A family of series. `name` is without the ending `_total`; `help` goes into the exposition; `remedy` may be empty."""

    name: str
    type: SeriesType
    help: str
    labels: tuple[str, ...] = ()
    remedy: str = ""

    @property
    def exposed_name(self) -> str:
        """Return the name by which it is queried."""
        return f"{self.name}_total" if self.type is SeriesType.COUNTER else self.name


_OBJECT: Final = ("namespace", "name")

INFO: Final = Series(
    "saferollout_info", SeriesType.GAUGE, "1 for each SafeRollout; its release and state.", (*_OBJECT, "release", "state"),
    remedy="alert on Refused, Failed and AwaitingApproval that last",
)  # fmt: skip
STEP: Final = Series("saferollout_step", SeriesType.GAUGE, "Steps of the release that are done.", _OBJECT)
STEPS: Final = Series("saferollout_steps", SeriesType.GAUGE, "Steps of the release that are known; grows when a workload joins.", _OBJECT)
WORKLOAD_HELD: Final = Series(
    "saferollout_workload_held", SeriesType.GAUGE, "1 while a template of the workload is held.", (*_OBJECT, "workload"),
    remedy="alert when it lasts longer than your releases do",
)  # fmt: skip
GATE_VALUE: Final = Series(
    "saferollout_gate_value", SeriesType.GAUGE, "The last value on record; absent where there is none.", (*_OBJECT, "gate")
)
GATE_VERDICT: Final = Series(
    "saferollout_gate_verdict", SeriesType.GAUGE, "1 for the verdict: Passing, Failing, Inconclusive, Waiting or DryRun.",
    (*_OBJECT, "gate", "verdict"), remedy="Inconclusive holds: see [gates](../gates.md)",
)  # fmt: skip
FINDING: Final = Series(
    "saferollout_finding", SeriesType.GAUGE,
    "1 for what the analysis finds wrong with the release under way; absent while it finds nothing. certainty: Named or Suspected.",
    (*_OBJECT, "cause", "certainty"), remedy="`saferollout explain` of its workload says what to do: see [what broke](../diagnosis.md)",
)  # fmt: skip
ANALYSIS_LOOKS: Final = Series(
    "saferollout_analysis_looks", SeriesType.COUNTER, "Looks of the analysis since this process started: answered, or unanswered where it could not tell.",
    (*_OBJECT, "result"), remedy="unanswered holds: `saferollout status` says what to mend, see [bad data](../analysis.md#bad-data)",
)  # fmt: skip
ROLLBACKS: Final = Series("saferollout_rollbacks", SeriesType.COUNTER, "Ways back since this process started.", _OBJECT)
LOOKS: Final = Series(
    "saferollout_reconcile", SeriesType.COUNTER,
    "Looks at a SafeRollout by how they ended: success, conflict, throttled, transient, terminal, unfit, defect.", ("result",),
    remedy="terminal: the API server refuses for good, see the event [WriteRefused](events.md#writerefused); "
    "defect: see the event [Defect](events.md#defect)",
)  # fmt: skip
LOOK_SECONDS: Final = Series(
    "saferollout_reconcile_duration_seconds", SeriesType.HISTOGRAM, "Seconds that a look took, with its questions to Prometheus."
)
REQUESTS: Final = Series(
    "saferollout_kube_requests", SeriesType.COUNTER, "Requests to the API server.", ("verb", "code"),
    remedy="many 403: a right is missing; many 429: it throttles",
)  # fmt: skip
LEADER: Final = Series(
    "saferollout_leader", SeriesType.GAUGE, "1 in the process that holds the Lease.", remedy="alert unless the sum is 1"
)
QUEUE_DEPTH: Final = Series("saferollout_work_queue_depth", SeriesType.GAUGE, "SafeRollouts that wait for a worker.")

ALL: Final = (
    INFO, STEP, STEPS, WORKLOAD_HELD, GATE_VALUE, GATE_VERDICT, FINDING, ANALYSIS_LOOKS, ROLLBACKS, LOOKS, LOOK_SECONDS, REQUESTS, LEADER, QUEUE_DEPTH,
)  # fmt: skip
