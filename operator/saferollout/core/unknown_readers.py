"""Consumer groups that read a contract's topic and that nobody declared: each is a reader that the plan knows nothing of.

Only ever a warning. What kafka_exporter does not report is not known, and nothing is said of it.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.api.status import ContractStatus
from saferollout.core.arms import Labels
from saferollout.core.decision import Snapshot
from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.measurements import Outcome, Query, Question
from saferollout.core.topic_signals import other_groups, tenant_matchers
from saferollout.core.views import HoldMode

# A group comes with a new service, not from one minute to the next.
INTERVAL: Final = timedelta(minutes=5)
MOST_NAMED: Final = 20


def group_questions(snapshot: Snapshot, now: datetime) -> Iterator[Question]:
    """Ask for the consumer groups of every topic, at fixed instants so that looking often asks once."""
    release = snapshot.status.release
    at_rest = release is None or release.end_time is not None
    if at_rest and snapshot.hold_mode is HoldMode.REACTIVE:
        # There the operator itself has to stop a changed template: it must not wait for a slow Prometheus first.
        return
    epoch = datetime.fromtimestamp(0, UTC)
    instant = epoch + (now - epoch) // INTERVAL * INTERVAL
    for contract in snapshot.spec.contracts:
        if contract.topic is not None:
            query = undeclared_query(contract.topic.name, contract, namespace=snapshot.namespace, labels=snapshot.labels)
            yield Question(name=_question_name(contract), query=query, instants=(instant,))


def undeclared_query(topic: str, contract: Contract, *, namespace: str, labels: Labels) -> Query:
    """Ask for the consumer groups of a contract's topic that the contract does not name."""
    return other_groups(topic, than=declared_groups(contract), matchers=tenant_matchers(namespace, labels))


def declared_groups(contract: Contract) -> tuple[str, ...]:
    """Return the consumer groups that a contract names: of our workloads and of external readers."""
    ours = [group.group for group in contract.topic.consumer_groups] if contract.topic else []
    theirs = [reader.consumer_group for reader in contract.external_readers if reader.consumer_group is not None]
    return tuple(sorted({*ours, *theirs}))


def note_unknown_readers(draft: Draft) -> None:
    """Keep in status which groups nobody declared; what could not be measured leaves them as they were known."""
    for contract in draft.snapshot.spec.contracts:
        known = draft.contracts.get(contract.name)
        before = known.undeclared_groups if known is not None else []
        now = _undeclared(draft, contract, before)
        if now == before:
            continue
        draft.contracts[contract.name] = (known or ContractStatus(name=contract.name)).model_copy(update={"undeclared_groups": now})
        fresh = [group for group in now if group not in before]
        if fresh:
            draft.note(EventReason.UNDECLARED_READER, reader_sentence(contract, fresh))


def reader_warnings(draft: Draft) -> tuple[str, ...]:
    """Return a sentence for each contract that somebody reads whom nobody declared."""
    contracts = draft.snapshot.spec.contracts
    known = {name: status.undeclared_groups for name, status in draft.contracts.items()}
    return tuple(reader_sentence(contract, known[contract.name]) for contract in contracts if known.get(contract.name))


def _undeclared(draft: Draft, contract: Contract, before: list[str]) -> list[str]:
    if contract.topic is None:
        return []
    answers = draft.observations.answers.get(_question_name(contract), ())
    if answers and answers[-1].outcome is Outcome.VALUE:
        return list(answers[-1].names[:MOST_NAMED])
    declared = declared_groups(contract)
    return [group for group in before if group not in declared]


def reader_sentence(contract: Contract, groups: Sequence[str]) -> str:
    """Say who reads the contract's topic undeclared, and what to do."""
    topic = contract.topic.name if contract.topic is not None else contract.name
    subject = f"consumer group {groups[0]} reads" if len(groups) == 1 else f"consumer groups {', '.join(groups)} read"
    return (
        f"{subject} topic {topic}, and contract {contract.name} names no such reader, so nothing is proved for it: add it to "
        "topic.consumerGroups, or to externalReaders with its consumerGroup"
    )


def _question_name(contract: Contract) -> str:
    return f"groups/{contract.name}"
