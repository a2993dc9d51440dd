"""References inside a spec: a role, a group or a gate that names what is not there.

The schema can't tell these at a bearable cost, or can't name the nearest existing name; the operator answers PlanAccepted=False.
"""

from collections.abc import Iterator

from saferollout.api.contracts import Contract
from saferollout.api.externals import ExternalParty
from saferollout.api.gates import TOPIC_SIGNALS, Gate, Signal
from saferollout.api.nearest import nearest
from saferollout.api.problems import Problem
from saferollout.api.spec import SafeRolloutSpec


def check_references(spec: SafeRolloutSpec, *, namespace: str = "") -> list[Problem]:
    """Name every reference that leads nowhere, with the nearest name that exists; `namespace` is the SafeRollout's, if known."""
    workloads = [workload.name for workload in spec.workloads]
    return [
        *_shared_objects(spec),
        *(problem for index, contract in enumerate(spec.contracts) for problem in _roles(contract, f"spec.contracts[{index}]", workloads)),
        *(problem for index, contract in enumerate(spec.contracts) for problem in _externals(contract, f"spec.contracts[{index}]", spec, namespace)),
        *(problem for index, gate in enumerate(spec.gates) for problem in _targets(gate, f"spec.gates[{index}]", spec)),
    ]


def _shared_objects(spec: SafeRolloutSpec) -> Iterator[Problem]:
    first_names: dict[tuple[str, str, str], str] = {}
    for index, workload in enumerate(spec.workloads):
        reference = workload.reference
        identity = (reference.api_version, reference.kind, reference.name)
        first = first_names.setdefault(identity, workload.name)
        if first != workload.name:
            message = f"{reference.kind} {reference.name!r} is already the workload {first!r}: keep one of them"
            yield Problem(field=f"spec.workloads[{index}].workloadRef", message=message)


def _roles(contract: Contract, path: str, workloads: list[str]) -> Iterator[Problem]:
    for field, name in _named_workloads(contract):
        if name not in workloads:
            message = f"contract {contract.name!r} names the workload {name!r}, which spec.workloads does not have" + nearest(
                name, workloads
            )
            yield Problem(field=f"{path}.{field}", message=message)


def _named_workloads(contract: Contract) -> Iterator[tuple[str, str]]:
    for index, name in enumerate(contract.readers):
        yield f"readers[{index}]", name
    for index, name in enumerate(contract.writers):
        yield f"writers[{index}]", name
    if contract.topic is not None:
        for index, group in enumerate(contract.topic.consumer_groups):
            yield f"topic.consumerGroups[{index}].workload", group.workload
    if contract.api is None:
        return
    if contract.api.server is not None:
        yield "api.server", contract.api.server
    for index, name in enumerate(contract.api.clients):
        yield f"api.clients[{index}]", name


def _externals(contract: Contract, path: str, spec: SafeRolloutSpec, namespace: str) -> Iterator[Problem]:
    ours = {workload.reference.name: workload.name for workload in spec.workloads}
    parties: dict[str, ExternalParty] = {
        **{f"externalReaders[{index}]": party for index, party in enumerate(contract.external_readers)},
        **{f"externalWriters[{index}]": party for index, party in enumerate(contract.external_writers)},
    }
    for field, party in parties.items():
        source = party.taken_from
        if source is not None and source.namespace in (None, namespace) and source.workload in ours:
            message = (
                f"{party.name!r} takes its versions from {source.workload!r}, which is the workload {ours[source.workload]!r} of this "
                "SafeRollout: remove the entry, what that declares counts by itself"
            )
            yield Problem(field=f"{path}.{field}.from.workload", message=message)


def _targets(gate: Gate, path: str, spec: SafeRolloutSpec) -> Iterator[Problem]:
    if gate.signal not in TOPIC_SIGNALS:
        return
    contract = next((contract for contract in spec.contracts if contract.name == gate.contract), None)
    if contract is None:
        return  # the schema has refused it
    if contract.topic is None:
        yield Problem(field=f"{path}.contract", message=f"{gate.signal} looks at a topic, but {contract.name!r} is a {contract.kind}")
        return
    if gate.signal is Signal.CONSUMER_LAG:
        yield from _groups(gate, path, contract)
    elif contract.topic.dead_letter_topic is None:
        message = f"{gate.signal} needs spec.contracts {contract.name!r} to have topic.deadLetterTopic: add it"
        yield Problem(field=f"{path}.contract", message=message)


def _groups(gate: Gate, path: str, contract: Contract) -> Iterator[Problem]:
    groups = [group.group for group in contract.topic.consumer_groups] if contract.topic else []
    if not groups:
        message = f"ConsumerLag needs spec.contracts {contract.name!r} to have topic.consumerGroups: add them"
        yield Problem(field=f"{path}.contract", message=message)
    elif gate.consumer_group is not None and gate.consumer_group not in groups:
        message = f"contract {contract.name!r} has no consumer group {gate.consumer_group!r}" + nearest(gate.consumer_group, groups)
        yield Problem(field=f"{path}.consumerGroup", message=message)
