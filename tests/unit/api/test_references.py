"""References that lead nowhere are named with the nearest name that exists."""

from typing import Any

from saferollout.api.references import check_references
from saferollout.api.saferollout import SafeRollout
from tests.data.manifests import DEAD_LETTERS, INVOICES, LAG, REMOVED, USER_EVENTS, USERS_API, Place, changed, contract, example, gate, spec


def problems(changes: dict[Place, Any]) -> list[str]:
    return [str(problem) for problem in check_references(SafeRollout.parse_strict(changed(changes)).spec)]


def test_the_example_refers_to_what_is_there() -> None:
    assert check_references(SafeRollout.parse_strict(example()).spec) == []


def test_a_mistyped_reader_is_named_with_the_nearest_workload() -> None:
    assert problems({contract(INVOICES, "readers"): ["notificaton-service"]}) == [
        (
            "spec.contracts[4].readers[0]: contract 'invoices' names the workload 'notificaton-service', "
            "which spec.workloads does not have; did you mean 'notification-service'?"
        )
    ]


def test_a_name_that_is_near_to_nothing_gets_no_suggestion() -> None:
    (said,) = problems({contract(INVOICES, "writers"): ["zzz"]})
    assert said.endswith("which spec.workloads does not have")


def test_server_clients_and_groups_are_looked_up() -> None:
    said = problems(
        {
            contract(USERS_API, "api"): {"server": "nobody", "clients": ["gateway", "noone"]},
            contract(USER_EVENTS, "topic", "consumerGroups", 0, "workload"): "someone",
        }
    )
    assert [message.split(":")[0] for message in said] == [
        "spec.contracts[0].topic.consumerGroups[0].workload",
        "spec.contracts[1].api.server",
        "spec.contracts[1].api.clients[1]",
    ]


def test_two_workloads_may_not_be_one_deployment() -> None:
    assert problems({spec("workloads", 3, "workloadRef", "name"): "billing-service"}) == [
        "spec.workloads[3].workloadRef: Deployment 'billing-service' is already the workload 'billing-service': keep one of them"
    ]


def test_dead_letters_of_a_contract_that_is_no_topic() -> None:
    assert problems({gate(DEAD_LETTERS, "contract"): "users"}) == [
        "spec.gates[0].contract: DeadLetterDepth looks at a topic, but 'users' is a table"
    ]


def test_dead_letters_of_a_topic_without_a_dead_letter_topic() -> None:
    (said,) = problems({gate(DEAD_LETTERS, "contract"): "invoices"})
    assert said.endswith("needs spec.contracts 'invoices' to have topic.deadLetterTopic: add it")


def test_lag_of_a_topic_without_groups() -> None:
    (said,) = problems({gate(LAG, "contract"): "invoices", gate(LAG, "consumerGroup"): REMOVED})
    assert said.endswith("needs spec.contracts 'invoices' to have topic.consumerGroups: add them")


def test_lag_of_a_mistyped_group() -> None:
    assert problems({gate(LAG, "consumerGroup"): "biling"}) == [
        "spec.gates[3].consumerGroup: contract 'user-events' has no consumer group 'biling'; did you mean 'billing'?"
    ]


def test_an_external_party_is_no_workload_of_this_safe_rollout() -> None:
    party = {"name": "edge", "from": {"workload": "edge-gateway"}}
    (said,) = problems({contract(USER_EVENTS, "externalReaders", 1): party})
    assert said.startswith("spec.contracts[0].externalReaders[1].from.workload: 'edge' takes its versions from 'edge-gateway', which is the")
    assert "the workload 'gateway' of this SafeRollout" in said


def test_an_external_party_of_another_namespace_may_have_the_name_of_a_workload_here() -> None:
    party = {"name": "edge", "from": {"namespace": "elsewhere", "workload": "edge-gateway"}}
    assert problems({contract(USER_EVENTS, "externalReaders", 1): party}) == []
