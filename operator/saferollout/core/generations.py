"""Number a workload's templates: which generation each of them is, for contracts on which nobody numbers versions.

What ran before the release is 0, and what came over it one more. Templates that differ only in their declaration are one program, so they
are one generation: an annotation that is added or corrected changes nothing that pods read or write.
"""

from collections.abc import Sequence

from saferollout.core.sources import Source
from saferollout.core.templates import TemplateFacts, same_program
from saferollout.core.words import Generations


def generations_of(source: Source) -> Generations:
    """Number the templates of a workload that goes forward, or does not change."""
    alive = _by_place(source.templates.alive)
    stable, goal = source.templates.stable, source.goal
    if stable is not None and not any(alive.values()):
        # Whatever has replaced the stable template came with the release under way.
        alive = {facts.hash: 0 if same_program(facts, stable) else 1 for facts in source.templates.alive}
    before = {stable.hash: 0} if stable is not None else {}
    if goal is None or goal.hash in alive:
        return Generations(source.workload, alive, before=before, changes=any(alive.values()))
    number = goal.generation if goal.generation is not None else _number_of(goal, source.templates.alive, alive)
    changes = any(alive.values()) or number not in alive.values()
    return Generations(source.workload, alive, goal=number, goal_hash=goal.hash, before=before, changes=changes)


def returning_generations_of(source: Source) -> Generations:
    """Number the templates of a workload whose earlier template came back: that one is 0 again, what runs is later."""
    goal, stable = source.goal, source.templates.stable
    if goal is None:
        return generations_of(source)
    later = [facts for facts in source.facts if not same_program(facts, goal)]
    numbers = {facts.hash: 0 for facts in source.facts} | {hash_: place + 1 for hash_, place in _by_place(later).items()}
    return Generations(
        source.workload,
        alive={facts.hash: numbers[facts.hash] for facts in source.templates.alive},
        goal=0,
        goal_hash=goal.hash,
        before={stable.hash: numbers[stable.hash]} if stable is not None else {},
        changes=bool(later),
    )


def _by_place(alive: Sequence[TemplateFacts]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for place, facts in enumerate(alive):
        numbers[facts.hash] = facts.generation if facts.generation is not None else _number_of(facts, alive[:place], numbers)
    return numbers


def _number_of(facts: TemplateFacts, earlier: Sequence[TemplateFacts], numbers: dict[str, int]) -> int:
    """Return the number of the same program among earlier templates; of a new one, the next."""
    known = next((numbers[other.hash] for other in earlier if same_program(facts, other)), None)
    return known if known is not None else max(numbers.values(), default=-1) + 1
