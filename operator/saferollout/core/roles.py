"""Turn roles into preferences: readers before writers, an API's server before its clients (kernel.md section 8.2)."""

from collections.abc import Iterator, Mapping

from saferollout.api.contracts import Contract
from saferollout.core.contracts import Preference
from saferollout.core.intake import request, roles_of


def preferences_of(contract: Contract, order: Mapping[str, int]) -> Iterator[Preference]:
    """Yield the preferences of one contract, workloads in the order of the spec.

    On an API only the request channel counts: the server comes before its clients.
    """
    channel = request(contract.name) if contract.api is not None else contract.name
    roles = roles_of(contract)[channel]
    last = len(order)
    for reader in sorted(roles.readers, key=lambda name: order.get(name, last)):
        for writer in sorted(roles.writers, key=lambda name: order.get(name, last)):
            if reader != writer:
                yield Preference(first=reader, then=writer, contract=contract.name)
