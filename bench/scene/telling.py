"""The table of the scene: each mode and outage, over its runs. A run that failed counts as one that did not do what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.scene.run import Run, Way, of
from bench.table import Row
from localcluster.opencore.measuring import MODES, OUTAGES


def rows_of(runs: Sequence[Run], *, wanted: int) -> list[Row]:
    """Return a row for each thing that was wanted of each mode and outage that was tried."""
    return [row for mode in MODES for row in _mode(runs, mode, wanted=wanted)] + [row for what in OUTAGES for row in _outage(of(runs, what, Way.OUTAGE), what, wanted=wanted)]


def _mode(runs: Sequence[Run], mode: str, *, wanted: int) -> Iterator[Row]:
    undeclared, declared, plain = (of(runs, mode, way) for way in (Way.UNDECLARED, Way.DECLARED, Way.PLAIN))
    if undeclared:
        yield _counted(f"{mode} undeclared: named rightly", undeclared, lambda run: run.is_named_rightly, wanted=wanted, say=_named)
        acted = "stopped, nothing goes back, `forward` offered" if mode == "mode-5" else "taken back"
        yield _counted(f"{mode} undeclared: {acted}", undeclared, lambda run: run.is_acted_on, wanted=wanted, say=_acted)
        yield Row(
            what=f"{mode} undeclared: dead letters, failed requests",
            wanted="a number, beside a plain rolling update",
            measured=f"{_costs(undeclared)}; plain: {_costs(plain) if plain else 'not measured'}",
            measured_on=_on(undeclared, plain),
        )
    if declared:
        yield _counted(
            f"{mode} declared: completed with 0 dead letters and 0 failed requests", declared, _is_without_cost, wanted=wanted, say=_cost
        )


def _outage(runs: Sequence[Run], what: str, *, wanted: int) -> Iterator[Row]:
    if not runs:
        return
    kept = _kept(sum(not run.went_back and not run.trouble for run in runs), len(runs), wanted=wanted)
    backs = f"{sum(run.went_back for run in runs)} in {len(runs)} releases"
    yield Row(what=f"{what} in a healthy release: rollbacks", wanted="0", measured=backs, measured_on=_on(runs), kept=kept)
    yield _counted(f"{what} in a healthy release: completes alone", runs, _completes, wanted=wanted, say=_completed)
    yield Row(
        what=f"{what} in a healthy release: what was named",
        wanted="the outage, or nothing",
        measured="; ".join(_named_in_outage(run) for run in runs),
        measured_on=_on(runs),
        kept=not any(run.is_named_wrongly for run in runs),
    )


def _counted(what: str, runs: Sequence[Run], holds: Callable[[Run], bool], *, wanted: int, say: Callable[[Run], str]) -> Row:
    good = sum(not run.trouble and holds(run) for run in runs)
    measured = f"{good} of {len(runs)}: {'; '.join(run.trouble or say(run) for run in runs)}"
    return Row(what=what, wanted=f"{wanted} of {wanted}", measured=measured, measured_on=_on(runs), kept=_kept(good, len(runs), wanted=wanted))


def _kept(good: int, tried: int, *, wanted: int) -> bool | None:
    """Tell whether the promise is kept; None where nothing went wrong in fewer runs than were wanted."""
    return False if good < tried else None if tried < wanted else True


def _is_without_cost(run: Run) -> bool:
    return run.state == "Completed" and run.dead_letters == 0 and run.failed == 0


def _completes(run: Run) -> bool:
    return run.state == "Completed"


def _named(run: Run) -> str:
    if run.trouble:
        return run.trouble
    return next((str(one) for one in run.found if one.certainty == "Named"), " then ".join(map(str, run.found)) or "nothing")


def _named_in_outage(run: Run) -> str:
    named = (f"{one.cause}: {one.action}" for one in run.found if one.certainty == "Named")
    return run.trouble or ", ".join(dict.fromkeys(named)) or "nothing"


def _acted(run: Run) -> str:
    held = f"held after {run.found[0].seconds:.0f} s" if run.found else "never held"
    return f"{held}, acted on after {run.acted_after:.0f} s" if run.acted_after is not None else f"{held}, not acted on in {run.seconds:.0f} s"


def _cost(run: Run) -> str:
    return f"{run.dead_letters} and {run.failed}, {run.state}"


def _completed(run: Run) -> str:
    return f"{run.state}, {run.failed} failed requests, {run.dead_letters} dead letters"


def _costs(runs: Iterable[Run]) -> str:
    return ", ".join(run.trouble or f"{run.dead_letters} and {run.failed} of {run.requests}" for run in runs)


def _on(runs: Sequence[Run], plain: Sequence[Run] = ()) -> str:
    said = f"{len(runs)} run{'s' if len(runs) != 1 else ''} on real Kafka, Postgres, Redis and Prometheus"
    return f"{said}, {len(plain)} plain" if plain else said
