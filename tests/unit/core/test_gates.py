"""Verdicts: what counts as a failure, what holds, and when a bake is over."""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from saferollout.api.gates import Gate
from saferollout.core import gates
from saferollout.core.gates import (
    Verdict,
    baseline_of,
    failing_since,
    instants,
    limits,
    next_instant,
    number,
    passes_since,
    preflight_verdict,
    verdict,
)
from saferollout.core.measurements import Measurement, Outcome

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LETTERS = {
    "E": Outcome.UNREACHABLE,
    "N": Outcome.NO_DATA,
    "S": Outcome.STALE,
    "P": Outcome.PARTIAL,
    "I": Outcome.INVALID,
    "T": Outcome.TOO_LITTLE_TRAFFIC,
}


def at(index: int) -> datetime:
    return START + timedelta(seconds=15 * index)


def measured(story: Sequence[str | float]) -> tuple[Measurement, ...]:
    """Tell measurements: a number is a value, a letter is an outcome that is none."""
    return tuple(
        Measurement(at=at(index), outcome=LETTERS[told], detail=f"because {told}")
        if isinstance(told, str)
        else Measurement(at=at(index), outcome=Outcome.VALUE, value=float(told))
        for index, told in enumerate(story)
    )


def gate(**fields: object) -> Gate:
    return Gate.model_validate({"name": "errors", "promql": "errors", "max": "1", **fields})


def depth(**fields: object) -> Gate:
    return Gate.model_validate({"name": "dead-letters", "signal": "DeadLetterDepth", "contract": "user-events", "max": "5", **fields})


@pytest.mark.parametrize(
    ("story", "limits", "kind", "stalled"),
    [
        ([], {}, Verdict.WAITING, False),
        ([0], {}, Verdict.PASSING, False),
        ([1], {}, Verdict.PASSING, False),
        ([2], {}, Verdict.FAILING, False),
        ([2], {"failureLimit": 1}, Verdict.WAITING, False),
        ([2, 0], {"failureLimit": 1}, Verdict.PASSING, False),
        ([2, 0, 0, 2], {"failureLimit": 1}, Verdict.FAILING, False),
        ([2, 2, 2], {"failureLimit": 3}, Verdict.WAITING, False),
        ([2, 2, 2, 2], {"failureLimit": 3}, Verdict.FAILING, False),
        ([2, 2, 0], {"failureLimit": 1}, Verdict.FAILING, False),
        ([2, "E"], {}, Verdict.FAILING, False),
        (["N"], {}, Verdict.INCONCLUSIVE, False),
        ([0, "N"], {}, Verdict.INCONCLUSIVE, False),
        (["N", 0], {}, Verdict.PASSING, False),
        (["E", "N", "S", "P", "I", "T"], {"consecutiveErrorLimit": 0}, Verdict.INCONCLUSIVE, False),
        (["N"] * 50, {}, Verdict.INCONCLUSIVE, False),
        (["N"] * 3, {"inconclusiveLimit": 3}, Verdict.INCONCLUSIVE, False),
        (["N"] * 4, {"inconclusiveLimit": 3}, Verdict.INCONCLUSIVE, True),
        (["N", 0, "N"], {"inconclusiveLimit": 1}, Verdict.INCONCLUSIVE, True),
        (["N", "N", 0], {"inconclusiveLimit": 1}, Verdict.PASSING, False),
        (["E"] * 4, {}, Verdict.INCONCLUSIVE, False),
        (["E"] * 5, {}, Verdict.INCONCLUSIVE, True),
        (["E", "E", 0, "E", "E", "E"], {}, Verdict.INCONCLUSIVE, False),
        (["E"] * 5 + [0], {}, Verdict.PASSING, False),
        (["E"] * 5 + [2], {}, Verdict.FAILING, False),
    ],
)
def test_limits_are_counted_over_the_whole_step(
    story: list[str | float], limits: dict[str, int], kind: Verdict, stalled: bool
) -> None:
    judged = verdict(gate(**limits), measured(story))
    assert (judged.kind, judged.stalled) == (kind, stalled)


def test_bounds_are_inclusive_even_where_a_decimal_is_no_exact_double() -> None:
    share = gate(max="0.02", min="0.01")
    assert verdict(share, measured([4 / 200])).kind is Verdict.PASSING
    assert verdict(share, measured([0.01])).kind is Verdict.PASSING
    assert verdict(share, measured([0.0201])).message == "errors 0.0201 > 0.02"
    assert verdict(share, measured([0.009])).message == "errors 0.009 < 0.01"


def test_a_depth_is_judged_against_its_value_at_the_start_of_the_release() -> None:
    assert verdict(depth(), measured([8]), baseline=3).kind is Verdict.PASSING
    judged = verdict(depth(), measured([15]), baseline=3)
    assert judged.kind is Verdict.FAILING
    assert judged.message == "dead-letters 12 > 5 (start 3, now 15)"


def test_a_depth_without_a_known_start_counts_from_its_first_value() -> None:
    assert verdict(depth(), measured(["E", 100, 104])).kind is Verdict.PASSING
    assert verdict(depth(), measured([100, 106])).kind is Verdict.FAILING


def test_a_signal_that_is_no_depth_has_no_start() -> None:
    assert verdict(gate(), measured([2]), baseline=2).kind is Verdict.FAILING
    assert baseline_of(gate(), measured([2])[0]) is None
    assert baseline_of(depth(), measured([2])[0]) == 2
    assert baseline_of(depth(), measured(["E"])[0]) is None


def test_an_inconclusive_verdict_gives_the_reason_and_no_value() -> None:
    judged = verdict(gate(), measured([0, "S"]))
    assert judged.message == "errors can't be judged: because S"
    assert judged.value is None
    assert (judged.successes, judged.failures, judged.inconclusive) == (1, 0, 1)


def test_tolerated_failures_are_said_in_numbers() -> None:
    assert verdict(gate(failureLimit=2), measured([3])).message == "errors 3 > 1, failure 1 of 2 tolerated"
    assert verdict(gate(failureLimit=1), measured([3, 4])).message == "errors 4 > 1, failure 2 where 1 are tolerated"


def test_a_dry_run_reports_and_never_fails() -> None:
    judged = verdict(gate(mode="DryRun"), measured([2]))
    assert (judged.kind, judged.would_be) == (Verdict.DRY_RUN, Verdict.FAILING)
    assert judged.message == "dry run, would be Failing: errors 2 > 1"
    assert not verdict(gate(mode="DryRun"), measured(["E"] * 9)).stalled
    assert passes_since(gate(mode="DryRun"), (), since=START, bake_seconds=60).passed


def test_before_the_first_step_one_failure_is_one_too_many() -> None:
    assert preflight_verdict(gate(failureLimit=3), measured([2])[0]).kind is Verdict.FAILING
    assert preflight_verdict(gate(), None).kind is Verdict.WAITING
    assert preflight_verdict(depth(), measured([1000])[0]).kind is Verdict.PASSING


@pytest.mark.parametrize(
    ("story", "since", "bake", "count", "done", "successes", "needed"),
    [
        ([], 0, 0, 1, False, 0, 1),
        ([0], 0, 0, 1, True, 1, 1),
        ([0, 0, 0], 0, 60, 1, False, 3, 4),
        ([0, 0, 0, 0], 0, 60, 1, True, 4, 4),
        ([0, 0, 0, 0], 1, 60, 1, False, 3, 4),
        ([0, 0, 0, 0, 0], 1, 60, 1, True, 4, 4),
        ([0, 0], 0, 0, 3, False, 2, 3),
        ([0, 0, "N"], 0, 30, 1, False, 2, 2),
        ([0, "N", 0], 0, 30, 1, True, 2, 2),
        (["N", "N"], 0, 0, 1, False, 0, 1),
        ([0, 0, 2], 0, 30, 1, False, 2, 2),
        ([0, 0, 2, 0], 0, 30, 1, True, 3, 2),
    ],
)
def test_a_bake_needs_enough_successes_and_a_last_one(
    story: list[str | float], since: int, bake: int, count: int, done: bool, successes: int, needed: int
) -> None:
    tolerant = gate(count=count, failureLimit=9)
    progress = passes_since(tolerant, measured(story), since=at(since), bake_seconds=bake)
    assert (progress.passed, progress.successes, progress.needed) == (done, successes, needed)


def test_instants_are_fixed_by_the_start_of_the_step() -> None:
    delayed = gate(initialDelaySeconds=30, intervalSeconds=10)
    assert instants(delayed, start=START, now=START + timedelta(seconds=29)) == ()
    assert instants(delayed, start=START, now=START + timedelta(seconds=50)) == tuple(
        START + timedelta(seconds=seconds) for seconds in (30, 40, 50)
    )
    assert next_instant(delayed, start=START, now=START) == START + timedelta(seconds=30)
    assert next_instant(delayed, start=START, now=START + timedelta(seconds=50)) == START + timedelta(seconds=60)


def test_a_step_that_waits_for_days_asks_for_its_last_500_instants_only() -> None:
    asked = instants(gate(), start=START, now=START + timedelta(days=3))
    assert len(asked) == 500
    assert asked[-1] == START + timedelta(days=3)


def test_numbers_and_limits_are_written_the_same_way_every_time() -> None:
    assert [number(value) for value in (12.0, 0.02, 1234567.0, 1 / 3, -0.5)] == ["12", "0.02", "1234567", "0.333333", "-0.5"]
    assert limits(gate(max="0.020", min="0")) == ">= 0, <= 0.02"


@pytest.mark.parametrize("mode", ["Enforce", "DryRun"])
@pytest.mark.parametrize("failure_limit", [0, 1, 3])
@pytest.mark.parametrize("start", [None, 2.0])
@pytest.mark.parametrize("kind", [gate, depth])
def test_since_when_a_gate_fails_is_the_first_measurement_with_which_its_verdict_does(
    kind: Callable[..., Gate], start: float | None, failure_limit: int, mode: str
) -> None:
    judged = kind(failureLimit=failure_limit, mode=mode)
    failing = 0
    for seed in range(50):
        rng = random.Random(seed)
        told = measured([rng.choice([0, 1, 2, 9, 12, "E", "N"]) for _ in range(rng.randrange(20))])
        prefixes = [told[:length] for length in range(len(told) + 1)]
        expected = next((one[-1].at for one in prefixes if verdict(judged, one, baseline=start).kind is Verdict.FAILING), None)
        assert failing_since(judged, told, baseline=start) == expected
        failing += expected is not None
    assert (failing > 0) is (mode == "Enforce"), "some of these stories fail"


def test_since_when_a_gate_fails_is_found_in_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = []
    judge_one = gates._judge_one
    monkeypatch.setattr(gates, "_judge_one", lambda *args, **more: walked.append(args) or judge_one(*args, **more))
    told = measured([*[0] * 500, 2])
    assert failing_since(gate(), told) == told[-1].at
    assert len(walked) == len(told)
