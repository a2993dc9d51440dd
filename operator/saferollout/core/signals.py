"""Typed signals and users' queries as questions to Prometheus.

    query_for(gate, contracts=spec.contracts, arms_by_workload={"gateway": arms_of(view, revision="4f..")},
              namespace="shop", labels=Labels()) -> Query | Problem

Series are those of kafka_exporter (danielqsj) and of Micrometer's HTTP server. kafka_exporter's belong to the cluster's topics, not to a
namespace: their `namespace` label is the exporter's own, so they are selected by topic alone unless `Labels.kafka_namespace` is set.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from saferollout.api.contracts import Contract
from saferollout.api.gates import (
    DEFAULT_MINIMUM_REQUESTS,
    DEFAULT_QUANTILE,
    REQUEST_SIGNALS,
    Gate,
    Signal,
)
from saferollout.api.problems import Problem
from saferollout.core import request_signals, topic_signals
from saferollout.core.arms import Arms, Labels, together
from saferollout.core.measurements import Query
from saferollout.core.promql import InvalidPromQL, age_of, bind, foreign_namespace, uses_pods

DEPTH_SIGNALS: Final = frozenset({Signal.DEAD_LETTER_DEPTH, Signal.CONSUMER_LAG})
_STATUS_CLASSES: Final = {Signal.CLIENT_ERROR_RATIO: "4..", Signal.SERVER_ERROR_RATIO: "5.."}


def query_for(
    gate: Gate,
    *,
    contracts: Sequence[Contract],
    arms_by_workload: Mapping[str, Arms],
    namespace: str,
    labels: Labels,
    preflight: bool = False,
) -> Query | Problem:
    """Return what a gate asks, or what keeps it from asking.

    In preflight every pod stands for the new ones and exposure is waived: it only tells whether the gate fails already.
    """
    if gate.promql is not None:
        return query_of(gate.promql, arms=_arms(gate, arms_by_workload, preflight=preflight), namespace=namespace, labels=labels)
    if gate.signal in REQUEST_SIGNALS:
        arms = _arms(gate, arms_by_workload, preflight=preflight)
        return _request_query(gate, requests=request_signals.Requests(arms.new, gate.window_seconds, namespace, labels), preflight=preflight)
    contract = next((one for one in contracts if one.name == gate.contract), None)
    if contract is None or contract.topic is None:
        return Problem(field="contract", message=f"{gate.signal} looks at a topic, and {gate.contract!r} is none: name a contract with a topic")
    return _topic_query(gate, contract=contract, matchers=topic_signals.tenant_matchers(namespace, labels), preflight=preflight)


def query_of(promql: str, *, arms: Arms, namespace: str, labels: Labels) -> Query | Problem:
    """Return what a user's own PromQL asks: of a gate, or the proof that a version is drained."""
    try:
        value = bind(promql, namespace=namespace, labels=labels, arms=arms)
        age = age_of(promql, namespace=namespace, labels=labels, arms=arms)
    except InvalidPromQL as error:
        return Problem(field="promql", message=str(error))
    return Query(value=value, age=age, absent=foreign_namespace(promql, namespace=namespace, labels=labels))


def is_depth(gate: Gate) -> bool:
    """Say whether a gate is judged as the difference to its value at the start of the release."""
    return gate.signal in DEPTH_SIGNALS


def can_be_measured(gate: Gate, *, arms_by_workload: Mapping[str, Arms]) -> bool:
    """Say whether the pods that a gate measures exist at all; before a first creation there is nothing that could fail already."""
    needs_pods = gate.signal in REQUEST_SIGNALS or (gate.promql is not None and uses_pods(gate.promql))
    return not needs_pods or bool(_arms(gate, arms_by_workload, preflight=True).all)


def _arms(gate: Gate, arms_by_workload: Mapping[str, Arms], *, preflight: bool) -> Arms:
    listed = arms_by_workload.values() if gate.workload is None else [arms_by_workload.get(gate.workload, Arms())]
    arms = together(listed)
    return Arms(all=arms.all).measured() if preflight else arms.measured()


def _request_query(gate: Gate, *, requests: request_signals.Requests, preflight: bool) -> Query:
    minimum = 0 if preflight else gate.minimum_requests or DEFAULT_MINIMUM_REQUESTS
    if gate.signal is Signal.LATENCY:
        quantile = gate.quantile if gate.quantile is not None else DEFAULT_QUANTILE
        return request_signals.latency(requests, quantile=str(quantile), minimum_requests=minimum)
    return request_signals.error_ratio(requests, status=_STATUS_CLASSES[Signal(str(gate.signal))], minimum_requests=minimum)


def _topic_query(gate: Gate, *, contract: Contract, matchers: tuple[str, ...], preflight: bool) -> Query | Problem:
    assert contract.topic is not None  # the caller has looked
    topic = contract.topic
    if gate.signal is Signal.CONSUMER_LAG:
        groups = tuple(one.group for one in topic.consumer_groups) if gate.consumer_group is None else (gate.consumer_group,)
        if not groups:
            return Problem(field="contract", message=f"ConsumerLag needs topic.consumerGroups on contract {contract.name!r}: add them")
        return topic_signals.consumer_lag(topic.name, groups=groups, matchers=matchers, absent_is_zero=preflight)
    if topic.dead_letter_topic is None:
        return Problem(field="contract", message=f"{gate.signal} needs topic.deadLetterTopic on contract {contract.name!r}: add it")
    if gate.signal is Signal.DEAD_LETTER_DEPTH:
        return topic_signals.dead_letter_depth(topic.dead_letter_topic, beside=topic.name, matchers=matchers)
    return topic_signals.dead_letter_growth(
        topic.dead_letter_topic, beside=topic.name, window_seconds=gate.window_seconds, matchers=matchers
    )
