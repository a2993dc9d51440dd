"""The words of a gate test file."""

from enum import StrEnum


class Phase(StrEnum):
    """When the gate is measured."""

    BEFORE_FIRST_STEP = "BeforeFirstStep"
    ROLL = "Roll"
    WAITING = "Waiting"


class Word(StrEnum):
    """What status says of a gate."""

    PASSING = "Passing"
    FAILING = "Failing"
    INCONCLUSIVE = "Inconclusive"
    WAITING = "Waiting"
    IGNORED = "Ignored"
    DRY_RUN = "DryRun"
    NOT_MEASURED = "NotMeasured"


class Reaction(StrEnum):
    """What the release does."""

    CONTINUE = "Continue"
    START = "Start"
    HOLD = "Hold"
    STALLED = "Stalled"
    APPROVE = "Approve"
    WAIT = "Wait"
    PASS_BATCH = "PassBatch"
    COMPLETE = "Complete"
    STOP = "Stop"
    ROLL_BACK = "RollBack"
    REST = "Rest"


class Said(StrEnum):
    """What a person may say to the release of a test."""

    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    ROLLBACK = "rollback"
    RETRY = "retry"
    EXPEDITE = "expedite"


class NewTemplate(StrEnum):
    """What Git asks for next: one more new template, or again what ran before."""

    NEWER = "Newer"
    BEFORE = "Before"
