"""What a test on windows says: the verdict, and the numbers that a person is shown with it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from saferollout.core.statistics.dispersion import Unmeasured


class Verdict(StrEnum):
    """What the counts show so far."""

    WORSE = "worse"
    CLEAR = "clear"
    TOO_LITTLE = "too little"
    """Neither: there were too few requests, or too little time, to show that all is well."""
    WATCHING = "watching"
    """Neither, although there was enough to show it: what was seen lies between good and bad."""


class Arm(StrEnum):
    """The pods of one side of a roll."""

    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of one test; once WORSE, it is that of the alarm, and later windows do not change it.

    `worse`: the arm that is. `rates`: bad events for each request (or second), over the windows that count; with WORSE, from the onset to
    the alarm. `ratio`: new over old; None where the old rate is 0 or unknown. `evidence`: the highest so far; an alarm takes `wanted`.
    `phi`: measured overdispersion, or why there is none. `onset`: end of the first window that the trouble is in; `alarm_time`: end of the window that
    brought the alarm. `missing_requests`, `missing_seconds`: what is missing to CLEAR if all goes on like this; None: not to be said.
    """

    verdict: Verdict
    windows: int
    evidence: float
    wanted: float
    tolerance: float
    phi: float | Unmeasured
    new_rate: float | None = None
    old_rate: float | None = None
    worse: Arm | None = None
    onset: datetime | None = None
    alarm_time: datetime | None = None
    missing_requests: float | None = None
    missing_seconds: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return by how much the new pods' rate exceeds the old ones'."""
        if self.new_rate is None or not self.old_rate:
            return None
        return self.new_rate / self.old_rate

    @property
    def sentence(self) -> str:
        """Say it shortly; the same words as long as the verdict stands, because every new wording in a status is a write."""
        match self.verdict:
            case Verdict.WORSE:
                return self._worse()
            case Verdict.CLEAR:
                return "shown not to be worse"
            case Verdict.TOO_LITTLE:
                return "too little was seen to tell"
            case Verdict.WATCHING:
                return "neither shown to be worse nor shown not to be"

    def _worse(self) -> str:
        new, old = _number(self.new_rate), _number(self.old_rate)
        higher, lower = (self.new_rate, self.old_rate) if self.worse is Arm.NEW else (self.old_rate, self.new_rate)
        times = f", {_number(higher / lower)} times as many" if higher and lower else ""
        against = f"new {new}, old {old}" if self.old_rate is not None else new
        onset = self.onset.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self.onset else "the beginning"
        return f"the {self.worse} pods are worse: {against}{times}, since {onset}"


def _number(value: float | None) -> str:
    """Return two digits, which is what counts can tell."""
    if value is None:
        return "unknown"
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
