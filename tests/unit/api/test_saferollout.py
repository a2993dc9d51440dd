"""Reading a SafeRollout: the same answer as the API server gives, and errors that say what to do."""

import pytest

from saferollout.api.problems import InvalidSafeRollout
from saferollout.api.saferollout import SafeRollout
from tests.data.manifests import DEAD_LETTERS, REMOVED, RIGHT, WRONG, Case, changed, example, gate, odd_cases, spec


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case.sentence)
def test_what_is_right_is_accepted(case: Case) -> None:
    assert SafeRollout.parse_strict(case.manifest).kind == "SafeRollout"


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.sentence)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(case: Case) -> None:
    with pytest.raises(InvalidSafeRollout) as refused:
        SafeRollout.parse_strict(case.manifest)
    assert case.blamed in [problem.field for problem in refused.value.problems]


def test_what_was_read_can_be_written_and_read_again() -> None:
    first = SafeRollout.parse_strict(example())
    written = first.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert SafeRollout.parse_strict(written) == first


def test_defaults_are_those_of_the_reference() -> None:
    short = SafeRollout.parse_strict(changed({("spec",): {"workloads": [{"name": "shop"}]}})).spec
    assert (short.mode, short.on_failure, short.rollback_scope, short.on_inconclusive, short.gating) == (
        "Automatic",
        "Rollback",
        "Workload",
        "Hold",
        "Enabled",
    )
    assert (short.max_parallel, short.settle_seconds, short.progress_deadline_seconds, short.bake_seconds) == (1, 15, 600, 60)


def test_an_object_of_a_newer_definition_does_not_stop_an_older_operator() -> None:
    newer = changed({spec("dashboards"): ["a"], gate(DEAD_LETTERS, "severity"): "high", ("status",): {"weather": "fine"}})
    assert SafeRollout.parse_lenient(newer).spec == SafeRollout.parse_strict(example()).spec


def test_a_stored_whole_number_with_a_point_is_the_integer() -> None:
    stored = SafeRollout.parse_lenient(changed({spec("bakeSeconds"): 30.0}))
    assert stored.spec.bake_seconds == 30
    assert type(stored.spec.bake_seconds) is int


def test_an_empty_status_is_none() -> None:
    assert SafeRollout.parse_strict(changed({("status",): {}})).status is None


def test_metadata_is_kept_and_read() -> None:
    read = SafeRollout.parse_strict(
        changed({("metadata", "uid"): "u-1", ("metadata", "generation"): 7, ("metadata", "labels"): {"team": "core"}})
    )
    assert (read.name, read.namespace, read.uid, read.generation) == ("opencore", "default", "u-1", 7)
    assert read.metadata["labels"] == {"team": "core"}


def test_every_problem_is_told_at_once() -> None:
    wrong = changed({spec("mode"): "Manual", spec("maxParallel"): 0, gate(DEAD_LETTERS, "max"): "five"})
    with pytest.raises(InvalidSafeRollout) as refused:
        SafeRollout.parse_strict(wrong)
    assert {problem.field for problem in refused.value.problems} == {"spec.mode", "spec.maxParallel", "spec.gates[0].max"}


def test_something_that_is_no_object_is_refused() -> None:
    with pytest.raises(InvalidSafeRollout, match="is no object"):
        SafeRollout.parse_strict(["apiVersion"])  # type: ignore[arg-type]


def test_an_object_of_another_kind_is_refused() -> None:
    with pytest.raises(InvalidSafeRollout, match="kind: must be"):
        SafeRollout.parse_strict(changed({("kind",): "Deployment", ("apiVersion",): REMOVED}))


def test_odd_values_anywhere_are_answered_and_never_crash() -> None:
    for case in odd_cases():
        for parse in (SafeRollout.parse_strict, SafeRollout.parse_lenient):
            try:
                parse(case.manifest)
            except InvalidSafeRollout as refused:
                assert refused.problems, case.sentence
                assert all(problem.field and problem.message for problem in refused.problems), case.sentence
