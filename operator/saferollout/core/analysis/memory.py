"""What was worked out of answers at the looks before: the past does not change, so at a look only what is new has to be worked out.

Everything in it follows from objects that never change and are kept beside it, so forgetting it only costs a calculation, and no result
depends on what is remembered. What a look does not ask for is forgotten after it.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any, Self, TypeVar, cast

S = TypeVar("S")
T = TypeVar("T")
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class _Step:
    """What was made of an item, out of which state, and the state after it; the item is kept so that no other can have its identity."""

    item: object
    before: Any
    made: Any
    after: Any


class Memory:
    """The memory of one look, which begins with what the look before it worked out.

    Items are known by their identity: comparing answers would cost as much as counting them. A key says all else that a result depends on.
    """

    def __init__(self, before: "Memory | None" = None) -> None:
        self._before: dict[Hashable, dict[int, _Step]] = before._now if before is not None else {}
        self._now: dict[Hashable, dict[int, _Step]] = {}
        self._all_before: dict[Hashable, tuple[tuple[object, ...], object]] = before._all_now if before is not None else {}
        self._all_now: dict[Hashable, tuple[tuple[object, ...], object]] = {}

    def each(self, key: Hashable, items: Iterable[S], work: Callable[[S], T]) -> tuple[T, ...]:
        """Return what the work makes of each item."""
        before, now, made = self._before.get(key, {}), self._now.setdefault(key, {}), list[T]()
        for item in items:
            step = now.get(id(item)) or before.get(id(item))
            if step is None:
                step = _Step(item, None, work(item), None)
            now[id(item)] = step
            made.append(step.made)
        return tuple(made)

    def steps(self, key: Hashable, items: Iterable[S], work: Callable[[State, S], tuple[T, State]], *, first: State) -> tuple[T, ...]:
        """Return what the work makes of each item and the state that the items before it left; states are values and never change."""
        before, now, made, state = self._before.get(key, {}), self._now.setdefault(key, {}), list[T](), first
        for item in items:
            step = now.get(id(item)) or before.get(id(item))
            if step is None or not (step.before is state or step.before == state):
                step = _Step(item, state, *work(state, item))
            now[id(item)] = step
            made.append(step.made)
            state = step.after
        return tuple(made)

    def all(self, key: Hashable, items: Sequence[S], work: Callable[[Sequence[S]], T]) -> T:
        """Return what the work makes of all items together; asked again after the look, with the same items, it is not done again."""
        known = self._all_now.get(key) or self._all_before.get(key)
        is_known = known is not None and len(known[0]) == len(items) and all(map(is_, known[0], items))
        kept = known if known is not None and is_known else (tuple(items), work(items))
        self._all_now[key] = kept
        return cast(T, kept[1])

    def seal(self) -> Self:
        """Forget what this look did not ask for."""
        self._before, self._all_before = {}, {}
        return self
