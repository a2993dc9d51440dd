"""The conditions and their reasons: what each means and what to do. docs/reference/reasons.md is generated from here."""

from typing import Final, NewType

from saferollout.api.explained import ExplainedWord
from saferollout.api.status import State

Recorded = NewType("Recorded", str)
"""A reason as status has kept it; another version of the operator may have written it."""


class ConditionType(ExplainedWord):
    """What a condition speaks of; `meaning` is that of True."""

    PLAN_ACCEPTED = "PlanAccepted", "there is a safe order for every template that came"
    READY = "Ready", "nothing is under way and nothing is in the way"
    RECONCILING = "Reconciling", "something is under way or awaited: a turn, evidence, the answer of a person"
    STALLED = "Stalled", "something is wrong or missing, and it does not get on until somebody mends that"


_PLAN: Final = (ConditionType.PLAN_ACCEPTED,)
_STALLED: Final = (ConditionType.STALLED,)
_PROGRESS: Final = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)
_ALL: Final = tuple(ConditionType)


class Reason(ExplainedWord):
    """Why a condition stands as it does; `conditions` are those that can have it."""

    conditions: tuple[ConditionType, ...]

    def __init__(self, word: str, conditions: tuple[ConditionType, ...], meaning: str, remedy: str = "") -> None:
        super().__init__(word, meaning, remedy)
        self.conditions = conditions

    # What the plan says, also while nothing moves because of it.
    ACCEPTED = "Accepted", _PLAN, "the plan is safe; a message names readers that nobody declared", "declare the readers, if any are named"
    INVALID_SPEC = (
        "InvalidSpec", _ALL, "the spec says something that can't be",
        "correct the field that the message names; `saferollout lint` says the same",
    )  # fmt: skip
    INVALID_QUERY = "InvalidQuery", _ALL, "a PromQL query does not parse, or breaks a rule", "correct it at the position named"
    INVALID_TEMPLATE = (
        "InvalidTemplate", _ALL,
        "a template can't be released: its annotation is broken, lost, names an unknown contract, or its strategy leaves no way back",
        "correct the template; the workload is named",
    )  # fmt: skip
    UNSAFE_GOAL = (
        "UnsafeGoal", _ALL, "the new templates can't live together, whatever the order",
        "release the revision that the repair describes first",
    )  # fmt: skip
    SELF_CONFLICT = (
        "SelfConflict", _ALL, "old and new pods of one workload can't live together",
        "release the revision that the repair describes first",
    )  # fmt: skip
    NO_SAFE_ORDER = (
        "NoSafeOrder", _ALL, "every order passes through an unsafe moment",
        "release the revision that a repair describes first; one breaks the circle",
    )  # fmt: skip
    UNKNOWN_CONTRACT = (
        "UnknownContract", _ALL, "a template names a contract that the spec does not have",
        "add it to `spec.contracts`, or correct the annotation",
    )  # fmt: skip
    REFUSED = "Refused", _ALL, "the plan was refused for another reason", "read the message"
    UNSUPPORTED_KIND = (
        "UnsupportedKind", _ALL,
        "an entry names neither an `apps/v1` Deployment nor, where the chart enables them, a StatefulSet; no step starts beside what can't be read",
        "remove the entry, or `statefulSets.enabled: true`",
    )  # fmt: skip
    EXTERNAL_UNREADABLE = (
        "ExternalUnreadable", _PLAN, "a workload elsewhere that a contract refers to with `from` can't be read",
        "the message says which and why: a right, a name, or an annotation",
    )  # fmt: skip
    MANAGED_BY_ANOTHER = (
        "ManagedByAnother", _ALL, "another SafeRollout has the workload; no step starts beside it", "list it in one of the two",
    )  # fmt: skip

    # What is said at rest of a workload that the spec names: "Workload" and its absence.
    WORKLOAD_NOT_FOUND = (
        "WorkloadNotFound", _PROGRESS, "a workload does not exist; the others go on. Stalled after `progressDeadlineSeconds`",
        "create it, or correct the name",
    )  # fmt: skip
    WORKLOAD_UNSUPPORTED_KIND = "WorkloadUnsupportedKind", _PROGRESS, "as UnsupportedKind, while nothing else is under way", "remove the entry"
    WORKLOAD_MANAGED_BY_ANOTHER = (
        "WorkloadManagedByAnother", _PROGRESS, "as ManagedByAnother, while nothing else is under way", "list it in one of the two",
    )  # fmt: skip

    # Where the release is.
    IDLE = State.IDLE, _PROGRESS, State.IDLE.meaning, State.IDLE.remedy
    SETTLING = State.SETTLING, _ALL, State.SETTLING.meaning, State.SETTLING.remedy
    WAITING = State.WAITING, _PROGRESS, State.WAITING.meaning, State.WAITING.remedy
    PROGRESSING = State.PROGRESSING, _PROGRESS, State.PROGRESSING.meaning, State.PROGRESSING.remedy
    AWAITING_APPROVAL = State.AWAITING_APPROVAL, _PROGRESS, State.AWAITING_APPROVAL.meaning, State.AWAITING_APPROVAL.remedy
    PAUSED = State.PAUSED, _PROGRESS, State.PAUSED.meaning, State.PAUSED.remedy
    ROLLING_BACK = State.ROLLING_BACK, _PROGRESS, State.ROLLING_BACK.meaning, State.ROLLING_BACK.remedy
    ROLLED_BACK = State.ROLLED_BACK, _PROGRESS, State.ROLLED_BACK.meaning, State.ROLLED_BACK.remedy
    COMPLETED = State.COMPLETED, _PROGRESS, State.COMPLETED.meaning, State.COMPLETED.remedy

    # Why it does not get on.
    GATE_WITHOUT_VERDICT = (
        "GateWithoutVerdict", _STALLED, "a gate could not be judged more often than its limits tolerate; it goes on holding",
        "look at its query and at Prometheus, or `saferollout approve gate/NAME`",
    )  # fmt: skip
    BELOW_THE_FLOOR = (
        "BelowTheFloor", _STALLED,
        "pods that are out early, or half rolled, can't be taken back: the message names the version that holds them",
        "apply a template that reads that version",
    )  # fmt: skip
    OLD_REVISION_GONE = (
        "OldRevisionGone", _STALLED, "a workload can't go back: its old ReplicaSet is gone",
        "apply the old template again; raise `revisionHistoryLimit`",
    )  # fmt: skip
    CANNOT_GO_BACK = (
        "CannotGoBack", _STALLED, "a workload can't be touched on the way back, because its borrowed fields can't be given back",
        "the message says what to write by hand",
    )  # fmt: skip
    GATE_FAILED = (
        "GateFailed", _PROGRESS, "the release failed: a gate failed more often than `failureLimit` allows",
        "`saferollout status` shows the value beside its limit",
    )  # fmt: skip
    DIAGNOSED = (
        "Diagnosed", _PROGRESS, "the analysis named what broke: the release failed, or holds where it is",
        "`saferollout status` shows the evidence and what to type",
    )  # fmt: skip
    FORWARD_ONLY = (
        "ForwardOnly", _STALLED, "old pods can't read what new ones wrote: going back makes it worse, so the roll stays where it is",
        "`saferollout forward` finishes the roll, `saferollout rollback` goes back all the same",
    )  # fmt: skip
    OUTAGE_AGAIN_AND_AGAIN = (
        "OutageAgainAndAgain", _STALLED,
        "a broker, database, cache, gateway or node is down or restarted again and again, so that no time is left that counts; new pods may be the cause",
        "mend it; `saferollout rollback` shows whether it stops, `saferollout approve analysis` goes on without a proof",
    )  # fmt: skip
    PROGRESS_DEADLINE_EXCEEDED = (
        "ProgressDeadlineExceeded", _PROGRESS, "the release failed: new pods did not get ready in `progressDeadlineSeconds`",
        "the message names the pod's trouble; mend the template",
    )  # fmt: skip
    ABORTED = (
        "Aborted", _PROGRESS, "the release failed by `saferollout abort` and could not go back", "see what stays in `saferollout status`",
    )  # fmt: skip
    ROLLBACK_REQUESTED = (
        "RollbackRequested", _PROGRESS, "the release failed by `saferollout rollback` and could not go back",
        "see what stays in `saferollout status`",
    )  # fmt: skip
    DEFECT = (
        "Defect", _PROGRESS,
        "the operator could not decide, by a defect of its own; workloads stay as they are, and it goes on trying",
        "report the message with the log",
    )  # fmt: skip
