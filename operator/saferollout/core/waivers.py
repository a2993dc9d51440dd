"""What a person's word stands for: what was to be seen when it was given, and nothing else.

A word on a gate stands for the batches under way, one given before anything rolled for the first batch. A word on the analysis that was given
between two rolls stands for the start of the next one, until its first batch is ready. A word on a step stands for the
templates that take part in its contract: the same name may mean something else once Git asks for another one. All this is named, not
dated: times are whole seconds, and within one of them a batch may end and the next one begin.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from saferollout.api.status import ActiveRoll, Approval, Batch, Release, Template
from saferollout.core.contracts import World

FORWARD: Final = "forward"
"""The subject of a person's word that a roll is to be finished, whatever gates and the analysis say."""

ANALYSIS: Final = "analysis"
"""The subject of a person's word that a batch may go on although the analysis holds it."""

GATE: Final = "gate/"
"""What the subjects of words on gates begin with."""

_OF_BATCHES: Final = (GATE, ANALYSIS, FORWARD)


def approval(release: Release, *, subject: str, by: str, reason: str, time: datetime) -> Approval:
    """Write down a person's word with what it is about."""
    batches = [_batch(roll) for roll in release.rolls] if subject.startswith(_OF_BATCHES) else []
    templates = _templates_to_come(release) if subject == ANALYSIS and not batches else _templates(release)
    return Approval(subject=subject[:1024], by=by[:253], reason=reason[:1024], time=time, templates=templates, batches=batches)


def is_waived(release: Release, roll: ActiveRoll, *, subject: str) -> bool:
    """Tell whether a person's word on a gate stands for a roll's batch."""
    return any(given.subject == subject and _stands_for(given, release, roll) for given in release.approvals)


def is_forwarded(release: Release, roll: ActiveRoll) -> bool:
    """Tell whether a person said that a roll is to be finished; that stands for all of its batches."""
    of_roll = (roll.workload, roll.hash, roll.start_time)
    return any(
        given.subject == FORWARD and any((batch.workload, batch.hash, batch.start_time) == of_roll for batch in given.batches)
        for given in release.approvals
    )


def is_waived_before_first_step(release: Release, *, subject: str) -> bool:
    """Tell whether a person let the release begin although a gate fails already, or can't tell."""
    return any(given.subject == subject and _is_unchanged(given, release) for given in release.approvals)


def is_waived_between_rolls(release: Release, *, subject: str) -> bool:
    """Tell whether a person let the next roll start, where nothing rolls: what was still to come then is what is to come now."""
    return any(given.subject == subject and _is_all_to_come(given, release) for given in release.approvals)


def is_answered_for(release: Release, world: World, *, contract: str, version: str) -> bool:
    """Tell whether a person has answered for a version that may still be there, knowing all templates that take part in its contract."""
    parties = _parties(world, contract)
    now = [template for template in _templates(release) if template.workload in parties]
    subject = f"Prove/{contract}/{version}"
    return any(
        given.subject == subject and _is_unchanged(given, release) and all(template in given.templates for template in now)
        for given in release.approvals
    )


def _stands_for(given: Approval, release: Release, roll: ActiveRoll) -> bool:
    if given.batches:
        return _batch(roll) in given.batches
    if given.subject == ANALYSIS:
        # It was about a start, not about what the new pods would show.
        return roll.batch == 0 and roll.ready_time is None and _is_all_to_come(given, release)
    return _is_unchanged(given, release) and roll.batch == 0 and not any(target.done for target in release.targets)


def _is_unchanged(given: Approval, release: Release) -> bool:
    """Tell whether none of the templates that it was about gave way to another one."""
    now = {target.workload: target.to_hash for target in release.targets}
    return all(now.get(template.workload, template.hash) == template.hash for template in given.templates)


def _is_all_to_come(given: Approval, release: Release) -> bool:
    return not given.batches and given.templates == _templates_to_come(release)


def _templates_to_come(release: Release) -> list[Template]:
    """Return what is not rolled out yet; it changes with every roll that is complete, and with every new template."""
    return [Template(workload=target.workload, hash=target.to_hash) for target in release.targets if not target.done]


def _templates(release: Release) -> list[Template]:
    return [Template(workload=target.workload, hash=target.to_hash) for target in release.targets]


def _batch(roll: ActiveRoll) -> Batch:
    return Batch(workload=roll.workload, hash=roll.hash, start_time=roll.start_time, batch=roll.batch)


def _parties(world: World, contract: str) -> Collection[str]:
    return {
        party.name
        for party in world.parties
        if any(contract in revision.uses for revision in (*party.alive, *((party.goal,) if party.goal is not None else ())))
    }
