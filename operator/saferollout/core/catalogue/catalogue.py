"""The whole catalogue: the rows that come with the operator, and those that its configuration adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from saferollout.core.catalogue.of_pods import OF_PODS
from saferollout.core.catalogue.of_servers import OF_SERVERS
from saferollout.core.catalogue.series import Series, SignalName


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Every known series, the preferred ones of a signal first. It is the same as another only where it is that very one."""

    series: tuple[Series, ...]
    _rows: Mapping[SignalName, tuple[int, ...]] = field(init=False, repr=False)
    """Places in `series` by signal: who looks at a release asks for hundreds of them each time."""

    def __post_init__(self) -> None:
        rows: dict[SignalName, list[int]] = {}
        for row, one in enumerate(self.series):
            rows.setdefault(one.signal, []).append(row)
        preferred = {signal: tuple(sorted(found, key=lambda row: not self.series[row].per_pod)) for signal, found in rows.items()}
        object.__setattr__(self, "_rows", preferred)

    def of(self, signal: SignalName) -> tuple[Series, ...]:
        """Return the series of a signal, the preferred first: what tells pods apart before what does not."""
        return tuple(self.series[row] for row in self._rows.get(signal, ()))

    def row_of(self, series: Series) -> int:
        """Return the place of a series that it has."""
        return next(row for row in self._rows[series.signal] if self.series[row] == series)

    def with_more(self, configured: Iterable[Series]) -> "Catalogue":
        """Return it with what somebody configured, which is preferred to what comes with the operator."""
        return Catalogue(series=(*configured, *self.series))


BUILT_IN: Final = Catalogue(series=(*OF_PODS, *OF_SERVERS))
