"""Why a query finds nothing: which metric has no series, or which of its label matchers selects none of them.

    missing_in(query, ask=ask) -> Missing(metric="up", matcher='pod=~"web-.*"', label="pod", has_label=False, values=())

Each selector of the query is asked for by itself, first with all its matchers, then by its metric alone, then with each matcher. Matchers
that leave series out (`!=`, `!~`) are tried only together with the others.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import promql_parser as tree

from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome, Query
from saferollout.core.measuring import Ask
from saferollout.core.promql import selectors_in
from saferollout.core.promql_text import matcher, name, operator_of, selector_text

MOST_VALUES: Final = 5
_NAME: Final = "__name__"
_SELECTING: Final = ("=", "=~")
_LITERAL: Final = re.compile(r"(?:[^\\.+*?()\[\]{}^$|]|\\.)+")
# What others call a pod's namespace and name.
_OTHER_NAMES: Final = {
    "namespace": ("exported_namespace", "kubernetes_namespace", "k8s_namespace_name", "pod_namespace"),
    "pod": ("exported_pod", "kubernetes_pod_name", "pod_name", "k8s_pod_name"),
}


@dataclass(frozen=True, slots=True)
class Missing:
    """A selector that finds nothing.

    `matcher` is the first that selects no series of the metric, empty where the metric itself has none; `together`: each selects some, all
    of them at once none. `label` is the matcher's, `values` what it has among the metric's series, `elsewhere` another label that is there.
    """

    metric: str
    matcher: str = ""
    label: str = ""
    has_label: bool = True
    values: tuple[str, ...] = ()
    elsewhere: str = ""
    together: bool = False


@dataclass(frozen=True, slots=True)
class _Selector:
    metric: str
    matchers: tuple[tuple[str, str, str], ...]  # label, operator, value

    def written(self, *matchers: tuple[str, str, str]) -> str:
        return f"{self.metric}{{{','.join(matcher(*one) for one in matchers)}}}"


def missing_in(query: Query, *, ask: Ask) -> Missing | None:
    """Return the first selector of a query that finds nothing; None where all find something, or where it can't be told."""
    for selector in _selectors(query):
        missing = _missing(selector, ask)
        if missing is not None:
            return missing
    return None


def has_series(selector: str, *, ask: Ask) -> bool | None:
    """Tell whether a selector finds anything; None where Prometheus does not say."""
    answer = ask(f"count({selector})")
    return {Outcome.VALUE: True, Outcome.NO_DATA: False}.get(answer.outcome)


def _selectors(query: Query) -> Iterator[_Selector]:
    # What must be there before the value counts comes first: it is the better explanation.
    texts = [text for text in (query.exposure if query.minimum_exposure > 0 else None, query.present, query.value) if text is not None]
    found = (_read(selector) for text in texts for selector in selectors_in(text))
    yield from dict.fromkeys(selector for selector in found if selector is not None)


def _read(found: tree.VectorSelector) -> _Selector | None:
    if found.matchers.or_matchers:
        return None
    matchers = tuple((one.name, operator_of(one), one.value) for one in found.matchers.matchers)
    bare = selector_text(found, [[]])
    if found.name and bare == f"{found.name}{{}}":
        return _Selector(found.name, matchers)
    # A name that is not of the classic form stands among the matchers.
    return _Selector("", ((_NAME, "=", found.name), *matchers) if found.name else matchers)


def _missing(selector: _Selector, ask: Ask) -> Missing | None:
    if has_series(selector.written(*selector.matchers), ask=ask) is not False:
        return _partly(selector, ask)
    named = tuple(one for one in selector.matchers if one[0] == _NAME)
    metric = selector.metric or selector.written(*named)
    if has_series(selector.written(*named), ask=ask) is False:
        return Missing(metric)
    for one in selector.matchers:
        if one not in named and one[1] in _SELECTING and has_series(selector.written(*named, one), ask=ask) is False:
            return _at_matcher(selector, metric, named, one, ask)
    return Missing(metric, matcher=", ".join(matcher(*one) for one in selector.matchers if one not in named), together=True)


def _at_matcher(
    selector: _Selector, metric: str, named: tuple[tuple[str, str, str], ...], one: tuple[str, str, str], ask: Ask
) -> Missing:
    label = one[0]
    values = _values(selector, named, label, ask)
    others = (other for other in _OTHER_NAMES.get(label, ()) if _values(selector, named, other, ask)) if not values else iter(())
    return Missing(
        metric, matcher=matcher(*one), label=label, has_label=bool(values), values=values[:MOST_VALUES], elsewhere=next(others, "")
    )


def _values(selector: _Selector, named: tuple[tuple[str, str, str], ...], label: str, ask: Ask) -> tuple[str, ...]:
    series = selector.written(*named, (label, "!=", ""))
    answer: Answer = ask(f"count by ({name(label)}) ({series})", label=label)
    return answer.names


def _partly(selector: _Selector, ask: Ask) -> Missing | None:
    """Look for a literal that an alternation asks for and that is not there, such as one of several consumer groups."""
    for one in selector.matchers:
        wanted = _literals(one[2]) if one[1] == "=~" else ()
        if len(wanted) < 2:
            continue
        rest = tuple(other for other in selector.matchers if other != one)
        found = ask(f"count by ({name(one[0])}) ({selector.written(*rest)})", label=one[0]).names
        absent = [value for value in wanted if value not in found]
        if absent and found:
            return Missing(selector.metric, matcher=matcher(one[0], "=", absent[0]), label=one[0], values=found[:MOST_VALUES])
    return None


def _literals(pattern: str) -> tuple[str, ...]:
    pieces = re.split(r"(?<!\\)\|", pattern)
    if not all(_LITERAL.fullmatch(piece) for piece in pieces):
        return ()
    return tuple(re.sub(r"\\(.)", r"\1", piece) for piece in pieces)
