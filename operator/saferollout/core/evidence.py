"""Choose how a version can be shown to have left a channel (kernel.md section 6)."""

from collections.abc import Collection

from saferollout.core.contracts import Channel, ContractKind
from saferollout.core.plans import Approve, Method, Prove


def method_for(channel: Channel, *, protects: Collection[str] = ()) -> Method | None:
    """Return the evidence a channel offers by itself, the user's own query first; None: only a person can tell.

    `protects` are the readers that wait for it: where each has a consumer group, their offsets may prove it before retention does. An
    endless topic offers nothing: whoever reads it from its beginning meets the version again.
    """
    if channel.drained_promql is not None:
        return Method.PROMQL
    if channel.kind is ContractKind.CACHE and channel.ttl_seconds is not None:
        return Method.TTL
    if channel.kind is ContractKind.TOPIC and channel.retention_seconds is not None:
        consuming = {group.workload for group in channel.groups}
        return Method.GROUP_OFFSETS if protects and consuming.issuperset(protects) else Method.RETENTION
    return None


def drain_step(
    channel: Channel, version: str, *, protects: tuple[str, ...], because: tuple[str, ...], after: tuple[str, ...]
) -> Prove | Approve:
    """Return the step by which a version leaves a channel; a person's approval where there is no evidence."""
    readers = f"{' and '.join(protects)} will no longer read {channel.name} {version}"
    method = method_for(channel, protects=protects)
    if method is None:
        why = f"nothing can prove that {channel.name} {version} has drained: {_missing(channel)}"
        return Approve(channel.name, version, because=(readers, *because, why), after=after, protects=protects)
    how = _how(channel, method)
    return Prove(channel.name, version, method, because=(readers, *because, how), after=after, protects=protects)


def _how(channel: Channel, method: Method) -> str:
    match method:
        case Method.PROMQL:
            return "proved when the contract's drained.promql is 0"
        case Method.TTL:
            return f"proved {channel.ttl_seconds} s after its last writer has gone (ttlSeconds)"
        case Method.GROUP_OFFSETS:
            return (
                "proved when the consumer groups of these have passed where the topic ended as its last writer had gone, and no dead letters lie there; "
                f"else {channel.retention_seconds} s after that (retentionSeconds)"
            )
        case Method.RETENTION:
            return f"proved {channel.retention_seconds} s after its last writer has gone (retentionSeconds)"


def _missing(channel: Channel) -> str:
    match channel.kind:
        case ContractKind.TOPIC:
            return "the contract has neither topic.retentionSeconds nor drained.promql"
        case ContractKind.CACHE:
            return "the contract has neither cache.ttlSeconds nor drained.promql"
        case _:
            return "the contract has no drained.promql"
