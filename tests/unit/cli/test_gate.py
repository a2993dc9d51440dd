"""`gate test` as a person or a CI job calls it: what it says, in which form, and with which exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from saferollout.cli.main import app

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "examples" / "demo" / "manifests" / "saferollout.yaml"
GATE = {"name": "errors", "promql": "sum(errors)", "max": "1", "intervalSeconds": 10}
GOOD = {"name": "good", "gate": GATE, "release": {"bakeSeconds": 20}, "measurements": "0x2", "verdicts": "Passingx3"}
BAD = {**GOOD, "name": "bad", "verdicts": "Passing Failing Passing", "differs": {"there": "it fails.", "why": "it does not."}}


def run(tmp_path: Path, *tests: dict[str, object], options: tuple[str, ...] = (), **file: object) -> Result:
    path = tmp_path / "gates.yaml"
    path.write_text(yaml.safe_dump({"tests": list(tests), **file}, sort_keys=False), encoding="utf-8")
    return CliRunner().invoke(app, ["gate", "test", str(path), *options])


def test_tests_that_pass_are_told_in_a_line_each(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, options=("--ascii",))
    assert result.stdout.splitlines()[1:] == ["  + passed: good", "1 test: 1 passed, 0 failed"]
    assert result.exit_code == 0


def test_a_test_that_fails_says_when_what_was_otherwise_and_what_happened(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, BAD, options=("--ascii",))
    said = " ".join(result.stdout.split())
    assert "x FAILED: bad differs: there: it fails. Here: it does not." in said
    assert "at 10 s, verdict of errors after measurement 2: expected Failing; found Passing: errors 0 keeps <= 1" in said
    assert "what happened: 0 s Continue [ReleaseStarted, RollStarted, BatchReady]; Passing: errors 0 keeps <= 1" in said
    assert said.endswith("2 tests: 1 passed, 1 failed")
    assert result.exit_code == 1


def test_verbose_tells_what_happened_where_all_is_well_too(tmp_path: Path) -> None:
    assert "20 s  Complete [RolledOut, Completed]" in run(tmp_path, GOOD, options=("-v",)).stdout


def test_scripts_get_mismatches_and_the_whole_timeline(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, BAD, options=("-o", "json"))
    told = json.loads(result.stdout)
    assert (told["tests"], told["failed"], result.exit_code) == (2, 1, 1)
    good, bad = told["results"]
    assert (good["passed"], good["mismatches"]) == (True, [])
    assert [(moment["at"], moment["release"]) for moment in good["timeline"]] == [(0, "Continue"), (10, "Continue"), (20, "Complete")]
    assert bad["mismatches"][0]["expected"] == "Failing"
    assert bad["differs"] == {"there": "it fails.", "why": "it does not."}


def test_junit_has_a_suite_for_each_file_and_a_failure_for_each_failed_test(tmp_path: Path) -> None:
    target = tmp_path / "results.xml"
    result = run(tmp_path, GOOD, {**BAD, "name": "bad \x07 <one>"}, options=("--junit", str(target)))
    assert result.exit_code == 1
    root = ElementTree.parse(target).getroot()
    suite = root[0]
    assert (root.tag, suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuites", "testsuite", "2", "1")
    assert suite.get("name") == str(tmp_path / "gates.yaml")
    passed, failed = suite.findall("testcase")
    assert (passed.get("name"), passed.find("failure")) == ("good", None)
    failure = failed.find("failure")
    assert failed.get("name") == "bad ? <one>"
    assert failure is not None and "expected Failing" in (failure.get("message") or "")
    assert "differs" in (failed.findtext("system-out") or "")


def test_a_junit_file_that_can_not_be_written_is_bad_usage(tmp_path: Path) -> None:
    result = run(tmp_path, GOOD, options=("--junit", str(tmp_path / "nowhere" / "results.xml")))
    assert result.exit_code == 2
    assert "--junit" in result.stderr


def test_promtools_repetition_is_no_hexadecimal_number(tmp_path: Path) -> None:
    path = tmp_path / "gates.yaml"
    text = "tests: [{name: a, gate: {name: errors, promql: sum(errors), max: '1'}, measurements: 0x3, verdicts: Passingx4}]"
    path.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(app, ["gate", "test", str(path)]).exit_code == 0


def test_a_folder_and_standard_input_are_files_too(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD).exit_code == 0
    result = CliRunner().invoke(app, ["gate", "test", str(tmp_path), "-"], input=yaml.safe_dump({"tests": [BAD]}))
    assert "2 tests: 1 passed, 1 failed" in result.stdout


def test_the_gate_of_a_saferollout_is_judged_with_its_own_bake_and_batches(tmp_path: Path) -> None:
    test = {"name": "own", "gate": "users-4xx", "measurements": "0x3", "expect": [{"at": 6, "release": "PassBatch", "batch": 2}]}
    assert run(tmp_path, test, saferollout=f"{DEMO}#opencore").exit_code == 0
    assert run(tmp_path, {**test, "release": {"bakeSeconds": 8}}, saferollout=str(DEMO)).exit_code == 1


def test_a_gate_whose_first_step_never_starts_fails_and_says_what_it_waits_for(tmp_path: Path) -> None:
    result = run(tmp_path, {**GOOD, "before": "_x2"})
    assert result.exit_code == 1
    assert "the first step never started, it waits for: gate errors before the first step: the query finds no data" in " ".join(
        result.stdout.split()
    )


def test_a_person_who_was_to_speak_before_the_first_step_must_have_been_asked(tmp_path: Path) -> None:
    result = run(tmp_path, {**GOOD, "events": [{"say": "approve"}]})
    assert result.exit_code == 1
    assert "approve before the first step" in result.stdout


def test_after_the_release_is_over_nothing_is_measured(tmp_path: Path) -> None:
    assert run(tmp_path, {**GOOD, "measurements": "0x3", "verdicts": "Passingx3 NotMeasured"}).exit_code == 0
    assert run(tmp_path, {**GOOD, "measurements": "0x3", "verdicts": "Passingx4"}).exit_code == 1


TWO = {**GOOD, "gate": None, "gates": [GATE, {**GATE, "name": "more"}]}


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({**GOOD, "measurments": "0"}, "tests[0].measurments: is no field of this object: remove it or correct its name; did you mean 'measurements'?"),
        ({**GOOD, "gate": {**GATE, "maximum": "1"}}, "tests[0].gate.maximum: is no field of this object: remove it or correct its name; did you mean 'max'?"),
        ({**GOOD, "gate": {**GATE, "max": 1}}, "tests[0].gate.max: "),
        ({**GOOD, "gate": {**GATE, "promql": "sum(a"}}, "tests[0].gate.promql: this query does not parse, line 1, column 4"),
        ({**GOOD, "gate": {**GATE, "failureLimit": 9}}, "so it could never fail"),
        ({**GOOD, "gate": 5}, "tests[0].gate: must be the name of a gate"),
        ({**GOOD, "gate": None}, "tests[0].gate: a test is of exactly one of gate and gates"),
        ({**GOOD, "gate": "errors"}, "tests[0].gate: 'errors' is a name: say with saferollout"),
        ({**GOOD, "gate": "dead-leters", "saferollout": str(DEMO)}, "has no gate 'dead-leters'; did you mean 'dead-letters'?"),
        ({**GOOD, "saferollout": f"{DEMO}#opencor"}, "tests[0].saferollout: "),
        ({**GOOD, "saferollout": "nothing.yaml"}, "nothing.yaml: there is no such file or folder"),
        ({**GOOD, "measurements": "0 severl"}, "tests[0].measurements: 'severl' is no measurement; did you mean 'several'?"),
        ({**GOOD, "measurements": "0 quiet 0"}, "test 'good': this gate counts no requests"),
        ({**GOOD, "measurements": {"error": "0"}}, "tests[0].measurements: names 'error', which is no gate of this test; did you mean 'errors'?"),
        ({**GOOD, "verdicts": "Passing"}, "tests[0].verdicts: has 1 words for the 3 measurements of errors"),
        ({**GOOD, "verdicts": None}, "tests[0].expect: a test that expects nothing can't fail"),
        ({**GOOD, "expect": [{"at": 5}]}, "tests[0].expect[0]: an expectation without"),
        ({**GOOD, "expect": [{"at": 5, "measurement": 1, "batch": 1}]}, "tests[0].expect[0]: an expectation is for exactly one of"),
        ({**GOOD, "expect": [{"measurement": 4, "batch": 1}]}, "tests[0].expect[0].measurement: is after the last one: there are 3"),
        ({**GOOD, "expect": [{"at": 5, "release": "Rollback"}]}, "did you mean 'RollBack'?"),
        ({**GOOD, "expect": [{"at": 5, "value": "five"}]}, "tests[0].expect[0].value: 'five' is no number"),
        ({**GOOD, "expect": [{"at": 5, "gate": "error", "batch": 1}]}, "tests[0].expect[0].gate: names 'error'"),
        ({**GOOD, "release": {"batches": ["50%", "20%"]}}, "tests[0].release.batches: batches must rise"),
        ({**GOOD, "release": {"workload": "gatway"}, "gate": "users-4xx", "saferollout": str(DEMO)}, "did you mean 'gateway'?"),
        ({**GOOD, "events": [{"template": "Newer"}]}, "tests[0].events[0].at: a template comes at a time"),
        ({**GOOD, "events": [{"at": 5}]}, "tests[0].events[0]: an event is exactly one of"),
        ({**GOOD, "expect": [{"at": 80000, "batch": 1}], "gate": {**GATE, "intervalSeconds": 1}}, "tests[0]: lasts 80000 s"),
        (TWO, "tests[0].measurements: must be told by gate"),
        ({**TWO, "measurements": {"errors": "0"}}, "tests[0].measurements: tells nothing of more"),
        ({**TWO, "measurements": {"errors": "0", "more": "0"}, "verdicts": None, "expect": [{"at": 1, "verdict": "Passing"}]}, "expect[0].gate: is required"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_file_document_and_field(tmp_path: Path, test: dict[str, object], said: str) -> None:
    result = run(tmp_path, {key: value for key, value in test.items() if value is not None})
    assert result.exit_code == 2, result.output
    assert f"{tmp_path / 'gates.yaml'}, document 1" in result.stderr
    assert said in result.stderr


def test_a_saferollout_without_gating_has_nothing_to_test(tmp_path: Path) -> None:
    manifest = tmp_path / "manifests" / "off.yaml"
    manifest.parent.mkdir()
    manifest.write_text(DEMO.read_text(encoding="utf-8").replace("spec:\n", "spec:\n  gating: Disabled\n", 1), encoding="utf-8")
    result = run(tmp_path, {**GOOD, "gate": "users-4xx", "saferollout": "manifests/off.yaml"})
    assert result.exit_code == 2
    assert "spec.gating: is Disabled" in result.stderr


@pytest.mark.parametrize("text", ["", "tests: []", "tests: [{", "- a", "kind: SafeRollout"])
def test_a_file_that_is_no_gate_test_is_bad_input(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gates.yaml"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["gate", "test", str(path)])
    assert result.exit_code == 2
    assert str(path) in result.stderr
