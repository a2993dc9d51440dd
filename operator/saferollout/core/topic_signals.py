"""Signals of topics, from kafka_exporter's gauges.

Several exporters of one cluster report the same partitions, so each partition is taken once (`max by`). A dead-letter topic that does
not exist yet has no series: it holds 0 while the exporter reports the contract's own topic beside it.
"""

from typing import Final

from saferollout.core.arms import Labels, alternation, escaped
from saferollout.core.measurements import Query
from saferollout.core.promql import age_of_selectors
from saferollout.core.promql_text import matcher

END: Final = "kafka_topic_partition_current_offset"
START: Final = "kafka_topic_partition_oldest_offset"
_LAG: Final = "kafka_consumergroup_lag"
_OF_GROUPS: Final = "kafka_consumergroup_lag|kafka_consumergroup_current_offset"


def tenant_matchers(namespace: str, labels: Labels) -> tuple[str, ...]:
    """Return the matchers that keep to one tenant, where somebody labels kafka_exporter's series so."""
    return (matcher(labels.kafka_namespace, "=", namespace),) if labels.kafka_namespace else ()


def dead_letter_depth(topic: str, *, beside: str, matchers: tuple[str, ...]) -> Query:
    """Return how many records lie in a dead-letter topic."""
    end, start = of_topic(END, topic, matchers), of_topic(START, topic, matchers)
    return Query(
        value=f"sum({each_partition(end)} - {each_partition(start)})",
        # With only one of the two gauges the depth is unknown, not 0.
        present=f"count({of_topic(END, beside, matchers)}) unless (count({end}) or count({start}))",
        age=_age_of_topics((topic, beside), matchers),
    )


def dead_letter_growth(topic: str, *, beside: str, window_seconds: int, matchers: tuple[str, ...]) -> Query:
    """Return how many records came to a dead-letter topic in the window.

    A partition that was not there when the window began counts from 0 only if the exporter was already reporting then.
    """
    end = each_partition(of_topic(END, topic, matchers))
    neighbour = of_topic(END, beside, matchers)
    reported = f"count(last_over_time({neighbour}[5m] offset {window_seconds}s))"
    before = each_partition(f"last_over_time({of_topic(END, topic, matchers)}[5m] offset {window_seconds}s)")
    return Query(
        value=f"sum(clamp_min({end} - ({before} or ({end} * 0 and on () {reported})), 0))",
        present=f"(count({neighbour}) and {reported}) unless count({of_topic(END, topic, matchers)})",
        age=_age_of_topics((topic, beside), matchers),
    )


def consumer_lag(topic: str, *, groups: tuple[str, ...], matchers: tuple[str, ...], absent_is_zero: bool) -> Query:
    """Return how many records consumer groups are behind on a topic; every group must be reported, a lost one is no pass.

    `absent_is_zero` is for the moment before the first step: a group that has never committed has nothing to be behind of.
    """
    wanted = alternation(tuple(escaped(group) for group in sorted(set(groups))))
    lag = _selector(_LAG, (matcher("topic", "=", topic), matcher("consumergroup", "=~", wanted), *matchers))
    # The exporter reports -1 where a group has no offset for a partition.
    total = f"sum(clamp_min(max by (consumergroup, partition) ({lag}), 0))"
    reported = f"count(count by (consumergroup) ({lag})) == {len(set(groups))}"
    return Query(
        value=total if absent_is_zero else f"{total} and ({reported})",
        present=f"count({of_topic(END, topic, matchers)})" if absent_is_zero else None,
        age=age_of_selectors((lag,)),
    )


def other_groups(topic: str, *, than: tuple[str, ...], matchers: tuple[str, ...]) -> Query:
    """Return which consumer groups have committed on a topic, beside those that are known."""
    known = (matcher("consumergroup", "!~", alternation(tuple(escaped(group) for group in than))),) if than else ()
    groups = _selector("", (matcher("__name__", "=~", _OF_GROUPS), matcher("topic", "=", topic), *known, *matchers))
    return Query(value=f"count by (consumergroup) ({groups})", present=f"count({of_topic(END, topic, matchers)})", names="consumergroup")


def _age_of_topics(topics: tuple[str, ...], matchers: tuple[str, ...]) -> str | None:
    wanted = matcher("topic", "=~", alternation(tuple(escaped(topic) for topic in topics)))
    return age_of_selectors((_selector(END, (wanted, *matchers)),))


def each_partition(selector: str) -> str:
    """Take each partition once, however many exporters report it."""
    return f"max by (topic, partition) ({selector})"


def of_topic(metric: str, topic: str, matchers: tuple[str, ...]) -> str:
    """Select a metric of one topic."""
    return _selector(metric, (matcher("topic", "=", topic), *matchers))


def _selector(metric: str, matchers: tuple[str, ...]) -> str:
    return f"{metric}{{{','.join(matchers)}}}"
