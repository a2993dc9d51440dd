"""The analysis of a release by the contracts it touches: what it may do, and how readily it says that something is wrong."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from saferollout.api.base import Model, Rule
from saferollout.api.scalars import WHOLE, DecimalText, Seconds


class AnalysisMode(StrEnum):
    """What a finding does."""

    ENFORCE = "Enforce"
    DRY_RUN = "DryRun"
    DISABLED = "Disabled"


class OnForwardOnly(StrEnum):
    """What is done where old pods can't read what new ones wrote (failure mode 5)."""

    HOLD = "Hold"
    ROLLBACK = "Rollback"


class Analysis(Model):
    """Watches every contract and workload of a release by the series that are there, and names what broke. No PromQL is needed."""

    mode: AnalysisMode | None = Field(
        default=None,
        description="Enforce: a finding holds the release or takes it back, as its action says, and a batch passes only when it is shown to be well. "
        "DryRun: it is only reported. Disabled: nothing is asked. Left out: Enforce, unless the operator has no Prometheus or gating is Disabled.",
    )
    false_alarms: DecimalText = Field(
        default=Decimal("0.01"),
        description="Chance, at most 0.1, that a release in which nothing is wrong is called worse; all comparisons of a release share it.",
    )
    highest_rate: DecimalText = Field(
        default=Decimal("0.02"),
        description="Share of bad requests, records or statements that must be ruled out before a batch passes, 95 % sure. Without any bad one 0.02 takes about "
        "170 of them on new pods, 0.1 takes 34: raise it where there is little traffic.",
    )
    interval_seconds: Annotated[int, Field(strict=True, ge=5, le=300), WHOLE] = Field(
        default=15, description="Seconds between two looks; not shorter than the interval at which Prometheus scrapes."
    )
    quiet_seconds: Seconds = Field(
        default=120,
        description="Seconds after an outage (broker, database, cache, gateway) during which the release still holds; what was measured until then is discarded.",
    )
    on_forward_only: OnForwardOnly = Field(
        default=OnForwardOnly.HOLD,
        description="Where old pods fail on what new ones wrote (failure mode 5), going back makes it worse. Hold: stop the spread and wait for "
        "a person (`saferollout forward`). Rollback: go back all the same.",
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.falseAlarms) || (double(self.falseAlarms) > 0.0 && double(self.falseAlarms) <= 0.1)",
            holds=lambda analysis: 0 < analysis.false_alarms <= Decimal("0.1"),
            field="falseAlarms",
            message='falseAlarms lies above 0 and at most at 0.1: write one such as "0.01"',
        ),
        Rule(
            cel="!has(self.highestRate) || (double(self.highestRate) > 0.0 && double(self.highestRate) <= 0.5)",
            holds=lambda analysis: 0 < analysis.highest_rate <= Decimal("0.5"),
            field="highestRate",
            message='highestRate lies above 0 and at most at 0.5: write one such as "0.02"',
        ),
    )
