"""About whom a signal's series may be, and how their values may be read: another series would be found, and tell nobody anything."""

from collections.abc import Mapping
from typing import Final

from saferollout.core.catalogue.series import Reading, SignalName, Subject

Shape = tuple[Subject, Reading]

_COUNTED: Final[Shape] = (Subject.POD, Reading.COUNTER)
_SEEN: Final[Shape] = (Subject.POD, Reading.GAUGE)
_UP: Final[Shape] = (Subject.SERVER, Reading.GAUGE)
_OF_ALL: Final[Shape] = (Subject.SERVER, Reading.COUNTER)
_INFLOWS: Final[tuple[Shape, ...]] = ((Subject.TOPIC, Reading.OFFSET), (Subject.TOPIC, Reading.COUNTER), _OF_ALL)
_STARTS: Final[tuple[Shape, ...]] = ((Subject.SERVER, Reading.START), (Subject.SERVER, Reading.UPTIME))

SHAPES: Final[Mapping[SignalName, tuple[Shape, ...]]] = {
    **dict.fromkeys(SignalName, (_COUNTED,)),
    **dict.fromkeys(
        (
            SignalName.ASSIGNED_PARTITIONS, SignalName.OWNED_PARTITIONS, SignalName.POOL_PENDING, SignalName.READINESS, SignalName.NODE_READY, SignalName.SCRAPED,
        ),
        (_SEEN,),
    ),
    **dict.fromkeys((SignalName.BROKERS_UP, SignalName.DATABASE_UP, SignalName.CACHE_UP), (_UP,)),
    SignalName.RESTARTS: (_COUNTED, (Subject.POD, Reading.START)),
    SignalName.CACHE_EVICTIONS: (_COUNTED, _OF_ALL),
    SignalName.DEAD_LETTERS: (*_INFLOWS, (Subject.TOPIC, Reading.GAUGE)),
    SignalName.TOPIC_INFLOW: _INFLOWS,
    SignalName.GROUP_LAG: ((Subject.GROUP, Reading.GAUGE), (Subject.TOPIC, Reading.GAUGE)),
    SignalName.GROUP_OFFSET: ((Subject.GROUP, Reading.OFFSET),),
    SignalName.DATABASE_START: _STARTS,
    SignalName.CACHE_START: _STARTS,
    SignalName.GATEWAY_START: (*_STARTS, _OF_ALL),
}  # fmt: skip
