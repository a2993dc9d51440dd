"""Ask a Prometheus from here what the operator would ask it, and, where it finds nothing, what it is that is missing."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from saferollout.api.gates import Gate, Signal
from saferollout.api.problems import Problem
from saferollout.api.spec import Gating, SafeRolloutSpec
from saferollout.cli.checks.found import Asked, AskedGate, Releases
from saferollout.cli.connect import Cluster, Raw
from saferollout.cli.live_workloads import views_of
from saferollout.cli.picture import picture_of
from saferollout.core.arms import Arms, Labels, arms_in
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.measuring import Ask, measure
from saferollout.core.missing_series import has_series, missing_in
from saferollout.core.promql_text import matcher
from saferollout.core.signals import can_be_measured, query_for
from saferollout.core.topic_signals import tenant_matchers
from saferollout.shell.config import PrometheusConfig
from saferollout.shell.observer import Client
from saferollout.shell.prometheus import Endpoint, PrometheusClient

DEAD_LETTERS: Final = frozenset({Signal.DEAD_LETTER_DEPTH, Signal.DEAD_LETTER_GROWTH})
_NO_PODS: Final = "the workload has no pods yet, or you may not read Deployments, ReplicaSets and pods"


def client_for(url: str, config: PrometheusConfig, token_file: Path | None) -> PrometheusClient:
    """Open a Prometheus as the operator would: with its tenant and its timeout, but with your own token."""
    endpoint = Endpoint(url=url, token_file=token_file, tenant=config.tenant, timeout_seconds=config.timeout_seconds)
    return PrometheusClient(endpoint)


def ask_gates(
    cluster: Cluster, releases: Releases, *, url: str, client: Client, config: PrometheusConfig | None, now: datetime
) -> Asked:
    """Ask for each gate of each SafeRollout once, as in the middle of a batch."""
    ask: Ask = partial(client.ask, at=now)
    reached = ask("vector(1)")
    if reached.outcome is not Outcome.VALUE:
        return Asked(url=url, refusal=reached.detail, gates=(), default_labels=config is None)
    items = releases.items if isinstance(releases.items, tuple) else ()
    known = config or PrometheusConfig()
    gates = tuple(gate for raw in items for gate in _of_saferollout(cluster, raw, ask=ask, config=known, now=now))
    return Asked(url=url, refusal="", gates=gates, default_labels=config is None)


def _of_saferollout(cluster: Cluster, raw: Raw, *, ask: Ask, config: PrometheusConfig, now: datetime) -> Iterator[AskedGate]:
    picture = picture_of(raw, now=now)
    if picture.spec is None or picture.spec.gating is Gating.DISABLED or not picture.spec.gates:
        return
    arms = arms_in(picture.release, views_of(cluster, raw))
    for gate in picture.spec.gates:
        yield _of_gate(
            gate, picture.spec, saferollout=picture.name, namespace=picture.namespace, arms=arms, labels=config.labels.as_labels,
            ask=ask, now=now, longest_age=config.longest_age_seconds,
        )  # fmt: skip


def _of_gate(
    gate: Gate, spec: SafeRolloutSpec, *, saferollout: str, namespace: str, arms: Mapping[str, Arms], labels: Labels, ask: Ask,
    now: datetime, longest_age: float,
) -> AskedGate:  # fmt: skip
    query = query_for(gate, contracts=spec.contracts, arms_by_workload=arms, namespace=namespace, labels=labels)
    if isinstance(query, Problem):
        return AskedGate(saferollout, gate, refused=str(query))
    if not can_be_measured(gate, arms_by_workload=arms):
        return AskedGate(saferollout, gate, unasked=_NO_PODS)
    measurement = measure(query, at=now, ask=ask, longest_age=longest_age)
    topic = _dead_letter_topic(gate, spec)
    missing = missing_in(query, ask=ask) if measurement.outcome is Outcome.NO_DATA else None
    if missing is not None and topic and missing.matcher == matcher("topic", "=", topic) and gate.signal is Signal.DEAD_LETTER_GROWTH:
        # A dead-letter topic may be missing: then it is the beginning of the window that nobody has recorded.
        missing = None
    return AskedGate(
        saferollout, gate, measurement=measurement, missing=missing,
        empty_topic=topic if _counts_as_empty(topic, measurement, namespace, labels, ask) else "",
    )  # fmt: skip


def _dead_letter_topic(gate: Gate, spec: SafeRolloutSpec) -> str:
    contract = next((one for one in spec.contracts if one.name == gate.contract), None)
    if gate.signal not in DEAD_LETTERS or contract is None or contract.topic is None:
        return ""
    return contract.topic.dead_letter_topic or ""


def _counts_as_empty(topic: str, measurement: Measurement, namespace: str, labels: Labels, ask: Ask) -> bool:
    if not topic or measurement.outcome is not Outcome.VALUE:
        return False
    matchers = ",".join((matcher("topic", "=", topic), *tenant_matchers(namespace, labels)))
    return has_series(f"kafka_topic_partition_current_offset{{{matchers}}}", ask=ask) is False
