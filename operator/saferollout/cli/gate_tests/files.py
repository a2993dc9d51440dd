"""The format of a gate test file: what stands in a document, checked as strictly as a SafeRollout is."""

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from saferollout.api.base import ListKind, ListType, Model, Rule
from saferollout.api.scalars import Limit, Name, PositiveCount, PositiveSeconds, Seconds
from saferollout.api.spec import Batches, OnFailure, OnInconclusive
from saferollout.cli.gate_tests.words import NewTemplate, Phase, Reaction, Said, Word

MOST_TESTS: Final = 500
MOST_GATES: Final = 20
MOST_ENTRIES: Final = 1000
Sentence = Annotated[str, Field(min_length=1, max_length=500)]


def _rule(holds: Any, message: str, *, field: str = "") -> Rule:
    return Rule(cel="", holds=holds, field=field, message=message)


class Differs(Model):
    """Where another tool does something else, on purpose."""

    there: Sentence = Field(description="What the other tool does with the same measurements.")
    why: Sentence = Field(description="Why this one does not.")


class ReleaseFacts(Model):
    """The release that the gate is part of; what is absent is as in the SafeRollout, or by default."""

    workload: Name | None = Field(default=None, description="The workload that rolls; the gate's own, else the first one.")
    batches: Batches | None = None
    bake_seconds: Seconds | None = None
    ready_seconds: Seconds = Field(default=0, description="Seconds until the new pods of a batch are available.")
    progress_deadline_seconds: PositiveSeconds | None = None
    on_failure: OnFailure | None = None
    on_inconclusive: OnInconclusive | None = None


class Measured(Model):
    """One measurement in full, where a word is not enough."""

    value: Any = Field(default=None, description="A number; NaN and Inf are some.")
    values: tuple[Any, ...] | None = Field(default=None, description="One series for each; none of them is an empty answer.")
    absent: bool = Field(default=False, description="The series does not exist, but what it counts does.")
    warning: bool = Field(default=False, description="Prometheus warned that the answer may be incomplete.")
    requests: Limit | None = Field(default=None, description="Requests behind the value.")
    age: Seconds | None = Field(default=None, description="Seconds of the oldest sample behind the value.")
    http: Annotated[int, Field(strict=True, ge=100, le=599)] | None = Field(default=None, description="HTTP status of every answer.")
    body: Any = Field(default=None, description="The raw answer to the gate's query: JSON as Prometheus sends it, or text.")
    late: Seconds = Field(default=0, description="Seconds after its instant until which there is no answer.")
    times: PositiveCount = Field(default=1, description="How often in a row.")

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(
            lambda one: sum((one.value is not None, one.values is not None, one.absent, one.http is not None, one.body is not None)) == 1,
            "a measurement is exactly one of value, values, absent, http and body: write one of them",
        ),
        _rule(
            lambda one: not one.warning or one.value is not None or one.values is not None,
            "a warning comes beside value or values; in a body it is the field warnings: remove it here",
            field="warning",
        ),
    )


class Event(Model):
    """What a person or Git does meanwhile."""

    at: Seconds | None = Field(default=None, description="Seconds from the start; without it: before the first step, as soon as it is waited for.")
    say: Said | None = None
    subject: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=200)] = "a test"
    template: NewTemplate | None = None

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(lambda event: (event.say is None) != (event.template is None), "an event is exactly one of say and template: write one of them"),
        _rule(lambda event: event.template is None or event.at is not None, "a template comes at a time: add at, in seconds", field="at"),
    )


class Expectation(Model):
    """What must be at one time."""

    at: Seconds | None = Field(default=None, description="Seconds from the start.")
    measurement: PositiveCount | None = Field(default=None, description="Right after this measurement, from 1.")
    gate: Name | None = Field(default=None, description="Of which gate; may be absent where the test has one.")
    verdict: Word | None = None
    reason: Sentence | None = Field(default=None, description="A piece of the verdict's message.")
    value: Any = Field(default=None, description="The judged number, as status shows it.")
    stalled: bool | None = Field(default=None, description="Whether its limits of inconclusive measurements or errors are exceeded.")
    release: Reaction | None = None
    batch: PositiveCount | None = Field(default=None, description="The batch under way, from 1.")
    waiting_for: Sentence | None = Field(default=None, description="A piece of what the release waits for.")

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(
            lambda one: (one.at is None) != (one.measurement is None),
            "an expectation is for exactly one of at (seconds) and measurement (from 1): write one of them",
        ),
        _rule(
            lambda one: any(
                given is not None
                for given in (one.verdict, one.reason, one.value, one.stalled, one.release, one.batch, one.waiting_for)
            ),
            "an expectation without verdict, reason, value, stalled, release, batch and waitingFor expects nothing: add one",
        ),
    )


class GateTest(Model):
    """One test: a gate, what Prometheus answers, and what must come of it."""

    name: Sentence = Field(description="A sentence that says what holds.")
    like: Sentence | None = Field(default=None, description="The scenario of another tool that this one plays.")
    differs: Differs | None = None
    saferollout: Sentence | None = Field(default=None, description="PATH or PATH#NAME of a SafeRollout, from this file; gates are named then.")
    gate: Any = Field(default=None, description="A gate as in spec.gates, or the name of one.")
    gates: Annotated[tuple[Any, ...], ListType(kind=ListKind.ATOMIC, max_items=MOST_GATES)] = ()
    phase: Phase = Phase.ROLL
    release: ReleaseFacts = ReleaseFacts()
    before: Any = Field(default=None, description="Measurements before the first step; the last one stands. Of a depth: its start.")
    measurements: Any = Field(description="Measurements from the start on.")
    verdicts: Any = Field(default=None, description="One word for each measurement.")
    events: Annotated[tuple[Event, ...], ListType(kind=ListKind.ATOMIC, max_items=MOST_ENTRIES)] = ()
    expect: Annotated[tuple[Expectation, ...], ListType(kind=ListKind.ATOMIC, max_items=MOST_ENTRIES)] = ()

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(lambda test: (test.gate is None) == bool(test.gates), "a test is of exactly one of gate and gates: write one of them", field="gate"),
        _rule(
            lambda test: test.verdicts is not None or bool(test.expect),
            "a test that expects nothing can't fail: add verdicts or expect",
            field="expect",
        ),
    )


class GateTestFile(Model):
    """One document: tests, and the SafeRollout that they take gates from."""

    saferollout: Sentence | None = None
    tests: Annotated[tuple[GateTest, ...], ListType(kind=ListKind.MAP, max_items=MOST_TESTS, min_items=1)]
