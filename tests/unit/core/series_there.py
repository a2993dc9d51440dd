"""A Prometheus that has some series and answers the queries by which they are looked for, by parsing them."""

import re
from collections.abc import Mapping
from datetime import datetime

import promql_parser

from saferollout.core.answers import Answer
from saferollout.core.measurements import Outcome, Sample, Samples


class SeriesThere:
    """Answers discovery's queries as a Prometheus with these series would, by parsing their selectors."""

    def __init__(self, *series: tuple[str, Mapping[str, str]], namespace: str = "shop") -> None:
        self.series = [{"__name__": metric, "namespace": namespace, **labels} for metric, labels in series]

    def ask(self, promql: str, *, at: datetime | None = None, label: str = "", by: tuple[str, ...] = ()) -> Answer:
        if label:
            return self._names(promql_parser.parse(promql), label)
        found = {sample.labels: sample for part in parts(promql_parser.parse(promql)) for sample in self._part(part, by)}
        samples = Samples.of(found.values())
        return Answer(Outcome.VALUE, value=float(len(samples)), samples=samples) if samples else Answer(Outcome.NO_DATA)

    def _names(self, query: object, label: str) -> Answer:
        assert isinstance(query, promql_parser.AggregateExpr)
        rows = [row for row in self.series if all(meets(row, one) for one in query.expr.matchers.matchers)]
        names = tuple(sorted({row[label] for row in rows}))
        return Answer(Outcome.VALUE, value=float(len(names)), names=names) if names else Answer(Outcome.NO_DATA)

    def _part(self, part: object, by: tuple[str, ...]) -> list[Sample]:
        added: dict[str, str] = {}
        copied = ""
        while isinstance(part, promql_parser.Call):
            target, replacement = part.args[1].val, part.args[2].val
            copied = target if replacement == "$1" else copied
            added.update({} if replacement == "$1" else {target: replacement})
            part = part.args[0]
        assert isinstance(part, promql_parser.AggregateExpr)
        rows = [row for row in self.series if all(meets(row, one) for one in part.expr.matchers.matchers)]
        full = [{**row, **added, **({copied: row["__name__"]} if copied else {})} for row in rows]
        return [Sample(tuple((label, row.get(label, "")) for label in by), 1.0) for row in full]


def parts(expression: object) -> list[object]:
    if isinstance(expression, promql_parser.BinaryExpr):
        assert str(expression.op) == "or"
        return [*parts(expression.lhs), *parts(expression.rhs)]
    return [expression]


def meets(row: Mapping[str, str], one: promql_parser.Matcher) -> bool:
    value = row.get(one.name, "")
    if one.op == promql_parser.MatchOp.Equal:
        return value == one.value
    if one.op == promql_parser.MatchOp.NotEqual:
        return value != one.value
    if one.op == promql_parser.MatchOp.NotRe:
        return re.fullmatch(one.value, value) is None
    assert one.op == promql_parser.MatchOp.Re
    return re.fullmatch(one.value, value) is not None
