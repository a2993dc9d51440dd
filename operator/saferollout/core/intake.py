"""Turn the contracts of a spec into the kernel's channels, with the roles that people gave."""

from collections.abc import Iterable
from dataclasses import dataclass

from saferollout.api.contracts import CacheKeys, Contract
from saferollout.core.contracts import Channel, ConsumerGroup, ContractKind


@dataclass(frozen=True, slots=True)
class Roles:
    """Who reads and who writes a channel, in the order of the spec; a preference, not a declaration."""

    readers: tuple[str, ...]
    writers: tuple[str, ...]

    @property
    def all(self) -> frozenset[str]:
        """Return everybody who has a part in the channel."""
        return frozenset((*self.readers, *self.writers))


def request(contract: str) -> str:
    """Name the channel on which clients ask."""
    return f"{contract}/request"


def response(contract: str) -> str:
    """Name the channel on which the server answers."""
    return f"{contract}/response"


def channels_of(contract: Contract) -> tuple[Channel, ...]:
    """Return the channels of a contract: two for an API, one for everything else."""
    name, query = contract.name, contract.drained.promql if contract.drained else None
    if contract.api is not None:
        return (
            Channel(request(name), ContractKind.REQUEST, contract=name),
            Channel(response(name), ContractKind.RESPONSE, contract=name),
        )
    if contract.topic is not None:
        topic = contract.topic
        channel = Channel(
            name, ContractKind.TOPIC, contract=name, retention_seconds=topic.retention_seconds, drained_promql=query,
            topic=topic.name, dead_letter_topic=topic.dead_letter_topic,
            groups=tuple(ConsumerGroup(group=one.group, workload=one.workload) for one in topic.consumer_groups),
        )  # fmt: skip
        return (channel,)
    if contract.cache is not None:
        versioned = contract.cache.keys is CacheKeys.VERSIONED
        ttl = contract.cache.ttl_seconds
        return (Channel(name, ContractKind.CACHE, contract=name, ttl_seconds=ttl, versioned_keys=versioned, drained_promql=query),)
    return (Channel(name, ContractKind.TABLE, contract=name, drained_promql=query),)


def roles_of(contract: Contract) -> dict[str, Roles]:
    """Return the roles per channel. A workload behind a consumer group reads the topic."""
    if contract.api is not None:
        server = (contract.api.server,) if contract.api.server else ()
        clients = contract.api.clients
        return {
            request(contract.name): Roles(readers=server, writers=clients),
            response(contract.name): Roles(readers=clients, writers=server),
        }
    groups = contract.topic.consumer_groups if contract.topic else ()
    readers = tuple(dict.fromkeys((*contract.readers, *(group.workload for group in groups))))
    return {contract.name: Roles(readers=readers, writers=contract.writers)}


def known_channels(contracts: Iterable[Contract]) -> dict[str, Channel]:
    """Return every channel of a spec by name, in the spec's order."""
    return {channel.name: channel for contract in contracts for channel in channels_of(contract)}
