"""Compare what a test expects with what was played."""

from dataclasses import dataclass
from typing import Final

from saferollout.api.gates import Gate, GateMode
from saferollout.api.status import GateStatus, State, Status
from saferollout.cli.gate_tests.files import Event, Expectation
from saferollout.cli.gate_tests.play import Moment, Played, play
from saferollout.cli.gate_tests.reading import Case
from saferollout.cli.gate_tests.replies import NotAsked
from saferollout.cli.gate_tests.series import number_of
from saferollout.cli.gate_tests.words import Phase, Reaction, Word
from saferollout.cli.manifests import BadInput
from saferollout.core.gates import number
from saferollout.core.reasons import ConditionType, Reason

_BY_STATE: Final = {
    State.ROLLING_BACK: Reaction.ROLL_BACK,
    State.ROLLED_BACK: Reaction.ROLL_BACK,
    State.FAILED: Reaction.STOP,
    State.COMPLETED: Reaction.COMPLETE,
    State.IDLE: Reaction.REST,
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that was expected and is otherwise; `at` is in seconds from the start."""

    at: int
    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Result:
    """A case and what came of it; it has passed where nothing is otherwise than expected."""

    case: Case
    played: Played
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.mismatches


def check(case: Case) -> Result:
    """Play a case and compare; raise BadInput where it tells the answer to a question that its gate never asks."""
    try:
        played = play(case)
    except NotAsked as error:
        raise BadInput(f"{case.file}, document {case.document}, test {case.test.name!r}: {error}") from error
    return Result(case, played, mismatches_of(case, played))


def mismatches_of(case: Case, played: Played) -> tuple[Mismatch, ...]:
    """Return what is otherwise in a play than the case expects."""
    if played.never:
        return (Mismatch(at=0, what="start", expected="the first step to start", found=played.never),)
    verdicts = [found for gate in case.gates for found in _verdicts(case, played, gate)]
    expected = [found for one in case.test.expect for found in _expected(case, played, one)]
    unsaid = [_unsaid(event) for event in played.unsaid]
    return tuple(sorted((*unsaid, *verdicts, *expected), key=_time))


def _unsaid(event: Event) -> Mismatch:
    return Mismatch(at=0, what="events", expected=f"{event.say} before the first step", found="it waited for nothing; give the event a time: at")


def reaction(case: Case, moment: Moment, *, at: int) -> Reaction:
    """Say what the release does: what happened in that second, else how it stands."""
    status, release = moment.status, moment.status.release
    state = status.summary.state if status.summary is not None else State.IDLE
    if state in _BY_STATE:
        return _BY_STATE[state]
    if moment.at == at and "BatchPassed" in moment.notes:
        return Reaction.PASS_BATCH
    if state is State.AWAITING_APPROVAL:
        return Reaction.APPROVE
    if is_stalled(status):
        return Reaction.STALLED
    if case.phase is Phase.BEFORE_FIRST_STEP and moment.at == at and "RollStarted" in moment.notes:
        return Reaction.START
    if release is not None and release.paused is not None:
        return Reaction.WAIT
    return Reaction.HOLD if _holds(case, moment) else Reaction.CONTINUE


def is_stalled(status: Status) -> bool:
    """Tell whether a gate's limits of inconclusive measurements or errors are exceeded."""
    return any(known.type == ConditionType.STALLED and known.status == "True" and known.reason == Reason.GATE_WITHOUT_VERDICT for known in status.conditions)


def _holds(case: Case, moment: Moment) -> bool:
    """Tell whether a gate keeps the release from going on: it can't tell, has not been measured, or `gate NAME ...` is waited for."""
    waiting = moment.status.summary.waiting_for if moment.status.summary is not None else ""
    enforced = [gate.name for gate in case.gates if gate.mode is GateMode.ENFORCE]
    if "every gate to be measured" in waiting or any(f"gate {name} " in waiting for name in enforced):
        return True
    return any(_says_nothing(moment.gates[name]) for name in enforced if name in moment.gates)


def _says_nothing(shown: GateStatus) -> bool:
    """Tell a gate that can't tell, or was not measured yet, from one whose failure is tolerated."""
    return shown.verdict == Word.INCONCLUSIVE or (shown.verdict == Word.WAITING and not shown.value)


def _verdicts(case: Case, played: Played, gate: Gate) -> list[Mismatch]:
    told = case.verdicts.get(gate.name, ())
    found = [(case.instant(gate, index), word) for index, word in enumerate(told)]
    wrong = []
    for index, (at, word) in enumerate(found, start=1):
        verdict, message = verdict_after(played, gate, at)
        if verdict != word:
            what = f"verdict of {gate.name} after measurement {index}"
            wrong.append(Mismatch(at=at, what=what, expected=word, found=f"{verdict}: {message}" if message else verdict))
    return wrong


def _expected(case: Case, played: Played, one: Expectation) -> list[Mismatch]:
    gate = case.gate_of(one)
    at = case.time_of(one)
    moment = _moment(played, at)
    verdict, message = (verdict_at if one.measurement is None else verdict_after)(played, gate, at)
    shown = moment.gates.get(gate.name)
    waiting = moment.status.summary.waiting_for if moment.status.summary is not None else ""
    rolls = moment.status.release.rolls if moment.status.release is not None else []
    pairs = [
        (f"verdict of {gate.name}", one.verdict, f"{verdict}: {message}" if message else verdict, verdict == one.verdict),
        (f"value of {gate.name}", one.value, shown.value if shown is not None else "", _is_value(one, shown.value if shown is not None else "")),
        (f"reason of {gate.name}", one.reason, message, one.reason is not None and one.reason in message),
        ("stalled", one.stalled, is_stalled(moment.status), one.stalled is is_stalled(moment.status)),
        ("release", one.release, reaction(case, moment, at=at), one.release is reaction(case, moment, at=at)),
        ("batch", one.batch, rolls[0].batch + 1 if rolls else "none", bool(rolls) and one.batch == rolls[0].batch + 1),
        ("waitingFor", one.waiting_for, waiting or "nothing", one.waiting_for is not None and one.waiting_for in waiting),
    ]
    return [
        Mismatch(at=at, what=what, expected=_said(expected), found=_said(found))
        for what, expected, found, holds in pairs
        if expected is not None and not holds
    ]


def _said(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _is_value(one: Expectation, shown: str) -> bool:
    return one.value is not None and number(number_of(one.value)) == shown


def verdict_at(played: Played, gate: Gate, at: int) -> tuple[str, str]:
    """Return the verdict and the message of a gate as they were at a time."""
    shown = _moment(played, at).gates.get(gate.name)
    return (shown.verdict, shown.message) if shown is not None else (Word.NOT_MEASURED.value, "")


def verdict_after(played: Played, gate: Gate, at: int) -> tuple[str, str]:
    """Return the verdict and the message right after a measurement: a gate that nobody asked then has not been measured."""
    if any(moment.at == at and gate.name in moment.judged for moment in played.moments):
        return verdict_at(played, gate, at)
    return Word.NOT_MEASURED.value, f"{gate.name} is measured no more: nothing rolls, or it goes back"


def _moment(played: Played, at: int) -> Moment:
    """Return how things stood at a time: as after the last look before it."""
    return next((moment for moment in reversed(played.moments) if moment.at <= at), played.moments[0])


def _time(mismatch: Mismatch) -> int:
    return mismatch.at
