"""The ground of every API model: naming, rules told once for pydantic and CEL, and bounded lists.

What the API server enforces (schema, CEL) and what pydantic enforces offline have one source each: a `Rule` carries both texts of a
rule, a `ListType` both meanings of a list.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

# Field names that are, or would hide, a word of Python or a name of pydantic.
_SPOKEN_NAMES: Final = {"maximum": "max", "minimum": "min", "schema_name": "schema", "taken_from": "from"}

BROKEN_RULES: Final = "broken_rules"


def to_wire(name: str) -> str:
    """Name a field as it is written in YAML."""
    return _SPOKEN_NAMES.get(name, to_camel(name))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule between the fields of a model, in CEL for the API server and in Python for everybody else.

    `field` is the wire name of the field to blame, `message` says what must hold and the way out. `culprits` names who breaks it;
    only offline, because naming them costs more than the API server lets a rule cost.
    """

    cel: str
    holds: Callable[[Any], bool]
    field: str
    message: str
    culprits: Callable[[Any], Iterable[str]] | None = None

    def said_of(self, model: Any) -> str:
        """Say the message about what breaks the rule."""
        return f"{self.message} ({', '.join(self.culprits(model))})" if self.culprits else self.message


class Model(BaseModel):
    """A frozen part of a custom resource: camelCase in YAML, snake_case in Python, null means absent."""

    model_config = ConfigDict(
        alias_generator=to_wire,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        described = handler.resolve_ref_schema(handler(schema))
        if cls.rules:
            described["x-kubernetes-validations"] = [described_rule(rule) for rule in cls.rules]
        return described

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        # The API server prunes null from fields that are not nullable before it defaults them.
        if not isinstance(given, dict):
            return given
        return {key: value for key, value in given.items() if value is not None}

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        broken = [rule for rule in self.rules if not rule.holds(self)]
        if broken:
            details = {"broken": [(rule.field, rule.said_of(self)) for rule in broken]}
            raise PydanticCustomError(BROKEN_RULES, "{broken}", details)
        return self


class ListKind(StrEnum):
    """How server-side apply merges a list."""

    MAP = "map"
    SET = "set"
    ATOMIC = "atomic"


@dataclass(frozen=True, slots=True)
class ListType:
    """Bounds of a list and how it is merged; entries of a map are unique by `key`, those of a set by value."""

    kind: ListKind
    max_items: int
    min_items: int = 0
    key: str = "name"
    rules: tuple[Rule, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        described = dict(handler(schema))
        described["maxItems"] = self.max_items
        described["x-kubernetes-list-type"] = self.kind.value
        if self.min_items:
            described["minItems"] = self.min_items
        if self.kind is ListKind.MAP:
            described["x-kubernetes-list-map-keys"] = [self.key]
        if self.rules:
            described["x-kubernetes-validations"] = [described_rule(rule) for rule in self.rules]
        return described

    def check(self, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the entries, or say which bound, repetition or rule is broken."""
        if not self.min_items <= len(entries) <= self.max_items:
            raise PydanticCustomError("list_length", f"has {len(entries)} entries, must have {self.min_items} to {self.max_items}")
        repeated = _first_repeated(self._identities(entries))
        if repeated is not None:
            raise PydanticCustomError("list_repeats", "{repeated} is there twice; keep one of them", {"repeated": repr(repeated)})
        broken = [("", rule.said_of(entries)) for rule in self.rules if not rule.holds(entries)]
        if broken:
            raise PydanticCustomError(BROKEN_RULES, "{broken}", {"broken": broken})
        return entries

    def _identities(self, entries: tuple[Any, ...]) -> Iterable[str]:
        match self.kind:
            case ListKind.MAP:
                return [getattr(entry, self.key) for entry in entries]
            case ListKind.SET:
                return entries
            case ListKind.ATOMIC:
                return ()


def described_rule(rule: Rule) -> dict[str, str]:
    """Describe a rule as an entry of `x-kubernetes-validations`."""
    described = {"rule": rule.cel, "message": rule.message, "reason": "FieldValueInvalid"}
    if rule.field:
        described["fieldPath"] = f".{rule.field}"
    return described


def _first_repeated(identities: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for identity in identities:
        if identity in seen:
            return identity
        seen.add(identity)
    return None
