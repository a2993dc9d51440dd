"""Series that the configuration adds to the signal catalogue: prometheus.series, one entry for each."""

import re
from typing import Annotated, Final, Self

import promql_parser
from pydantic import Field, model_validator

from saferollout.core.arms import Labels
from saferollout.core.catalogue.asking import About, query_of
from saferollout.core.catalogue.series import Aggregate, Key, Matcher, Reading, Series, SignalName, Subject
from saferollout.core.catalogue.shapes import SHAPES
from saferollout.core.catalogue.signals import SIGNALS
from saferollout.shell.config_section import Section

MOST_SERIES: Final = 100
Label = Annotated[str, Field(pattern="^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=200)]
_MetricName = Annotated[str, Field(pattern="^[a-zA-Z_:][a-zA-Z0-9_:]*$", max_length=200)]
_SOURCE: Final = "the operator's configuration"
_CHECKED: Final = About(namespace="checked", labels=Labels(), pods=("checked",), topics=("checked",), groups=("checked",))


class SeriesConfig(Section):
    """One exporter's series for a signal. `keys`: what the operator tells samples apart by -> the exporter's label for it."""

    signal: SignalName
    exporter: str = Field(min_length=1, max_length=100, description="What it is called in messages.")
    metric: _MetricName
    reading: Reading = Reading.COUNTER
    subject: Subject = Subject.POD
    keys: dict[str, Label] = Field(default={}, description="For example {status: code}.")
    matchers: dict[Label, str] = Field(default={}, description="Labels that must have these values.")
    aggregate: Aggregate = Aggregate.SUM
    subject_label: Label | None = Field(default=None, description="The label with the topic, or with the group.")
    topic_label: Label | None = Field(default=None, description="The label with a group's topic.")
    failed: str = Field(default="", max_length=200, description="Pattern of the first key's values that mean a failure.")
    unit: float = Field(default=1.0, gt=0, description="Seconds in one unit of le: 0.001 for milliseconds.")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for problem in (self._wrong_keys(), self._wrong_shape(), self._wrong_labels(), self._wrong_pattern()):
            if problem:
                raise ValueError(problem)
        query = query_of(self.as_series, about=_CHECKED)
        try:
            promql_parser.parse(query.value)
        except ValueError as error:
            raise ValueError(f"it makes no PromQL that parses, {query.value}: {error}") from error
        return self

    def _wrong_keys(self) -> str:
        signal = SIGNALS[self.signal]
        if self.signal is SignalName.GROUP_OFFSET:
            return f"signal: {self.signal} can't be configured: only the proof that a version is drained reads it, from kafka_exporter; write drained.promql instead"
        unknown = sorted(set(self.keys) - set(signal.keys))
        if unknown:
            return f"keys: {self.signal} has no key {unknown[0]}; it has {', '.join(signal.keys) or 'none'}"
        missing = [key for key in signal.needs if key not in self.keys]
        return f"keys: {self.signal} says nothing without {missing[0]}: write {missing[0]}: and the exporter's label for it" if missing else ""

    def _wrong_shape(self) -> str:
        known = SHAPES[self.signal]
        if (self.subject, self.reading) in known:
            return ""
        ways = " or ".join(f"{{subject: {subject}, reading: {reading}}}" for subject, reading in known)
        return f"subject and reading: {self.signal} can't be read from {{subject: {self.subject}, reading: {self.reading}}}, only from {ways}"

    def _wrong_labels(self) -> str:
        if self.subject in (Subject.TOPIC, Subject.GROUP) and not self.subject_label:
            return f"subjectLabel: name the label that has the {self.subject.lower()}"
        if self.subject is Subject.GROUP and not self.topic_label:
            return "topicLabel: name the label that has the group's topic"
        return ""

    def _wrong_pattern(self) -> str:
        if SIGNALS[self.signal].fails and not self.failed:
            return f"failed: say which values of {SIGNALS[self.signal].needs[0]} mean a failure, as a pattern"
        try:
            re.compile(self.failed)
        except re.error as error:
            return f"failed: {self.failed!r} is no pattern: {error}"
        return ""

    @property
    def as_series(self) -> Series:
        """Return it as the catalogue has it."""
        return Series(
            signal=self.signal, exporter=self.exporter, metric=self.metric, reading=self.reading, subject=self.subject, source=_SOURCE,
            keys=tuple(Key(name, label) for name, label in self.keys.items()),
            matchers=tuple(Matcher(label, value) for label, value in self.matchers.items()), aggregate=self.aggregate,
            subject_label=self.subject_label or "", topic_label=self.topic_label or "", failed=self.failed, unit=self.unit, configured=True,
        )  # fmt: skip
