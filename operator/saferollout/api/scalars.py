"""Bounded scalar types: every string has a length and a pattern, every integer a range, decimals are strings."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

LONGEST_NAME: Final = 63  # what a label value can hold
LONGEST_QUERY: Final = 4096
LONGEST_DAY_SPAN: Final = 86_400
LONGEST_YEARS_SPAN: Final = 315_360_000  # ten years: retention of a topic

VERSION_PATTERN: Final = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
DERIVED_VERSION: Final = "generation-"
"""What the versions begin with that the operator gives where nobody numbers; a number follows."""
NAME_PATTERN: Final = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
_DECIMAL_PATTERN: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=NAME_PATTERN)]
"""A name inside a SafeRollout: lower case letters, digits, `-` and `.`."""

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=NAME_PATTERN)]
"""The name of a Kubernetes object."""

Version = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=VERSION_PATTERN)]
"""A version of a contract; `1` in an annotation is the same as `"1"`."""

ForeignName = Annotated[str, Field(min_length=1, max_length=249, pattern=r"^[^\s\x00-\x1f]+$")]
"""A name that another system gave: a topic, a consumer group, a table, a schema; no spaces."""

PromQL = Annotated[str, Field(min_length=1, max_length=LONGEST_QUERY)]
"""A PromQL expression; whether it parses is told by `saferollout lint` and by the condition PlanAccepted."""


def _whole(given: Any) -> Any:
    # YAML and JSON know one kind of number; the API server takes 2.0 for 2.
    return int(given) if isinstance(given, float) and given.is_integer() else given


WHOLE: Final = BeforeValidator(_whole)

Seconds = Annotated[int, Field(strict=True, ge=0, le=LONGEST_DAY_SPAN), WHOLE]
PositiveSeconds = Annotated[int, Field(strict=True, ge=1, le=LONGEST_DAY_SPAN), WHOLE]
LongSeconds = Annotated[int, Field(strict=True, ge=0, le=LONGEST_YEARS_SPAN), WHOLE]
Limit = Annotated[int, Field(strict=True, ge=0, le=10_000), WHOLE]
PositiveCount = Annotated[int, Field(strict=True, ge=1, le=10_000), WHOLE]


def _parse_decimal(given: Any) -> Decimal:
    if isinstance(given, Decimal):
        return given
    if not isinstance(given, str):
        raise PydanticCustomError("decimal_text", 'must be a quoted decimal number such as "0.02"')
    if re.fullmatch(_DECIMAL_PATTERN, given) is None:
        raise PydanticCustomError("decimal_text", 'is no decimal number; write one such as "5" or "0.02"')
    return Decimal(given)


DecimalText = Annotated[
    Decimal,
    BeforeValidator(_parse_decimal),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": 20, "pattern": _DECIMAL_PATTERN}),
]
"""A decimal number written as a string, never a float: at most twelve digits before the point and six after."""
