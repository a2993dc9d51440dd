"""How long a person's word on a gate stands: for the batches that were under way when it was given, and no further.

Batches are named, not dated: times are whole seconds, and within one of them a batch may end and the next one begin.
"""

from saferollout.api.status import ActiveRoll, Approval, Batch, Release


def batches_under_way(release: Release) -> list[Batch]:
    """Name the batch of each roll under way."""
    return [_batch(roll) for roll in release.rolls]


def is_waived(release: Release, roll: ActiveRoll, *, subject: str) -> bool:
    """Tell whether a waiver stands for a roll's batch; one given before anything rolled stands for the first batch."""
    return any(given.subject == subject and _stands(given, release, roll) for given in release.approvals)


def _stands(given: Approval, release: Release, roll: ActiveRoll) -> bool:
    if given.batches:
        return _batch(roll) in given.batches
    return roll.batch == 0 and not any(target.done for target in release.targets)


def _batch(roll: ActiveRoll) -> Batch:
    return Batch(workload=roll.workload, hash=roll.hash, batch=roll.batch)
