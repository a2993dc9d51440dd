"""When what gates say is worth a write of the status.

While pods start, and as traffic reaches them, every gate goes from "can't tell" to a value at a moment of its own. Each of these as a
write would be many for one batch, and news to nobody. So the rows of gates are written along with anything else that changes. Alone they
are worth a write where a gate got worse, where one that failed got better, and where the last one that was in the way is no more; while
pods are still on their way only a failure counts. Metrics and decisions never wait for it.
"""

from collections.abc import Sequence
from typing import Final

from saferollout.api.spec import Gating
from saferollout.api.status import GateStatus
from saferollout.core.draft import Draft

_QUIET, _NOT_MEASURED, _INCONCLUSIVE, _TOLERATED, _FAILING = range(5)
_RANKS: Final = {"Failing": _FAILING, "Inconclusive": _INCONCLUSIVE}


def gates_now(draft: Draft) -> list[GateStatus]:
    """Return how every gate stands, in the order of the spec; one that was not judged now as it stood before."""
    if draft.snapshot.spec.gating is Gating.DISABLED:
        return []
    known = {gate.name: gate for gate in gates_before(draft)}
    shown = (draft.gates.get(gate.name) or known.get(gate.name) for gate in draft.snapshot.spec.gates)
    return [gate for gate in shown if gate is not None]


def gates_before(draft: Draft) -> list[GateStatus]:
    """Return the rows on record of gates that the spec still has."""
    if draft.snapshot.spec.gating is Gating.DISABLED:
        return []
    order = [gate.name for gate in draft.snapshot.spec.gates]
    return sorted((known for known in draft.snapshot.status.gates if known.name in order), key=lambda known: order.index(known.name))


def is_news(draft: Draft, before: Sequence[GateStatus], now: Sequence[GateStatus]) -> bool:
    """Tell whether what the gates say is worth a write of its own."""
    if [gate.name for gate in before] != [gate.name for gate in now]:
        return True
    quiet = _TOLERATED if _pods_are_coming(draft) else _INCONCLUSIVE
    changes = [(_rank(was), _rank(is_now)) for was, is_now in zip(before, now, strict=True)]
    got_worse = any(was < is_now and is_now >= quiet for was, is_now in changes)
    got_better = any(was > is_now and was >= _TOLERATED for was, is_now in changes)
    is_over = max((was for was, _ in changes), default=_QUIET) >= quiet and all(is_now < _NOT_MEASURED for _, is_now in changes)
    return got_worse or got_better or is_over


def _rank(gate: GateStatus) -> int:
    if gate.verdict == "Waiting":
        return _TOLERATED if gate.value else _NOT_MEASURED
    return _RANKS.get(gate.verdict, _QUIET)


def _pods_are_coming(draft: Draft) -> bool:
    rolls = draft.open_release.rolls if draft.open_release is not None else ()
    return bool(rolls) and all(roll.ready_time is None for roll in rolls)
