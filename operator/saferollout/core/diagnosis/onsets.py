"""Whether a trouble followed a step, and which side moved last."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from saferollout.core.diagnosis.evidence import Member, Share
from saferollout.core.diagnosis.finding import Began

SLACK: Final = timedelta(seconds=30)
"""How much too early an onset may seem: a scrape of each of two series."""

SOON: Final = timedelta(minutes=5)
"""How long after a step a trouble still counts as its consequence; later it may be anything."""

FRESH: Final = timedelta(seconds=45)
"""How long a trouble must have been seen before it gets a name: what is down is known only at the next scrapes, and so is who else suffers."""


def steps_of(member: Member) -> tuple[Share, ...]:
    """Return the moments at which the share of new pods grew; the first is when a new pod was ready, where that is known."""
    steps: list[Share] = []
    highest = 0.0
    for one in member.shares:
        if one.share > highest:
            steps.append(one)
            highest = one.share
    if steps and member.new_ready is not None:
        steps[0] = Share(at=member.new_ready, share=steps[0].share)
    return tuple(steps)


def step_before(member: Member, onset: datetime) -> Share | None:
    """Return the last step of a workload that came before an onset."""
    return next((one for one in reversed(steps_of(member)) if one.at <= onset + SLACK), None)


def follows(member: Member, onset: datetime) -> bool:
    """Tell whether a trouble that began at `onset` came soon after a step of a workload."""
    step = step_before(member, onset)
    return step is not None and onset <= step.at + SOON


def last_movers(members: Iterable[Member], onset: datetime) -> tuple[Member, ...]:
    """Return the workloads whose step a trouble may have followed, the one that moved last first."""
    moved = [(step.at, member) for member in members if follows(member, onset) and (step := step_before(member, onset)) is not None]
    return tuple(member for _, member in sorted(moved, key=_when, reverse=True))


def began(onset: datetime, member: Member | None) -> Began:
    """Set an onset beside the step it followed."""
    step = step_before(member, onset) if member is not None and follows(member, onset) else None
    if member is None or step is None:
        return Began(at=onset)
    return Began(at=onset, workload=member.workload, step_at=step.at, share=step.share)


def _when(pair: tuple[datetime, Member]) -> datetime:
    return pair[0]
