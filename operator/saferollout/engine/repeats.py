"""Slow down what has no effect: the same action decided again right after it was carried out."""

from typing import Final

from saferollout.core.actions import AnyAction

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_LARGEST_EXPONENT: Final = 10


class Repeats:
    """Counts, by key, how often one action came in a row."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[AnyAction, int]] = {}

    def pause_after(self, key: str, action: AnyAction) -> float:
        """Return the seconds to wait after an action: none after a new one, ever more after the same one."""
        last, times = self._last.get(key, (None, 0))
        times = times + 1 if action == last else 0
        self._last[key] = (action, times)
        return min(_FIRST_PAUSE * 2.0 ** min(times - 1, _LARGEST_EXPONENT), _LONGEST_PAUSE) if times else 0.0

    def forget(self, key: str) -> None:
        """Begin anew: something else was decided."""
        self._last.pop(key, None)
