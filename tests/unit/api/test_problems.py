"""Messages name the field, show what was found and say the way out."""

from typing import Any

import pytest

from saferollout.api.problems import InvalidSafeRollout, Problem, field_path
from saferollout.api.saferollout import SafeRollout
from tests.data.manifests import BILLING, DEAD_LETTERS, LATENCY, PROMQL, REMOVED, USERS, Place, changed, contract, gate, spec


def messages(changes: dict[Place, Any]) -> list[str]:
    with pytest.raises(InvalidSafeRollout) as refused:
        SafeRollout.parse_strict(changed(changes))
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({gate(DEAD_LETTERS, "max"): 5}, 'spec.gates[0].max: must be a quoted decimal number such as "0.02" (found 5)'),
        ({gate(DEAD_LETTERS, "max"): "five"}, 'spec.gates[0].max: is no decimal number; write one such as "5" or "0.02" (found \'five\')'),
        ({spec("mode"): "Manual"}, "spec.mode: must be one of 'Automatic' or 'Paused' (found 'Manual')"),
        ({spec("mode"): "paused"}, "spec.mode: must be one of 'Automatic' or 'Paused' (found 'paused'); did you mean 'Paused'?"),
        (
            {spec("bakeSecond"): 1},
            "spec.bakeSecond: is no field of this object: remove it or correct its name; did you mean 'bakeSeconds'?",
        ),
        (
            {gate(DEAD_LETTERS, "intervalSecond"): 1},
            "spec.gates[0].intervalSecond: is no field of this object: remove it or correct its name; did you mean 'intervalSeconds'?",
        ),
        (
            {contract(USERS, "table", "shema"): "x"},
            "spec.contracts[2].table.shema: is no field of this object: remove it or correct its name; did you mean 'schema'?",
        ),
        ({gate(DEAD_LETTERS, "query"): "sum(x)"}, "spec.gates[0].query: is no field of this object: remove it or correct its name; did you mean 'promql'?"),
        ({contract(USERS, "drained"): {"expr": "x"}}, "spec.contracts[2].drained.expr: is no field of this object: remove it or correct its name; did you mean 'promql'?"),
        ({spec("query"): "sum(x)"}, "spec.query: is no field of this object: remove it or correct its name"),
        ({spec("bakeSeconds"): "2m"}, "spec.bakeSeconds: must be a whole number of seconds, such as 600 (found '2m')"),
        ({spec("maxParallel"): "two"}, "spec.maxParallel: must be a whole number, such as 3 (found 'two')"),
        ({("apiVersion",): "saferollout.io/v1"}, "apiVersion: must be 'saferollout.io/v1alpha1' (found 'saferollout.io/v1'); did you mean"),
        (
            {gate(DEAD_LETTERS, "contract"): "user-event"},
            "spec.gates: a gate names a contract that spec.contracts does not have: correct the name or add the contract (gate dead-letters: us",
        ),
        ({spec("maxUnavailable"): 1}, "spec.maxUnavailable: is no field of this object: remove it or correct its name"),
        ({spec("workloads"): REMOVED}, "spec.workloads: is required: add it"),
        ({spec("workloads"): []}, "spec.workloads: has 0 entries, must have 1 to 200"),
        ({spec("workloads", 3, "name"): "billing-service"}, "spec.workloads: 'billing-service' is there twice; keep one of them"),
        (
            {gate(LATENCY, "quantile"): "1"},
            "spec.gates[4].quantile: a quantile lies between 0 and 1: write one such as \"0.99\" (found '1')",
        ),
        (
            {contract(USERS, "table"): REMOVED},
            "spec.contracts[2]: a contract is exactly one of topic, api, table, cache: write one of them and remove the others",
        ),
        ({spec("bakeSeconds"): -1}, "spec.bakeSeconds: input should be greater than or equal to 0 (found -1)"),
    ],
)
def test_a_message_is_a_sentence_about_a_field(changes: dict[Place, Any], message: str) -> None:
    assert any(said.startswith(message) for said in messages(changes)), messages(changes)


def test_two_broken_rules_of_one_gate_are_two_problems() -> None:
    said = messages({gate(DEAD_LETTERS, "quantile"): "0.9", gate(DEAD_LETTERS, "minimumRequests"): 5})
    assert [message.split(":")[0] for message in said] == ["spec.gates[0].quantile", "spec.gates[0].minimumRequests"]


def test_a_rule_of_a_list_blames_the_list() -> None:
    assert messages({spec("workloads", BILLING, "batches"): ["50%", "20%"]})[0].startswith("spec.workloads[1].batches: batches must rise")


def test_a_long_value_is_shown_in_short() -> None:
    (said,) = messages({spec("workloads", 0, "name"): "X" * 63})
    assert said.endswith(f"(found '{'X' * 63}')")
    (said,) = messages({gate(PROMQL, "max"): "9" * 5000})
    assert len(said) < 250


def test_paths_are_written_as_the_server_writes_them() -> None:
    assert field_path(("spec", "gates", 2, "max")) == "spec.gates[2].max"


def test_an_invalid_saferollout_reads_as_all_its_problems() -> None:
    error = InvalidSafeRollout([Problem(field="a", message="is wrong"), Problem(field="b", message="is too")])
    assert str(error) == "a: is wrong; b: is too"
