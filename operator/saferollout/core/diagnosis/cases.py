"""A case: one cause that the evidence speaks for, before it is weighed against the others."""

from dataclasses import dataclass

from saferollout.core.diagnosis.evidence import Against, Arm, Dependency, Life, Member, Part, Reading
from saferollout.core.diagnosis.finding import Action, Cause, Certainty
from saferollout.core.diagnosis.onsets import last_movers, step_before
from saferollout.core.diagnosis.scene import Scene
from saferollout.core.diagnosis.wording import DEPENDENCY, percent


@dataclass(frozen=True, slots=True)
class Case:
    """Why a cause may be the one. `between_arms`: new and old pods of one workload differ, which no outage that they share explains.

    `lasts`: it is not over by itself. `facts` are evidence that is no reading. `doubts` keep it from being named; none of them means that it is.
    """

    cause: Cause
    sentence: str
    readings: tuple[Reading, ...]
    workload: str = ""
    side: Part | None = None
    contract: str = ""
    victim: str = ""
    between_arms: bool = False
    lasts: bool = False
    facts: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    not_because: tuple[str, ...] = ()
    then: tuple[str, ...] = ()

    @property
    def certainty(self) -> Certainty:
        """Whether anything is missing."""
        return Certainty.SUSPECTED if self.doubts else Certainty.NAMED

    @property
    def action(self) -> Action:
        """What to do, if nothing else is going on.

        Who is to blame may be proved (its new pods are worse than its old ones) where the name is not; then it goes back all the same.
        """
        if self.cause is Cause.MODE_5:
            return Action.STOP_SPREADING
        if self.cause is Cause.CAPACITY:
            return Action.HOLD
        return Action.ROLL_BACK if self._is_proved_to_blame or not self.doubts else Action.HOLD

    @property
    def _is_proved_to_blame(self) -> bool:
        sure = (one for one in self.readings if not one.doubt)
        return any(one.workload == self.workload and (one.arm, one.against) == (Arm.NEW, Against.OTHER_ARM) for one in sure)


def doubts_of_life(scene: Scene, *dependencies: Dependency) -> tuple[str, ...]:
    """Return a doubt for each dependency that is used and not known to live."""
    unknown = (one for one in dependencies if scene.uses(one) and scene.alive(one).life is Life.UNKNOWN)
    return tuple(f"nothing tells whether {DEPENDENCY[one]} is up" for one in unknown)


def doubts_of(*readings: Reading) -> tuple[str, ...]:
    """Return why readings that are worse prove nothing yet, each reason once."""
    return tuple(dict.fromkeys(one.doubt for one in readings if one.doubt))


def blame(members: tuple[Member, ...], reading: Reading) -> tuple[Member | None, tuple[str, ...]]:
    """Return who of several moved last before the trouble began, and the doubts about it; None where it followed no step of theirs."""
    if reading.onset is None:
        moved = tuple(member for member in members if member.new_ready is not None)
        return (moved[0], ("when it began is not known",)) if len(moved) == 1 else (None, ())
    movers = last_movers(members, reading.onset)
    if not movers:
        return None, ()
    doubts = tuple(f"{other.workload} rolled at that time too" for other in movers[1:])
    return movers[0], doubts


def since(member: Member, reading: Reading) -> str:
    """Say from which step on a trouble was there; empty where its beginning is not known."""
    step = step_before(member, reading.onset) if reading.onset is not None else None
    return f"and only since {member.workload} reached {percent(step.share)} new pods" if step is not None else ""


def joined(*parts: str) -> str:
    """Return the parts that say something as one sentence."""
    return ", ".join(part for part in parts if part)
