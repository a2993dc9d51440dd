"""A user's PromQL, made safe to ask: placeholders become pods, and every selector sees only its own namespace.

    check_promql('sum(rate(errors_total{pod=~"$new"}[1m]))') == ()
    bind(text, namespace="shop", labels=Labels(), arms=arms) -> text for Prometheus

Placeholders stand in the values of label matchers only: `$new`, `$old` and `$all` with `=~` or `!~`, `$namespace` with any.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import promql_parser as tree

from saferollout.api.problems import Problem
from saferollout.core.arms import Arms, Labels, alternation, escaped
from saferollout.core.promql_position import Unbalanced, check_brackets, stop_of
from saferollout.core.promql_text import (
    Unwritable,
    matcher,
    operator_of,
    selector_text,
    write,
)

POD_PLACEHOLDERS: Final = ("$new", "$old", "$all")
NAMESPACE_PLACEHOLDER: Final = "$namespace"
_PLACEHOLDERS: Final = (*POD_PLACEHOLDERS, NAMESPACE_PLACEHOLDER)
_PLACEHOLDER: Final = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_REGEX_OPERATORS: Final = ("=~", "!~")
_RAW_STRING_WITH_ESCAPE: Final = re.compile(r"`[^`]*\\[^`]*`")
_CHECKED_NAMESPACE: Final = "checked"
_MOST_AGED_SELECTORS: Final = 10
_OLDEST: Final = "time() - min("
_YOUNGEST: Final = "time() - max("


class InvalidPromQL(ValueError):
    """A query that is not asked; the message says where and why, and the way out."""


def check_promql(text: str, *, field: str = "promql") -> tuple[Problem, ...]:
    """Say what is wrong with a query, with the position; nothing where it can be asked."""
    try:
        bind(text, namespace=_CHECKED_NAMESPACE, labels=Labels(), arms=Arms())
    except InvalidPromQL as error:
        return (Problem(field=field, message=str(error)),)
    return ()


def bind(text: str, *, namespace: str, labels: Labels, arms: Arms) -> str:
    """Return the query as it may be asked: placeholders replaced and its own namespace in every selector.

    The matcher is added to what the tenant wrote, never instead of it: both must hold, so another namespace selects nothing.
    """
    expression = _parse(text)
    binding = _Binding(namespace=namespace, labels=labels, arms=arms)
    try:
        written = write(expression, selector=binding.selector)
    except Unwritable as error:
        raise InvalidPromQL(f"this query can't be asked: {error}") from None
    _check_strings(expression)
    return written


def age_of(text: str, *, namespace: str, labels: Labels, arms: Arms) -> str | None:
    """Return PromQL for the age in seconds of the oldest sample behind a query; None where ranges alone limit it.

    An instant selector answers with samples of up to five minutes ago; one over a range, or with a time of its own, says itself how
    far it looks back.
    """
    binding = _Binding(namespace=namespace, labels=labels, arms=arms)
    selectors = [binding.selector(found) for found in _instant_selectors(_parse(text))]
    return age_of_selectors(tuple(dict.fromkeys(selectors))[:_MOST_AGED_SELECTORS])


def age_of_selectors(selectors: tuple[str, ...]) -> str | None:
    """Return PromQL for the age in seconds of the oldest sample of these selectors."""
    if not selectors:
        return None
    if len(selectors) == 1:
        return f"{_OLDEST}timestamp({selectors[0]}))"
    # Each gets a label of its own, because `or` drops what has the same labels as something on its left.
    told_apart = (f'label_replace(timestamp({one}), "saferollout_selector", "{index}", "", "")' for index, one in enumerate(selectors))
    return f"{_OLDEST}{' or '.join(told_apart)})"


def youngest_of(age: str) -> str:
    """Return PromQL for the age in seconds of the youngest sample, of what `age_of_selectors` gave for the oldest."""
    return _YOUNGEST + age.removeprefix(_OLDEST)


def selectors_in(text: str) -> tuple[tree.VectorSelector, ...]:
    """Return every selector of a bound query, as it is written and without its range, offset and time; raise InvalidPromQL."""
    found: list[tree.VectorSelector] = []

    def visit(part: Any) -> None:
        if isinstance(part, tree.MatrixSelector):
            found.append(part.vector_selector)
        if isinstance(part, tree.VectorSelector):
            found.append(part)

    _walk(_parse(text), visit)
    return tuple(found)


def foreign_namespace(text: str, *, namespace: str, labels: Labels) -> str:
    """Say which matcher of a query asks for another namespace, so that it selects nothing; empty where none does. Patterns are not looked into."""
    for selector in selectors_in(text):
        for one in (*selector.matchers.matchers, *(one for group in selector.matchers.or_matchers for one in group)):
            value = one.value.replace(NAMESPACE_PLACEHOLDER, namespace)
            operator = operator_of(one)
            if one.name == labels.namespace and ((operator == "=" and value != namespace) or (operator == "!=" and value == namespace)):
                return f"{matcher(one.name, operator, value)} selects nothing, because only namespace {namespace} is asked"
    return ""


def uses_pods(text: str) -> bool:
    """Say whether a query names pods of a release, so that it can't be asked before there are any."""
    return any(found.group() in POD_PLACEHOLDERS for found in _PLACEHOLDER.finditer(text))


def _parse(text: str) -> Any:
    try:
        check_brackets(text)
    except Unbalanced as error:
        raise InvalidPromQL(_located(text, error.position, str(error))) from None
    raw = _RAW_STRING_WITH_ESCAPE.search(text)
    if raw is not None:
        raise InvalidPromQL(_located(text, raw.start(), "a backslash in a `raw` string: write it in double quotes, backslash doubled"))
    try:
        expression = tree.parse(text)
    except ValueError as error:
        raise InvalidPromQL(_located(text, stop_of(text), str(error))) from None
    if isinstance(expression, tree.MatrixSelector | tree.SubqueryExpr | tree.StringLiteral):
        raise InvalidPromQL("this query does not parse as one number: a range or a string can't be judged, wrap it in a function such as rate()")
    return expression


def _located(text: str, position: int, message: str) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    rest = text[position:].strip().partition("\n")[0]
    near = f" near {rest[:30]!r}" if rest else " at its end"
    return f"this query does not parse, line {line}, column {column}{near}: {message}"


class _Binding:
    """What placeholders and the namespace are in one query."""

    def __init__(self, *, namespace: str, labels: Labels, arms: Arms) -> None:
        self._own = matcher(labels.namespace, "=", namespace)
        self._namespace = namespace
        self._pods: Mapping[str, str] = {"$new": alternation(arms.new), "$old": alternation(arms.old), "$all": alternation(arms.all)}

    def selector(self, found: tree.VectorSelector) -> str:
        """Write a selector, its own namespace in each alternative."""
        common = [self._matcher(one) for one in found.matchers.matchers]
        alternatives = found.matchers.or_matchers or [[]]
        groups = [[*common, *(self._matcher(one) for one in group), self._own] for group in alternatives]
        return selector_text(found, groups)

    def _matcher(self, found: tree.Matcher) -> str:
        operator = operator_of(found)

        def replaced(placeholder: re.Match[str]) -> str:
            return self._value(placeholder.group(), operator=operator, found=found)

        return matcher(found.name, operator, _PLACEHOLDER.sub(replaced, found.value))

    def _value(self, placeholder: str, *, operator: str, found: tree.Matcher) -> str:
        is_regex = operator in _REGEX_OPERATORS
        if placeholder == NAMESPACE_PLACEHOLDER:
            return escaped(self._namespace) if is_regex else self._namespace
        if placeholder in self._pods:
            if is_regex:
                return f"(?:{self._pods[placeholder]})"
            way_out = "=~" if operator == "=" else "!~"
            message = f"{placeholder} becomes a pattern of many pods, which {found.name}{operator} compares literally: write {way_out}"
            raise InvalidPromQL(message)
        if is_regex:
            raise InvalidPromQL(f"{placeholder} in the matcher of {found.name} is unknown; there are {', '.join(_PLACEHOLDERS)}")
        return placeholder


def _check_strings(expression: Any) -> None:
    """Refuse placeholders where they would be taken literally: in arguments such as those of label_replace."""

    def visit(part: Any) -> None:
        if not isinstance(part, tree.StringLiteral):
            return
        literal = next((found.group() for found in _PLACEHOLDER.finditer(part.val) if found.group() in _PLACEHOLDERS), None)
        if literal is not None:
            braced = "${" + literal[1:] + "}"
            raise InvalidPromQL(f"{literal} is replaced in label matchers only; if it names a group of a pattern, write {braced}")

    _walk(expression, visit)


def _instant_selectors(expression: Any) -> list[tree.VectorSelector]:
    match expression:
        case tree.VectorSelector():
            return [expression] if expression.at is None and expression.offset is None else []
        case tree.MatrixSelector() | tree.SubqueryExpr():
            return []
    return [found for part in _children(expression) for found in _instant_selectors(part)]


def _walk(expression: Any, visit: Any) -> None:
    visit(expression)
    for part in _children(expression):
        _walk(part, visit)


def _children(expression: Any) -> list[Any]:
    match expression:
        case tree.ParenExpr() | tree.UnaryExpr() | tree.SubqueryExpr():
            return [expression.expr]
        case tree.BinaryExpr():
            return [expression.lhs, expression.rhs]
        case tree.AggregateExpr():
            return [part for part in (expression.param, expression.expr) if part is not None]
        case tree.Call():
            return list(expression.args)
    return []
