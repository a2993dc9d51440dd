"""The reasons of Events: each with its type, what happened and what to do. docs/reference/events.md is generated from here."""

from enum import StrEnum

from saferollout.api.explained import ExplainedWord


class NoteType(StrEnum):
    """Kubernetes' event types."""

    NORMAL = "Normal"
    WARNING = "Warning"


_NORMAL = NoteType.NORMAL
_WARNING = NoteType.WARNING


class EventReason(ExplainedWord):
    """Why an Event was written."""

    type: NoteType

    def __init__(self, word: str, type: NoteType, meaning: str, remedy: str = "") -> None:
        super().__init__(word, meaning, remedy)
        self.type = type

    RELEASE_STARTED = "ReleaseStarted", _NORMAL, "changed templates became a release"
    JOINED = "Joined", _NORMAL, "a workload's template joined the release under way"
    LET_THROUGH = "LetThrough", _NORMAL, "a workload asks for what it runs already (a restart, a revert before its turn): its hold was taken off"
    SUPERSEDED = "Superseded", _NORMAL, "a newer template took the place of one that waited or rolled"
    UNDECLARED_READER = (
        "UndeclaredReader", _WARNING, "a consumer group reads a contract's topic and nobody declared it; nothing is blocked",
        "add it to `topic.consumerGroups`, or to `externalReaders` with its `consumerGroup`",
    )  # fmt: skip
    ROLL_STARTED = "RollStarted", _NORMAL, "a workload began to roll"
    BATCH_READY = "BatchReady", _NORMAL, "all new pods of a batch were available; the bake began"
    BATCH_PASSED = "BatchPassed", _NORMAL, "a batch kept its gates"
    ROLLED_OUT = "RolledOut", _NORMAL, "a workload runs its new template on all pods"
    PROVED = "Proved", _NORMAL, "a version is no longer stored; readers may stop reading it"
    COMPLETED = "Completed", _NORMAL, "a release ended well"
    GATE_PASSED_AGAIN = "GatePassedAgain", _NORMAL, "a gate that failed before the release passed; it counts again"
    PLAN_REFUSED = (
        "PlanRefused", _WARNING, "there is no safe plan, and no template has come for some seconds; or the spec or a query is faulty",
        "the message holds the [reason](reasons.md#reasons), the counter-example and a repair",
    )  # fmt: skip
    INVALID_TEMPLATE = "InvalidTemplate", _WARNING, "a workload's template can't be released; it stays held", "correct what is named, with its line"
    STALLED = "Stalled", _WARNING, "the release got stuck; the message begins with the condition's reason", "see [reasons](reasons.md#reasons)"
    FAILED = "Failed", _WARNING, "a step failed: a gate, or a deadline", "read the numbers in the message"
    FOUND = "Found", _WARNING, "the analysis says what broke, or what may have", "`saferollout status` shows the evidence and what to type"
    RECOVERED = "Recovered", _NORMAL, "what the analysis had found is over"
    ROLLBACK_STARTED = "RollbackStarted", _WARNING, "workloads go back; it says who and who stays"
    WENT_BACK = "WentBack", _WARNING, "a workload runs its old revision again"
    ROLLED_BACK = "RolledBack", _WARNING, "the way back ended; the template stays held", "mend the template, or `saferollout retry`"
    COMMAND_ACCEPTED = "CommandAccepted", _NORMAL, "a person's command was carried out; with name and reason"
    COMMAND_REFUSED = "CommandRefused", _WARNING, "a command could not be carried out", "the message says why and what would work"
    TEMPLATE_NOT_TAKEN = (
        "TemplateNotTaken", _WARNING, "another template than the one that waits came while the old one was being put back; admission kept it out",
        "apply it again; a tool that heals itself does",
    )  # fmt: skip
    TEMPLATE_NOT_KEPT = (
        "TemplateNotKept", _WARNING,
        "an old template was put back, and the one before it was too large for an annotation, or what was kept was broken; it is lost in the cluster",
        "apply it again; a tool that heals itself does",
    )  # fmt: skip
    PIN_ENDED = (
        "PinEnded", _NORMAL,
        "a pinned workload was created anew, from a backup perhaps, and nothing of its old revision is left: its waiting template is held as a first one",
        "none; one that failed before waits for `retry`",
    )  # fmt: skip
    RESTARTED = "Restarted", _NORMAL, "all pods of a workload were restarted under a hold"
    LABELLED = "Labelled", _NORMAL, "the operator put its label on a workload that the SafeRollout names", "add `saferollout.io/managed-by` in Git"
    HELD_AGAIN = (
        "HeldAgain", _WARNING, "somebody replaced the labels of a held workload where no policy keeps them; it was labelled again",
        "let tools leave labels that are not theirs",
    )  # fmt: skip
    HELD_LATE = (
        "HeldLate", _WARNING, "a new template was not held by the API server; the operator paused it",
        "see [reactive mode](../operations.md#reactive-mode-is-weaker)",
    )  # fmt: skip
    STARTED_UNHELD = (
        "StartedUnheld", _WARNING, "a new StatefulSet came, and its pods started at once: nothing can hold its first template",
        "see [StatefulSets](../statefulsets.md#new)",
    )  # fmt: skip
    TAKEN_UP_AGAIN = (
        "TakenUpAgain", _NORMAL, "a workload that was left paused when it was given back is held again and released in its turn",
    )  # fmt: skip
    BYPASSED = "Bypassed", _WARNING, "a privileged user let a template past the hold; with the reason", "know that no plan stood behind it"
    BYPASS_IGNORED = (
        "BypassIgnored", _WARNING, "a bypass annotation was removed: it had nothing to release, or did not count; it says why",
        "a bypass that did not count: give a new reason, and see [break-glass](../operations.md#break-glass)",
    )  # fmt: skip
    GIVEN_BACK = (
        "GivenBack", _NORMAL, "borrowed fields returned: the SafeRollout is being deleted, or none names the workload any more",
        "where it stays paused: `saferollout explain NAME`",
    )  # fmt: skip
    HELD_WITHOUT_SAFE_ROLLOUT = (
        "HeldWithoutSafeRollout", _WARNING, "a workload is held, but its SafeRollout does not exist or does not list it",
        "create it, list it, or correct the label",
    )  # fmt: skip
    DEFECT = (
        "Defect", _WARNING, "the operator met a defect of its own in this SafeRollout; the others go on, and it tries again ever more slowly",
        "report it with the log; break-glass works without the operator",
    )  # fmt: skip
    WRITE_REFUSED = (
        "WriteRefused", _WARNING, "the API server, or a policy of yours, refused what the operator has to write",
        "the message is theirs; often a quota, a webhook or a missing right",
    )  # fmt: skip
