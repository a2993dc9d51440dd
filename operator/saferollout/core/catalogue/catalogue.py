"""The whole catalogue: the rows that come with the operator, and those that its configuration adds."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from saferollout.core.catalogue.of_pods import OF_PODS
from saferollout.core.catalogue.of_servers import OF_SERVERS
from saferollout.core.catalogue.series import Series, SignalName


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every known series, the preferred ones of a signal first."""

    series: tuple[Series, ...]

    def of(self, signal: SignalName) -> tuple[Series, ...]:
        """Return the series of a signal, the preferred first: what tells pods apart before what does not."""
        found = [one for one in self.series if one.signal is signal]
        return tuple(sorted(found, key=lambda one: not one.per_pod))

    def with_more(self, configured: Iterable[Series]) -> "Catalogue":
        """Return it with what somebody configured, which is preferred to what comes with the operator."""
        return Catalogue(series=(*configured, *self.series))


BUILT_IN: Final = Catalogue(series=(*OF_PODS, *OF_SERVERS))
