"""What the operator refuses of a spec although the API server takes it, beside references that lead nowhere: queries and kinds."""

from collections.abc import Iterator

from saferollout.api.problems import Problem
from saferollout.api.spec import SafeRolloutSpec
from saferollout.core.lint_findings import RELEASED_KINDS
from saferollout.core.promql import check_promql


def unparsable_queries(spec: SafeRolloutSpec) -> Iterator[Problem]:
    """Name every query of a gate or a proof that can't be asked, with the position in it."""
    for index, gate in enumerate(spec.gates):
        if gate.promql is not None:
            yield from check_promql(gate.promql, field=f"spec.gates[{index}].promql")
    for index, contract in enumerate(spec.contracts):
        if contract.drained is not None:
            yield from check_promql(contract.drained.promql, field=f"spec.contracts[{index}].drained.promql")


def unsupported_kinds(spec: SafeRolloutSpec) -> Iterator[Problem]:
    """Name every workload of a kind that this version can't release."""
    for index, workload in enumerate(spec.workloads):
        reference = workload.reference
        if reference.api_version != "apps/v1" or reference.kind not in RELEASED_KINDS:
            message = (
                f"{reference.api_version} {reference.kind} {reference.name} can't be released: this version releases "
                "Deployments and StatefulSets of apps/v1 only"
            )
            yield Problem(field=f"spec.workloads[{index}].workloadRef", message=message)
