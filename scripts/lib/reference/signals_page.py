"""The signal catalogue: each signal with what it tells, what its absence costs, and the series of each exporter."""

from collections.abc import Iterator
from typing import Final

from saferollout.api.contracts import ContractKind
from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.catalogue import BUILT_IN
from saferollout.core.catalogue.series import Reading, Series, Signal, Subject
from saferollout.core.catalogue.signals import SIGNALS, WANTED_BY_CONTRACTS, WANTED_BY_RELEASES, WANTED_BY_WORKLOADS
from scripts.lib.reference.markdown import code, codes, sentence, table

_ABOUT: Final = About(namespace="NAMESPACE", labels=Labels(), pods=("PODS",), topics=("TOPIC",), groups=("GROUP",))
_PLURALS: Final = {ContractKind.TOPIC: "topics", ContractKind.API: "APIs", ContractKind.TABLE: "tables", ContractKind.CACHE: "caches"}
_READINGS: Final = {
    Reading.COUNTER: "begins at 0 with its process; its growth between two looks is counted",
    Reading.OFFSET: "only grows, but does not begin at 0; its growth is counted, and one that falls counts nothing",
    Reading.GAUGE: "is looked at as it is",
    Reading.START: "when something started, in seconds since 1970",
    Reading.UPTIME: "how many seconds ago it started",
}


def signals_page() -> str:
    """Write the page."""
    return "\n".join(
        [
            "# Signal catalogue",
            "",
            "What each signal tells, and the series of each exporter that tell it, the preferred first. Read on: [signals](../signals.md).",
            "",
            table(("signal", "what it tells", "wanted by", "without it"), map(_row, SIGNALS.values())),
            "| reading | the value |",
            "|---|---|",
            *(f"| {reading} | {meaning} |" for reading, meaning in _READINGS.items()),
            "",
            *(text for signal in SIGNALS.values() for text in _section(signal)),
        ]
    ).rstrip("\n") + "\n"


def _row(signal: Signal) -> tuple[str, ...]:
    return f"[{code(signal.name)}](#{signal.name.lower()})", signal.what, ", ".join(_wanted_by(signal)), signal.costs


def _wanted_by(signal: Signal) -> Iterator[str]:
    yield from (_PLURALS[kind] for kind, wanted in WANTED_BY_CONTRACTS.items() if signal.name in dict(wanted))
    if signal.name in WANTED_BY_WORKLOADS:
        yield "every workload"
    if signal.name in WANTED_BY_RELEASES:
        yield "every release"


def _section(signal: Signal) -> Iterator[str]:
    yield f"## {signal.name}"
    yield f"{sentence(signal.what)} {_told_apart(signal)}"
    yield ""
    rows = BUILT_IN.of(signal.name)
    yield table(("exporter", "reading", "query", "of pods", "mind", "source"), map(_series, rows))


def _told_apart(signal: Signal) -> str:
    return f"Keys: {codes(signal.keys)}." if signal.keys else ""


def _series(one: Series) -> tuple[str, ...]:
    query = query_of(one, about=_ABOUT).value
    pods = {Subject.POD: "yes", Subject.TOPIC: "no: by topic", Subject.GROUP: "no: by group", Subject.SERVER: "no: of the server"}[one.subject]
    renamed = [f"{code(key.exported)} is `{key.name}`" for key in one.keys if key.exported != key.name]
    mind = "; ".join((*renamed, *(text for text in (one.note, one.enable) if text)))
    return one.exporter, one.reading.value, code(query), pods, mind, one.source
