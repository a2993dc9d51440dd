"""Gates: what must hold while a release goes on, and the limits of each."""

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Final

from pydantic import Field

from saferollout.api.base import Model, Rule
from saferollout.api.scalars import DecimalText, ForeignName, Limit, Name, PositiveCount, PositiveSeconds, PromQL, Seconds

DEFAULT_QUANTILE: Final = Decimal("0.99")
DEFAULT_MINIMUM_REQUESTS: Final = 20


class Signal(StrEnum):
    """Typed signals: the operator knows the series, so no PromQL is needed."""

    DEAD_LETTER_DEPTH = "DeadLetterDepth"
    DEAD_LETTER_GROWTH = "DeadLetterGrowth"
    CONSUMER_LAG = "ConsumerLag"
    CLIENT_ERROR_RATIO = "ClientErrorRatio"
    SERVER_ERROR_RATIO = "ServerErrorRatio"
    LATENCY = "Latency"


TOPIC_SIGNALS: Final = frozenset({Signal.DEAD_LETTER_DEPTH, Signal.DEAD_LETTER_GROWTH, Signal.CONSUMER_LAG})
RATIO_SIGNALS: Final = frozenset({Signal.CLIENT_ERROR_RATIO, Signal.SERVER_ERROR_RATIO})
REQUEST_SIGNALS: Final = RATIO_SIGNALS | {Signal.LATENCY}


class GateMode(StrEnum):
    """What a failing gate does."""

    ENFORCE = "Enforce"
    DRY_RUN = "DryRun"


def _signal_in(signals: frozenset[Signal]) -> str:
    listed = ", ".join(f"'{signal}'" for signal in Signal if signal in signals)
    return f"(has(self.signal) && self.signal in [{listed}])"


def _thresholds_within(gate: "Gate", *, lowest: int, highest: float) -> bool:
    given = (threshold for threshold in (gate.minimum, gate.maximum) if threshold is not None)
    return all(lowest <= threshold <= highest for threshold in given)


class Gate(Model):
    """A measurement and the limits that it must keep: exactly one of signal and promql, at least one of max and min."""

    name: Name = Field(description="Name of the gate, as status and events show it.")
    signal: Signal | None = Field(
        default=None,
        description="Typed signal. DeadLetterDepth: records in the contract's dead-letter topic, minus those at the start of the release. "
        "DeadLetterGrowth: records that came to it in windowSeconds. ConsumerLag: records the contract's consumer groups are behind, "
        "minus those at the start. ClientErrorRatio and ServerErrorRatio: share (0 to 1) of answers 4xx or 5xx of the workload's new pods. "
        "Latency: seconds, at `quantile`.",
    )
    promql: PromQL | None = Field(
        default=None,
        description="PromQL with one number as its answer. $new, $old and $all become the pod names of the new, the old and all pods "
        "as an alternation for =~, $namespace the namespace; a matcher for the namespace is put into every selector.",
    )
    contract: Name | None = Field(
        default=None, description="Contract (a topic) that the signal looks at; for DeadLetterDepth, DeadLetterGrowth and ConsumerLag."
    )
    consumer_group: ForeignName | None = Field(
        default=None, description="ConsumerLag only: the one group to look at. Without it: every group of the contract."
    )
    workload: Name | None = Field(
        default=None,
        description="Workload whose pods are measured; needed for ClientErrorRatio, ServerErrorRatio and Latency. With promql it "
        "chooses the pods behind $new, $old and $all; without it they are the pods of every workload of this SafeRollout.",
    )
    maximum: DecimalText | None = Field(
        default=None, description='Highest value that still passes, a decimal number in quotes such as "0.02".'
    )
    minimum: DecimalText | None = Field(
        default=None, description='Lowest value that still passes, a decimal number in quotes such as "0.9".'
    )
    quantile: DecimalText | None = Field(
        default=None, description='Latency only: which quantile, above 0 and below 1, a decimal number in quotes. "0.99" where absent.'
    )
    minimum_requests: PositiveCount | None = Field(
        default=None,
        description="ClientErrorRatio, ServerErrorRatio and Latency only: fewer requests than this on new pods in windowSeconds "
        "are inconclusive. 20 where absent.",
    )
    window_seconds: PositiveSeconds = Field(
        default=60,
        description="Seconds that one measurement of a ratio, a latency or a growth looks back. Depths and promql do not use it.",
    )
    interval_seconds: PositiveSeconds = Field(default=15, description="Seconds between two measurements.")
    initial_delay_seconds: Seconds = Field(default=0, description="Seconds from the start of a step to the first measurement.")
    count: PositiveCount = Field(
        default=1,
        description="Conclusive measurements that a step needs before it can pass; the bake lasts until they are there. "
        "A gate that was never measured has not passed.",
    )
    failure_limit: Limit = Field(
        default=0,
        description="Failed measurements that one step tolerates, counted over the whole step; one more fails the step. "
        "Must stay below the number of measurements that a bake takes.",
    )
    inconclusive_limit: Limit | None = Field(
        default=None,
        description="Inconclusive measurements after which the release counts as stalled. It goes on holding and never rolls back "
        "for them. Without it there is no limit.",
    )
    consecutive_error_limit: Limit = Field(
        default=4,
        description="Queries failing one after the other that are tolerated before the release counts as stalled. "
        "It goes on holding and never rolls back for them.",
    )
    mode: GateMode = Field(
        default=GateMode.ENFORCE, description="Enforce: a failing gate stops the release. DryRun: it is measured and reported only."
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.signal) != has(self.promql)",
            holds=lambda gate: (gate.signal is None) != (gate.promql is None),
            field="",
            message="a gate measures exactly one of signal and promql: write one of them and remove the other",
        ),
        Rule(
            cel="has(self.max) || has(self.min)",
            holds=lambda gate: gate.maximum is not None or gate.minimum is not None,
            field="",
            message='a gate without max and min judges nothing: write at least one, such as max: "5"',
        ),
        Rule(
            cel="!has(self.max) || !has(self.min) || double(self.min) <= double(self.max)",
            holds=lambda gate: gate.maximum is None or gate.minimum is None or float(gate.minimum) <= float(gate.maximum),
            field="min",
            message="min is above max, so no value could ever pass: lower min or raise max",
        ),
        Rule(
            cel=f"has(self.contract) == {_signal_in(TOPIC_SIGNALS)}",
            holds=lambda gate: (gate.contract is not None) == (gate.signal in TOPIC_SIGNALS),
            field="contract",
            message="contract belongs to DeadLetterDepth, DeadLetterGrowth and ConsumerLag, which need it: add or remove it",
        ),
        Rule(
            cel=f"!{_signal_in(REQUEST_SIGNALS)} || has(self.workload)",
            holds=lambda gate: gate.signal not in REQUEST_SIGNALS or gate.workload is not None,
            field="workload",
            message="ClientErrorRatio, ServerErrorRatio and Latency measure the pods of one workload: add workload",
        ),
        Rule(
            cel=f"!has(self.workload) || !{_signal_in(TOPIC_SIGNALS)}",
            holds=lambda gate: gate.workload is None or gate.signal not in TOPIC_SIGNALS,
            field="workload",
            message="DeadLetterDepth, DeadLetterGrowth and ConsumerLag look at a topic, not at pods: remove workload",
        ),
        Rule(
            cel="!has(self.consumerGroup) || (has(self.signal) && self.signal == 'ConsumerLag')",
            holds=lambda gate: gate.consumer_group is None or gate.signal is Signal.CONSUMER_LAG,
            field="consumerGroup",
            message="only ConsumerLag has a consumer group: remove consumerGroup",
        ),
        Rule(
            cel="!has(self.quantile) || (has(self.signal) && self.signal == 'Latency')",
            holds=lambda gate: gate.quantile is None or gate.signal is Signal.LATENCY,
            field="quantile",
            message="only Latency has a quantile: remove quantile",
        ),
        Rule(
            cel="!has(self.quantile) || (double(self.quantile) > 0.0 && double(self.quantile) < 1.0)",
            holds=lambda gate: gate.quantile is None or 0 < gate.quantile < 1,
            field="quantile",
            message='a quantile lies between 0 and 1: write one such as "0.99"',
        ),
        Rule(
            cel=f"!has(self.minimumRequests) || {_signal_in(REQUEST_SIGNALS)}",
            holds=lambda gate: gate.minimum_requests is None or gate.signal in REQUEST_SIGNALS,
            field="minimumRequests",
            message="only ClientErrorRatio, ServerErrorRatio and Latency count requests, so this limit could never be met: remove it",
        ),
        Rule(
            cel="!has(self.signal) || ((!has(self.max) || double(self.max) >= 0.0) && (!has(self.min) || double(self.min) >= 0.0))",
            holds=lambda gate: gate.signal is None or _thresholds_within(gate, lowest=0, highest=float("inf")),
            field="",
            message="signals are never below 0, so max and min must not be negative",
        ),
        Rule(
            cel=f"!{_signal_in(RATIO_SIGNALS)} || "
            "((!has(self.max) || double(self.max) <= 1.0) && (!has(self.min) || double(self.min) <= 1.0))",
            holds=lambda gate: gate.signal not in RATIO_SIGNALS or _thresholds_within(gate, lowest=-(10**12), highest=1),
            field="",
            message='a ratio lies between 0 and 1, so max and min must too: 2 % is "0.02"',
        ),
    )
