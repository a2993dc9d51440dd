"""Write a PromQL syntax tree as text, with every string escaped.

The parser's own printing does not escape strings, so a matcher's value could end its selector and begin another one. Nothing that a
tenant wrote reaches Prometheus except through this module.
"""

import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import promql_parser as tree

SelectorText = Callable[[tree.VectorSelector], str]

DEEPEST: Final = 100
_CONTROLS: Final = {chr(code): f"\\x{code:02x}" for code in range(ord(" "))}
_ESCAPES: Final = str.maketrans({**_CONTROLS, "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_LEGACY_NAME: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# The parser's enumerations can't be hashed, so they can't be the keys of a mapping.
_OPERATORS: Final = (
    (tree.MatchOp.Equal, "="),
    (tree.MatchOp.NotEqual, "!="),
    (tree.MatchOp.Re, "=~"),
    (tree.MatchOp.NotRe, "!~"),
)


class Unwritable(ValueError):
    """A part of a query that this operator does not pass on; the message says which and the way out."""


def quoted(value: str) -> str:
    """Return a PromQL string literal of a value."""
    return f'"{value.translate(_ESCAPES)}"'


def name(label: str) -> str:
    """Return a label name, quoted where it is not of the classic form."""
    return label if _LEGACY_NAME.fullmatch(label) and ":" not in label else quoted(label)


def matcher(label: str, operator: str, value: str) -> str:
    """Return one label matcher."""
    return f"{name(label)}{operator}{quoted(value)}"


def operator_of(found: tree.Matcher) -> str:
    """Return how a matcher compares: `=`, `!=`, `=~` or `!~`."""
    return next(text for operator, text in _OPERATORS if operator == found.op)


def selector_text(selector: tree.VectorSelector, groups: list[list[str]]) -> str:
    """Return a selector with these matchers instead of its own: alternatives of matchers that must all hold."""
    metric = selector.name or ""
    if metric and not _LEGACY_NAME.fullmatch(metric):
        groups = [[matcher("__name__", "=", metric), *group] for group in groups]
        metric = ""
    return f"{metric}{{{' or '.join(','.join(group) for group in groups)}}}"


def write(expression: Any, *, selector: SelectorText, depth: int = 0) -> str:
    """Write a tree as PromQL; `selector` says what stands for each vector selector, without offset and time."""
    if depth > DEEPEST:
        raise Unwritable(f"it is nested more than {DEEPEST} deep: write it simpler")

    def inner(part: Any) -> str:
        return write(part, selector=selector, depth=depth + 1)

    match expression:
        case tree.NumberLiteral():
            return _number(expression.val)
        case tree.StringLiteral():
            return quoted(expression.val)
        case tree.ParenExpr():
            return f"({inner(expression.expr)})"
        case tree.UnaryExpr():
            return f"-{inner(expression.expr)}"
        case tree.BinaryExpr():
            return f"{inner(expression.lhs)} {expression.op}{_matching(expression.modifier)} {inner(expression.rhs)}"
        case tree.AggregateExpr():
            return _aggregation(expression, inner)
        case tree.Call():
            return _call(expression, inner)
        case tree.SubqueryExpr():
            return f"{inner(expression.expr)}[{_duration(expression.range)}:{_duration(expression.step)}]{_time(expression)}"
        case tree.MatrixSelector():
            vector = expression.vector_selector
            return f"{selector(vector)}[{_duration(expression.range)}]{_time(vector)}"
        case tree.VectorSelector():
            return selector(expression) + _time(expression)
    raise Unwritable(f"it has a part of kind {type(expression).__name__}, which is not known here")


def _aggregation(expression: tree.AggregateExpr, inner: Callable[[Any], str]) -> str:
    grouping = ""
    if expression.modifier is not None:
        word = "by" if expression.modifier.type == tree.AggModifierType.By else "without"
        grouping = f" {word} ({_names(expression.modifier.labels)}) "
    arguments = [expression.param, expression.expr] if expression.param is not None else [expression.expr]
    return f"{expression.op}{grouping}({', '.join(inner(argument) for argument in arguments)})"


def _call(expression: tree.Call, inner: Callable[[Any], str]) -> str:
    # info() joins target_info of whatever namespace has the same job and instance: no matcher of ours could stop it.
    if expression.func.name == "info":
        raise Unwritable("info() reads series beyond the selectors that are written: join them by hand")
    return f"{expression.func.name}({', '.join(inner(argument) for argument in expression.args)})"


def _matching(modifier: tree.BinModifier | None) -> str:
    if modifier is None:
        return ""
    if modifier.fill_values is not None and (modifier.fill_values.lhs is not None or modifier.fill_values.rhs is not None):
        raise Unwritable("fill modifiers are experimental: use `or` instead")
    text = " bool" if modifier.return_bool else ""
    if modifier.matching is not None:
        word = "on" if modifier.matching.type == tree.LabelModifierType.Include else "ignoring"
        text += f" {word} ({_names(modifier.matching.labels)})"
    if modifier.card == tree.VectorMatchCardinality.ManyToOne:
        text += f" group_left ({_names(modifier.group_labels or [])})"
    if modifier.card == tree.VectorMatchCardinality.OneToMany:
        text += f" group_right ({_names(modifier.group_labels or [])})"
    return text


def _names(labels: list[str]) -> str:
    return ", ".join(name(label) for label in labels)


def _time(expression: tree.VectorSelector | tree.SubqueryExpr) -> str:
    text = ""
    if expression.at is not None:
        text += f" @ {_moment(expression.at)}"
    if expression.offset is not None:
        text += f" offset {_duration(expression.offset)}"
    return text


def _moment(at: tree.AtModifier) -> str:
    if at.type == tree.AtModifierType.Start:
        return "start()"
    return "end()" if at.at is None else format(at.at.timestamp(), ".3f")


def _duration(length: timedelta | None) -> str:
    if length is None:
        return ""
    milliseconds = round(length / timedelta(milliseconds=1))
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    return sign + (f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
