"""What to ask Prometheus to prove that a version has left a topic, a table or a cache: the user's own query, or the offsets of consumer groups."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from saferollout.api.problems import Problem
from saferollout.api.status import PlanStep, Release
from saferollout.core.arms import Arms, together
from saferollout.core.contracts import Channel
from saferollout.core.decision import Snapshot
from saferollout.core.evidence import method_for
from saferollout.core.intake import known_channels
from saferollout.core.measurements import Question
from saferollout.core.offset_proof import OffsetProof, anchors, dead_letters_since, partitions_behind
from saferollout.core.plans import Method
from saferollout.core.signals import query_of

PROOF_INTERVAL: Final = timedelta(seconds=15)


def proof_questions(snapshot: Snapshot, release: Release, *, arms: Mapping[str, Arms], now: datetime) -> tuple[Question, ...]:
    """Return what is asked now for every proof whose turn it is."""
    rounds = (now - release.start_time) // PROOF_INTERVAL
    instant = release.start_time + rounds * PROOF_INTERVAL
    waiting = [step for step in release.steps if step.kind == "Prove" and step.state == "Waiting"]
    return tuple(question for step in waiting for question in _of_step(snapshot, step, arms=arms, instant=instant))


def proof_name(channel: str, version: str) -> str:
    """Name the question whether a version is drained; questions about offsets begin with it."""
    return f"drained/{channel}/{version}"


def offsets_prefix(channel: str, version: str, *, protects: Collection[str], since: datetime) -> str:
    """Begin the names of the questions about a version's offsets, one for each moment at which the topic's end is looked up.

    An answer counts only for the readers whose groups were asked, and for the writer's end that it was asked about: a plan may come to
    protect more readers in the very look in which the answer arrives.
    """
    return f"{proof_name(channel, version)}/of/{','.join(sorted(protects))}/{since:%Y-%m-%dT%H:%M:%SZ}/from/"


def dead_letter_name(channel: str, version: str, *, since: datetime) -> str:
    """Name the question whether dead letters may still hold a version."""
    return f"{proof_name(channel, version)}/dead-letters/{since:%Y-%m-%dT%H:%M:%SZ}"


def _of_step(snapshot: Snapshot, step: PlanStep, *, arms: Mapping[str, Arms], instant: datetime) -> tuple[Question, ...]:
    channel = known_channels(snapshot.spec.contracts).get(step.contract)
    if channel is None:
        return ()
    if method_for(channel, protects=step.protects) is Method.GROUP_OFFSETS:
        return _of_offsets(snapshot, channel, step, instant)
    if channel.drained_promql is None:
        return ()
    query = query_of(channel.drained_promql, arms=together(arms.values()), namespace=snapshot.namespace, labels=snapshot.labels)
    if isinstance(query, Problem):
        return ()
    return (Question(name=proof_name(step.contract, step.version), query=query, instants=(instant,)),)


def _of_offsets(snapshot: Snapshot, channel: Channel, step: PlanStep, instant: datetime) -> tuple[Question, ...]:
    proof = _proof(snapshot, channel, step)
    if proof is None or instant < proof.since:
        return ()
    prefix = offsets_prefix(step.contract, step.version, protects=step.protects, since=proof.since)
    namespace, labels = snapshot.namespace, snapshot.labels
    behind = {
        f"{prefix}{anchor:%Y-%m-%dT%H:%M:%SZ}": partitions_behind(proof, anchor=anchor, namespace=namespace, labels=labels)
        for anchor in anchors(proof, now=instant)
    }
    letters = dead_letters_since(proof, namespace=namespace, labels=labels)
    asked = behind if letters is None else behind | {dead_letter_name(step.contract, step.version, since=proof.since): letters}
    return tuple(Question(name=name, query=query, instants=(instant,)) for name, query in asked.items())


def _proof(snapshot: Snapshot, channel: Channel, step: PlanStep) -> OffsetProof | None:
    """Return what the groups of the protected readers have to pass; None until the version's last writer is gone."""
    drains = [drain for status in snapshot.status.contracts if status.name == step.contract for drain in status.drains]
    since = next((drain.since for drain in drains if drain.version == step.version), None)
    if since is None:
        return None
    groups = tuple(one.group for one in channel.groups if one.workload in step.protects)
    return OffsetProof(topic=channel.topic, groups=groups, since=since, dead_letter_topic=channel.dead_letter_topic)
