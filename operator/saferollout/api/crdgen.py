"""Write the CustomResourceDefinition from the models: `python -m saferollout.api.crdgen > crds/saferollout.io_saferollouts.yaml`.

Pydantic speaks JSON Schema, the API server wants a structural schema: everything inline, no null, no unknown keywords.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

import yaml

from saferollout.api.base import Model
from saferollout.api.names import GROUP, KIND, PLURAL, VERSION
from saferollout.api.saferollout import SafeRollout
from saferollout.api.status import UNSEEN

HEADER: Final = "# Generated from the models in operator/saferollout/api by `python -m saferollout.api.crdgen`; edit those.\n"

# The order in which a person reads a schema; what is not here would be a keyword that nobody checked.
_KEYWORDS: Final = (
    "description",
    "type",
    "format",
    "default",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-validations",
    "required",
    "items",
    "properties",
)
_DROPPED: Final = frozenset({"title", "additionalProperties"})

# Lists of the status are written by one party and never merged; the bound only keeps the object small.
_STATUS_LIST: Final[Mapping[str, Any]] = {"maxItems": 1000, "x-kubernetes-list-type": "atomic"}

_COLUMNS: Final = (
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "State", "type": "string", "jsonPath": ".status.summary.state"},
    {"name": "Step", "type": "string", "jsonPath": ".status.summary.step"},
    {"name": "Waiting-For", "type": "string", "jsonPath": ".status.summary.waitingFor"},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Message", "type": "string", "jsonPath": ".status.summary.message", "priority": 1},
)


class UnstructuredSchema(Exception):
    """A model uses something that a structural schema can't say; the model has to change."""


def custom_resource_definition() -> dict[str, Any]:
    """Build the CustomResourceDefinition of SafeRollout."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": ["sro"],
                "categories": ["saferollout"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [dict(column) for column in _COLUMNS],
                    "schema": {"openAPIV3Schema": _schema()},
                }
            ],
        },
    }


def _schema() -> dict[str, Any]:
    schema = structural(SafeRollout)
    properties = schema["properties"]
    # The API server owns these and accepts no more than their types.
    for owned in ("apiVersion", "kind"):
        properties[owned] = {"description": properties[owned]["description"], "type": "string"}
    # A rule speaks of the name, so the schema has to know it.
    properties["metadata"] = {"type": "object", "properties": {"name": {"type": "string"}}}
    properties["status"] = _as_written(properties["status"])
    conditions = properties["status"]["properties"]["conditions"]
    conditions |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    properties["status"]["default"] = {"observedGeneration": UNSEEN}
    return _in_reading_order(schema)


def structural(model: type[Model]) -> dict[str, Any]:
    """Describe a model as a structural schema; raise UnstructuredSchema where it says more than such a schema can."""
    described = model.model_json_schema(by_alias=True, mode="validation")
    return _in_reading_order(_structural(described, described.get("$defs", {})))


def _structural(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Rewrite one node of pydantic's schema as a structural one; siblings of a reference win over what it names."""
    flat = _inlined(node, definitions)
    if "const" in flat:
        flat["enum"] = [flat.pop("const")]
    if "properties" in flat:
        flat["properties"] = {name: _structural(child, definitions) for name, child in flat["properties"].items()}
    if "items" in flat:
        flat["items"] = _structural(flat["items"], definitions)
    if flat.get("default") == []:
        del flat["default"]  # absent says the same, and stored objects stay as short as their manifests
    if isinstance(flat.get("default"), dict):
        # A field that means something when it is absent: null is not of its type, and the API server refuses it.
        flat["default"] = {name: value for name, value in flat["default"].items() if value is not None}
    if "description" in flat:
        flat["description"] = _one_paragraph(flat["description"])
    return {keyword: value for keyword, value in flat.items() if keyword not in _DROPPED}


def _inlined(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    flat = {keyword: value for keyword, value in node.items() if keyword != "$defs"}
    while True:
        if "$ref" in flat:
            reference = flat.pop("$ref")
            flat = {**definitions[reference.rsplit("/", 1)[-1]], **flat}
        elif "anyOf" in flat:
            # An optional field: absent says the same as null.
            alternatives = [alternative for alternative in flat.pop("anyOf") if alternative != {"type": "null"}]
            if len(alternatives) != 1:
                raise UnstructuredSchema(f"{node} has several types: give each its own field")
            flat = {**alternatives[0], **flat}
            if flat.get("default", ...) is None:
                del flat["default"]
        else:
            return flat


def _as_written(node: dict[str, Any]) -> dict[str, Any]:
    """Leave out defaults, so that the API server stores a status exactly as the operator wrote it, and bound its lists."""
    kept = {keyword: value for keyword, value in node.items() if keyword != "default"}
    if kept.get("type") == "array":
        kept = {**_STATUS_LIST, **kept}
    if "items" in kept:
        kept["items"] = _as_written(kept["items"])
    if "properties" in kept:
        kept["properties"] = {name: _as_written(child) for name, child in kept["properties"].items()}
    return kept


def _in_reading_order(node: dict[str, Any]) -> dict[str, Any]:
    unknown = node.keys() - set(_KEYWORDS)
    if unknown:
        raise UnstructuredSchema(f"{sorted(unknown)} in {node.get('description', node)}: no structural schema has these")
    ordered: dict[str, Any] = {keyword: node[keyword] for keyword in _KEYWORDS if keyword in node}
    if "items" in ordered:
        ordered["items"] = _in_reading_order(ordered["items"])
    if "properties" in ordered:
        ordered["properties"] = {name: _in_reading_order(child) for name, child in ordered["properties"].items()}
    return ordered


def _one_paragraph(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class _Dumper(yaml.SafeDumper):
    """Writes every value in full: anchors would only be shorter for machines."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def render() -> str:
    """Return the file as it is committed."""
    body: str = yaml.dump(custom_resource_definition(), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)
    return HEADER + body


if __name__ == "__main__":
    sys.stdout.write(render())
