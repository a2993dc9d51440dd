"""The scene's table says what its runs were, also of those that failed."""

from pathlib import Path

from bench.scene.measuring import code_digest, tasks
from bench.scene.run import Run, Way, parse
from bench.scene.telling import rows_of
from bench.table import Row
from localcluster.opencore.following import Found

NAMED = Found("Mode1", "Named", "RollBack", "user-service", 70.0)
SUSPECTED = Found("Unknown", "Suspected", "Hold", "", 20.0)
WRONG = Found("Mode3", "Named", "RollBack", "billing-service", 40.0)


def undeclared(*found: Found, what: str = "mode-1", went_back: bool = True, stopped: bool = False, trouble: str = "") -> Run:
    return Run(
        what=what, way=Way.UNDECLARED, dead_letters=200, failed=0, requests=3000, state="RolledBack", found=found,
        went_back=went_back, stopped=stopped, acted_after=71.0 if went_back or stopped else None, seconds=90.0, trouble=trouble,
    )  # fmt: skip


def row(runs: list[Run], part: str, *, wanted: int = 1) -> Row:
    return next(one for one in rows_of(runs, wanted=wanted) if part in one.what)


def test_a_run_survives_being_kept_in_a_file() -> None:
    run = undeclared(SUSPECTED, NAMED)
    assert parse(run.line()) == run


def test_a_mode_is_named_rightly_by_its_name_and_by_no_other() -> None:
    assert undeclared(SUSPECTED, NAMED).is_named_rightly
    assert not undeclared(SUSPECTED).is_named_rightly
    assert not undeclared(WRONG, NAMED).is_named_rightly
    assert not undeclared(NAMED, trouble="no cluster").is_named_rightly


def test_runs_that_failed_count_as_runs_and_say_why() -> None:
    found = row([undeclared(SUSPECTED, NAMED), undeclared(trouble="the scene is not quiet", went_back=False)], "named rightly", wanted=2)
    assert found.measured == "1 of 2: Mode1 Named (user-service): RollBack, after 70 s; the scene is not quiet"
    assert found.kept is False


def test_fewer_runs_than_wanted_neither_keep_the_promise_nor_miss_it() -> None:
    assert row([undeclared(NAMED)], "named rightly", wanted=3).kept is None
    assert row([undeclared(SUSPECTED)], "named rightly", wanted=3).kept is False
    assert row([undeclared(NAMED)] * 3, "named rightly", wanted=3).kept is True


def test_mode_5_is_acted_on_by_stopping_and_not_by_going_back() -> None:
    assert undeclared(what="mode-5", went_back=False, stopped=True).is_acted_on
    assert not undeclared(what="mode-5", went_back=True, stopped=True).is_acted_on


def test_what_a_mode_costs_stands_beside_the_plain_rolling_update() -> None:
    plain = Run(what="mode-1", way=Way.PLAIN, dead_letters=900, failed=3, requests=2000)
    found = row([undeclared(NAMED), plain], "dead letters, failed requests")
    assert found.measured == "200 and 0 of 3000; plain: 900 and 3 of 2000"


def test_a_declared_mode_may_cost_nothing() -> None:
    free = Run(what="mode-2", way=Way.DECLARED, state="Completed", requests=900)
    cost = Run(what="mode-2", way=Way.DECLARED, state="Completed", requests=900, failed=1)
    stuck = Run(what="mode-2", way=Way.DECLARED, state="Waiting")
    assert [row([run], "declared").kept for run in (free, cost, stuck)] == [True, False, False]


def test_an_outage_may_take_nothing_back_and_name_nothing_else() -> None:
    broker = Found("BrokerDown", "Named", "ResumeAfterQuiet", "", 30.0)
    good = Run(what="kafka-down", way=Way.OUTAGE, state="Completed", found=(broker,), seconds=200.0, failed=100)
    assert [one.kept for one in rows_of([good], wanted=1)] == [True, True, True]
    bad = Run(what="kafka-down", way=Way.OUTAGE, state="RolledBack", found=(WRONG,), went_back=True)
    assert [one.kept for one in rows_of([bad], wanted=1)] == [False, False, False]
    lost = Run(what="kafka-down", way=Way.OUTAGE, trouble="no answer")
    assert [one.kept for one in rows_of([lost], wanted=1)] == [False, False, True]


def test_every_mode_is_run_in_three_ways_and_every_outage_once_a_round() -> None:
    assert len(set(tasks(1))) == len(list(tasks(1))) == 5 * 3 + 3
    assert len(list(tasks(3))) == 3 * len(list(tasks(1)))


def test_the_digest_changes_with_the_code_and_not_with_what_lies_beside_it(tmp_path: Path) -> None:
    code = tmp_path / "operator" / "saferollout" / "a.py"
    code.parent.mkdir(parents=True)
    code.write_text("1")
    first = code_digest(tmp_path)
    (code.parent / "a.pyc").write_text("2")
    assert code_digest(tmp_path) == first
    code.write_text("2")
    assert code_digest(tmp_path) != first
