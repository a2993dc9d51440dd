"""What is told of the signals: to people by contract and workload, to scripts as JSON."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.text import Text

from saferollout.cli.look import Look, Mark
from saferollout.cli.signal_report.ask import Listed
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.coverage import Line
from saferollout.core.catalogue.series import Series
from saferollout.core.catalogue.signals import SIGNALS


def screen(listed: Iterable[Listed], look: Look) -> Iterator[Text]:
    """Draw each SafeRollout with its contracts, then its workloads."""
    for one in listed:
        yield Text(f"SafeRollout {one.name}", style="bold")
        if one.trouble:
            yield from _marked(look, Mark.UNSURE, "not known", one.trouble)
        for heading, lines in groupby(one.lines, key=_heading):
            yield Text(f"  {heading}")
            for line in lines:
                yield from _line(line, look)
        for sentence in one.readers:
            yield from _marked(look, Mark.WARNING, "unknown reader", sentence)
        yield Text("")
    found, missing = counts(listed)
    yield Text(f"{found} found, {missing} missing")


def counts(listed: Iterable[Listed]) -> tuple[int, int]:
    """Count what is found and what is missing."""
    there = [line.found.series is not None for one in listed for line in one.lines]
    return sum(there), len(there) - sum(there)


def _heading(line: Line) -> str:
    if line.contract:
        return f"contract {line.contract}"
    return f"workload {line.workload}" if line.workload else "the whole release"


def _line(line: Line, look: Look) -> Iterator[Text]:
    found = line.found
    of = line.workload if line.contract and line.workload else f"group {line.group}" if line.group else ""
    whose = f"{found.signal} of {of}" if of else str(found.signal)
    if found.series is None:
        yield from _marked(look, Mark.WARNING, "missing", f"{whose}: {found.why}")
        yield from look.wrapped(f"costs: {line.costs}", first="        ", indent="          ")
        return
    yield from _marked(look, Mark.DONE, "found", f"{whose}: {_written(found.series)}")
    for remark in (found.why, found.series.note):
        if remark:
            yield from look.wrapped(f"mind: {remark}", first="        ", indent="          ")
    if found.others:
        others = ", ".join(_written(other) for other in found.others)
        yield from look.wrapped(f"also there, and left out: {others}; both together would count twice", first="        ", indent="          ")


def _marked(look: Look, mark: Mark, word: str, said: str) -> Iterator[Text]:
    marked = look.marked(mark, word)
    first, *rest = look.wrapped(f"{marked.plain}: {said}", first="    ", indent="        ")
    first.stylize(marked.style, 4, 4 + len(marked.plain))
    yield from (first, *rest)


def _written(series: Series) -> str:
    pods = "pod by pod" if series.per_pod else "not by pod"
    return f"{series.metric} ({series.exporter}, {pods})"


def machine(listed: Iterable[Listed]) -> dict[str, Any]:
    """Return what scripts get."""
    found, missing = counts(listed)
    saferollouts = [
        {
            "name": one.name,
            "trouble": one.trouble,
            "unknownReaders": list(one.readers),
            "signals": [_machine(line, one.about) for line in one.lines],
        }
        for one in listed
    ]
    return {"counts": {"found": found, "missing": missing}, "saferollouts": saferollouts}


def _machine(line: Line, about: About) -> dict[str, Any]:
    found = line.found
    return {
        "contract": line.contract, "workload": line.workload, "group": line.group, "signal": found.signal.value, "what": SIGNALS[found.signal].what,
        "series": _machine_series(found.series) if found.series is not None else None,
        "query": query_of(found.series, about=about).value if found.series is not None else "",
        "leftOut": [_machine_series(other) for other in found.others], "remark": found.why, "costs": line.costs,
    }  # fmt: skip


def _machine_series(series: Series) -> dict[str, Any]:
    return {
        "exporter": series.exporter, "metric": series.metric, "perPod": series.per_pod, "reading": series.reading.value, "note": series.note,
        "configured": series.configured,
    }  # fmt: skip
