"""The definition is what the models say, and keeps the conventions of Kubernetes APIs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from saferollout.api.base import Model, Rule
from saferollout.api.contracts import Contract
from saferollout.api.crdgen import UnstructuredSchema, custom_resource_definition, render, structural
from saferollout.api.gates import Gate
from saferollout.api.spec import SafeRolloutSpec

COMMITTED = Path(__file__).parents[3] / "crds" / "saferollout.io_saferollouts.yaml"

# Above this kubectl apply can't keep the last applied object in an annotation.
CLIENT_SIDE_APPLY_BYTES = 262_144


def version() -> dict[str, Any]:
    served: dict[str, Any] = custom_resource_definition()["spec"]["versions"][0]
    return served


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}".removeprefix("."))
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


def schemas(below: str = "") -> list[tuple[str, dict[str, Any]]]:
    return [(path, node) for path, node in nodes(version()["schema"]["openAPIV3Schema"]) if path.startswith(below)]


def test_the_committed_definition_is_what_the_models_say() -> None:
    assert COMMITTED.read_text() == render(), "run: python -m saferollout.api.crdgen > crds/saferollout.io_saferollouts.yaml"


def test_the_definition_is_small_enough_for_client_side_apply() -> None:
    assert len(COMMITTED.read_bytes()) < CLIENT_SIDE_APPLY_BYTES


def test_status_is_a_subresource_and_nothing_scales() -> None:
    assert version()["subresources"] == {"status": {}}


def test_every_column_reads_a_field_that_exists() -> None:
    paths = {f".{path}" for path, _ in schemas()} | {".metadata.creationTimestamp"}
    read = {column["jsonPath"].replace('[?(@.type=="Ready")]', "[]") for column in version()["additionalPrinterColumns"]}
    assert read - paths == set()


def test_every_node_has_one_type() -> None:
    assert [path for path, node in schemas() if not isinstance(node.get("type"), str)] == []


def test_nothing_is_a_float_and_no_user_writes_a_truth_value() -> None:
    assert [path for path, node in schemas() if node["type"] == "number"] == []
    assert [path for path, node in schemas("spec") if node["type"] == "boolean"] == []


def test_no_field_is_called_phase() -> None:
    assert [path for path, _ in schemas() if "phase" in path.lower()] == []


def test_every_list_says_how_it_merges_and_how_long_it_may_be() -> None:
    lists = [(path, node) for path, node in schemas() if node["type"] == "array"]
    assert lists
    assert [path for path, node in lists if not {"maxItems", "x-kubernetes-list-type"} <= node.keys()] == []


def test_the_keys_of_a_list_map_are_required() -> None:
    for path, node in schemas():
        for key in node.get("x-kubernetes-list-map-keys", ()):
            assert key in node["items"]["required"], path


def test_every_string_is_bounded() -> None:
    free = {"apiVersion", "kind", "metadata.name"}  # the API server bounds these itself
    strings = [(path, node) for path, node in schemas() if node["type"] == "string" and path not in free]
    assert [path for path, node in strings if not ({"maxLength", "enum"} & node.keys() or node.get("format") == "date-time")] == []


def test_every_integer_that_a_user_writes_is_bounded() -> None:
    integers = [(path, node) for path, node in schemas("spec") if node["type"] == "integer"]
    assert [path for path, node in integers if not {"minimum", "maximum"} <= node.keys()] == []


def test_every_field_that_a_user_writes_is_documented() -> None:
    assert [path for path, node in schemas("spec") if "description" not in node and not path.endswith("[]")] == []


def test_nothing_required_has_a_default() -> None:
    for path, node in schemas():
        for name in node.get("required", ()):
            assert "default" not in node["properties"][name], f"{path}.{name}"


def test_no_default_has_a_null_in_it_which_the_api_server_refuses() -> None:
    defaults = [(path, node["default"]) for path, node in schemas() if isinstance(node.get("default"), dict)]
    assert defaults
    assert [path for path, default in defaults if None in default.values()] == []


def test_the_status_has_no_defaults_so_that_it_is_stored_as_written() -> None:
    assert [path for path, node in schemas("status.") if "default" in node] == []


def test_a_new_object_says_that_nobody_has_looked_at_it() -> None:
    """kstatus takes an object without conditions and with no generation to compare for done."""
    assert dict(schemas())["status"]["default"] == {"observedGeneration": -1}


@pytest.mark.parametrize(("model", "path"), [(SafeRolloutSpec, "spec"), (Contract, "spec.contracts[]"), (Gate, "spec.gates[]")])
def test_the_server_is_told_every_rule_of_a_model(model: type[Model], path: str) -> None:
    told = dict(schemas())[path]["x-kubernetes-validations"]
    assert [(rule["rule"], rule["message"]) for rule in told] == [(rule.cel, rule.message) for rule in model.rules]


def test_rules_blame_fields_that_exist() -> None:
    for path, node in schemas():
        for rule in node.get("x-kubernetes-validations", ()):
            field = rule.get("fieldPath", "").removeprefix(".")
            assert not field or f"{path}.{field}".removeprefix(".") in dict(schemas()), rule


def test_a_field_of_two_types_is_refused_by_the_generator() -> None:
    class Ambiguous(Model):
        """Something that no structural schema says."""

        value: int | str = Field(description="Both.")

    with pytest.raises(UnstructuredSchema, match="several types"):
        structural(Ambiguous)


def test_a_keyword_that_no_structural_schema_has_is_refused_by_the_generator() -> None:
    class Odd(Model):
        """Something that pydantic says and the API server doesn't know."""

        value: str = Field(description="Odd.", json_schema_extra={"examples": ["a"]})

    with pytest.raises(UnstructuredSchema, match="examples"):
        structural(Odd)


def test_a_rule_of_a_model_is_broken_and_described_by_the_same_object() -> None:
    rule = Rule(cel="self.value > 1", holds=lambda pair: pair.value > 1, field="value", message="raise it")

    class Ruled(Model):
        """A model with one rule."""

        rules = (rule,)
        value: int = Field(description="Some number.")

    assert structural(Ruled)["x-kubernetes-validations"][0]["rule"] == rule.cel
    with pytest.raises(ValueError, match="raise it"):
        Ruled(value=1)
