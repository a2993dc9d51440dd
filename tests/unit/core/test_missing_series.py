"""Which part of a query finds nothing, asked of series that a test holds in memory."""

import re
from dataclasses import dataclass, field

import promql_parser as tree
import pytest

from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome, Query
from saferollout.core.missing_series import Missing, has_series, missing_in
from saferollout.core.promql import selectors_in
from saferollout.core.promql_text import operator_of
from saferollout.core.topic_signals import consumer_lag, dead_letter_depth

COMPARE = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
}


@dataclass
class Series:
    """Answers `count(selector)` and `count by (label) (selector)`; counts what it was asked."""

    all: tuple[dict[str, str], ...]
    asked: list[str] = field(default_factory=list)

    def __call__(self, promql: str, *, label: str = "") -> Answer:
        self.asked.append(promql)
        [selector] = selectors_in(promql)
        found = [series for series in self.all if self._matches(series, selector)]
        if not found:
            return Answer(Outcome.NO_DATA)
        names = tuple(sorted({series[label] for series in found if series.get(label)})) if label else ()
        return Answer(Outcome.VALUE, value=float(len(found)), names=names)

    def _matches(self, series: dict[str, str], selector: tree.VectorSelector) -> bool:
        if selector.name and series["__name__"] != selector.name:
            return False
        return all(COMPARE[operator_of(one)](series.get(one.name, ""), one.value) for one in selector.matchers.matchers)


def series(*labelled: str) -> Series:
    """Write series as `name label=value ...`."""
    found = []
    for text in labelled:
        metric, *labels = text.split()
        found.append({"__name__": metric, **dict(label.split("=", 1) for label in labels)})
    return Series(tuple(found))


ALL = 'sum(hits{namespace="shop",pod=~"web-.*"})'


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), Missing("hits")),
        (("misses namespace=shop pod=web-1",), Missing("hits")),
        (("hits namespace=other pod=web-1",), Missing("hits", matcher='namespace="shop"', label="namespace", values=("other",))),
        (("hits namespace=shop pod=db-1",), Missing("hits", matcher='pod=~"web-.*"', label="pod", values=("db-1",))),
        (("hits pod=web-1",), Missing("hits", matcher='namespace="shop"', label="namespace", has_label=False)),
        (
            ("hits kubernetes_namespace=shop pod=web-1",),
            Missing("hits", matcher='namespace="shop"', label="namespace", has_label=False, elsewhere="kubernetes_namespace"),
        ),
        (
            ("hits namespace=shop pod=db-1", "hits namespace=other pod=web-1"),
            Missing("hits", matcher='namespace="shop", pod=~"web-.*"', together=True),
        ),
        (("hits namespace=shop pod=web-1",), None),
    ],
)
def test_the_first_thing_that_finds_nothing_is_named(there: tuple[str, ...], expected: Missing | None) -> None:
    assert missing_in(Query(value=ALL), ask=series(*there)) == expected


def test_what_stands_in_a_range_or_behind_an_offset_is_looked_for_too() -> None:
    query = Query(value='sum(rate(hits{namespace="shop"}[5m] offset 1h)) / sum(max_over_time(total{namespace="shop"}[1h:]))')
    assert missing_in(query, ask=series("hits namespace=shop")) == Missing("total")


def test_a_matcher_that_leaves_out_is_not_blamed_alone() -> None:
    query = Query(value='sum(hits{code!="200"})')
    missing = missing_in(query, ask=series("hits code=200"))
    assert missing == Missing("hits", matcher='code!="200"', together=True)


def test_a_metric_that_is_named_by_a_pattern_is_one_that_is_not_there() -> None:
    assert missing_in(Query(value='sum({__name__=~"hits|misses",a="1"})'), ask=series("other a=1")) == Missing('{__name__=~"hits|misses"}')
    assert missing_in(Query(value='sum({__name__="a.b",a="1"})'), ask=series("a.b a=2")) == Missing(
        '{__name__="a.b"}', matcher='a="1"', label="a", values=("2",)
    )


def test_of_several_groups_the_one_that_is_not_reported_is_named() -> None:
    query = consumer_lag("events", groups=("bill.ing", "audit"), matchers=(), absent_is_zero=False)
    missing = missing_in(query, ask=series("kafka_consumergroup_lag topic=events consumergroup=bill.ing"))
    assert missing == Missing(
        "kafka_consumergroup_lag", matcher='consumergroup="audit"', label="consumergroup", values=("bill.ing",)
    )


def test_the_topic_beside_a_dead_letter_topic_explains_better_than_the_empty_one() -> None:
    query = dead_letter_depth("events.dlt", beside="events", matchers=())
    end = "kafka_topic_partition_current_offset"
    assert missing_in(query, ask=series()) == Missing(end)
    missing = missing_in(query, ask=series(f"{end} topic=other"))
    assert missing == Missing(end, matcher='topic="events"', label="topic", values=("other",))


def test_exposure_is_looked_at_only_where_it_is_needed() -> None:
    query = Query(value="sum(hits)", exposure="sum(requests)", minimum_exposure=0)
    assert missing_in(query, ask=series("hits a=1")) is None
    needed = Query(value="sum(hits)", exposure="sum(requests)", minimum_exposure=5)
    assert missing_in(needed, ask=series("hits a=1")) == Missing("requests")


def test_where_prometheus_does_not_say_nothing_is_claimed() -> None:
    def silent(promql: str, *, label: str = "") -> Answer:
        return Answer(Outcome.UNREACHABLE)

    assert has_series("hits", ask=silent) is None
    assert missing_in(Query(value=ALL), ask=silent) is None


def test_a_value_cannot_end_its_selector() -> None:
    asked = series("hits namespace=other")
    missing_in(Query(value='sum(hits{namespace="a\\"} or secret{x=\\"1"})'), ask=asked)
    assert all(len(selectors_in(promql)) == 1 for promql in asked.asked)
