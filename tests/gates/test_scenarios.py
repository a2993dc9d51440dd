"""The scenarios of other tools, and the examples, hold; and none of them would still pass if it expected something else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from saferollout.cli.gate_tests.check import check, mismatches_of
from saferollout.cli.gate_tests.files import Expectation
from saferollout.cli.gate_tests.reading import Case, read_cases
from saferollout.cli.gate_tests.words import Reaction, Word
from saferollout.cli.main import app
from saferollout.core.answers import Answer
from saferollout.core.baking import BakeProgress
from saferollout.core.measurements import Outcome

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests" / "gates").glob("*.yaml")) + sorted((ROOT / "examples" / "gate-tests").glob("*.yaml"))
CASES = [case for file in FILES for case in read_cases(str(file))]
THEIRS = [case for case in CASES if "examples" not in case.file]

# Names of argoproj/argo-rollouts test/e2e/analysis_test.go; those that need what is not there offline say why.
ANALYSIS_TEST = {
    "CanaryBackgroundAnalysis", "CanaryInconclusiveBackgroundAnalysis", "CanaryInlineAnalysis", "CanaryInlineMultipleAnalysis",
    "CanaryFailInlineMultipleAnalysis", "BlueGreenAnalysis", "BlueGreenPrePromotionFail", "BlueGreenPostPromotionFail",
    "BlueGreenAbortAndUpdate", "BlueGreenKitchenSink", "MultipleAnalysis", "AnalysisWithSecret", "AnalysisWithArgs",
    "BackgroundAnalysisWithArgs", "InlineLongRunningJobWithDeadline", "BackgroundLongRunningJobWithDeadline", "BackgroundLongRunningJob",
    "InlineInvalidImageJob", "BackgroundInvalidImageJob",
}  # fmt: skip
NOT_HERE = {"AnalysisWithSecret": "credentials are the operator's configuration, never a gate's"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_scenario_of_a_file_holds(file: Path) -> None:
    result = CliRunner().invoke(app, ["gate", "test", str(file)])
    assert result.exit_code == 0, result.output


def _changed(case: Case) -> Iterator[tuple[str, Case]]:
    """Yield the case with one expectation after the other turned into something that must not be."""
    for gate, words in case.verdicts.items():
        for index, word in enumerate(words):
            other = Word.FAILING if word != Word.FAILING else Word.PASSING
            wrong = (*words[:index], other.value, *words[index + 1 :])
            yield f"verdict {index + 1} of {gate}", replace(case, verdicts={**case.verdicts, gate: wrong})
    for index, expected in enumerate(case.test.expect):
        for field, value in _wrong(expected):
            expect = list(case.test.expect)
            expect[index] = expected.model_copy(update={field: value})
            yield f"expect[{index}].{field}", replace(case, test=case.test.model_copy(update={"expect": tuple(expect)}))


def _wrong(expected: Expectation) -> Iterator[tuple[str, object]]:
    if expected.verdict is not None:
        yield "verdict", Word.FAILING if expected.verdict is not Word.FAILING else Word.PASSING
    if expected.release is not None:
        yield from (("release", other) for other in Reaction if other is not expected.release)
    if expected.stalled is not None:
        yield "stalled", not expected.stalled
    if expected.value is not None:
        yield "value", 4711
    if expected.batch is not None:
        yield "batch", expected.batch + 1
    if expected.reason is not None:
        yield "reason", f"{expected.reason}!"
    if expected.waiting_for is not None:
        yield "waiting_for", f"{expected.waiting_for}!"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.test.name)
def test_a_wrong_expectation_fails_wherever_it_stands(case: Case) -> None:
    played = check(case).played
    unnoticed = [what for what, wrong in _changed(case) if not mismatches_of(wrong, played)]
    assert unnoticed == []


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        ("saferollout.core.gates._broken_bound", lambda gate, value: None),
        ("saferollout.core.gates._is_stalled", lambda gate, judged, unclear: False),
        ("saferollout.core.answers._finite", lambda sample: Answer(Outcome.VALUE, value=0.0)),
        ("saferollout.cli.gate_tests.replies.refusal_of", lambda status: None),
        ("saferollout.core.measuring._too_old", lambda age, longest_age: None),
        ("saferollout.core.decide.judge_rolls", lambda draft: None),
        ("saferollout.core.rolling.bake_progress", lambda draft, roll: BakeProgress(passed=True)),
        ("saferollout.core.starting.judge_before_first_step", lambda draft: True),
    ],
)
def test_a_defect_of_the_operator_fails_some_scenario(monkeypatch: pytest.MonkeyPatch, place: str, broken: Callable[..., object]) -> None:
    monkeypatch.setattr(place, broken)
    assert any(not check(case).passed for case in CASES)


def test_a_file_whose_expectation_is_wrong_ends_with_exit_code_1(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "gate-tests" / "own-gate.yaml").read_text(encoding="utf-8")
    assert "release: RollBack}" in text
    file = tmp_path / "wrong.yaml"
    file.write_text(text.replace("release: RollBack}", "release: Complete}"), encoding="utf-8")
    result = CliRunner().invoke(app, ["gate", "test", str(file)])
    assert result.exit_code == 1
    assert "release: expected Complete; found RollBack" in " ".join(result.stdout.split())


def test_every_analysis_scenario_of_argo_rollouts_is_played_or_said_to_make_no_sense() -> None:
    played = {name for case in THEIRS for name in ANALYSIS_TEST if _mentions(case.test.like or "", name)}
    assert played | NOT_HERE.keys() == ANALYSIS_TEST
    assert not played & NOT_HERE.keys()


def test_every_scenario_of_another_tool_says_which() -> None:
    assert [case.test.name for case in THEIRS if case.test.like is None] == []


def _mentions(like: str, name: str) -> bool:
    return name in like.replace(",", " ").replace(":", " ").split()
