"""Every field of the custom resource, from the schema that the models give to the API server."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from saferollout.api.crdgen import custom_resource_definition
from saferollout.api.names import API_VERSION, KIND
from scripts.lib.reference.markdown import anchored, code, codes, sentence, table

Schema = Mapping[str, Any]

_TOP: Final = ("spec", "status")


def api_page() -> str:
    """Write the page."""
    definition = custom_resource_definition()["spec"]
    schema = definition["versions"][0]["schema"]["openAPIV3Schema"]
    short = definition["names"]["shortNames"][0]
    rules = "\n".join(_rules("", schema))
    return f"""# API: {KIND}

{schema["description"]}

{code(f"apiVersion: {API_VERSION}")}, {code(f"kind: {KIND}")}, short name {code(short)}, in a namespace. The API server enforces what stands here,
`saferollout lint` says it before, `kubectl explain saferollout.spec --recursive` in the cluster. A field that has no default and is not required may be
absent. [Concepts](../concepts.md) and [gates](../gates.md) explain what the fields are for.

{rules}

{"".join(_object(name, schema["properties"][name]) for name in _TOP)}""".rstrip("\n") + "\n"


def _object(path: str, schema: Schema) -> str:
    """Write an object with everything below it."""
    needed = set(schema.get("required", ()))
    rows = (_row(f"{path}.{name}", field, needed=name in needed) for name, field in schema["properties"].items())
    heading = "##" if path in _TOP else "###"
    rules = [rule for name, field in [("", schema), *schema["properties"].items()] for rule in _rules(name, field)]
    below = (_object(f"{path}.{name}{'[]' if field['type'] == 'array' else ''}", inner) for name, field in schema["properties"].items() if (inner := _inner(field)))
    lines = [
        f"{heading} {anchored('', _anchor(path, 'object'))}{path}",
        f"{sentence(schema['description'])}\n" if schema.get("description") else "",
        table(("field", "type", "default", "bounds", "meaning"), rows),
        *([*rules, ""] if rules else []),
    ]
    return "\n".join(lines) + "\n" + "".join(below)


def _inner(field: Schema) -> Schema | None:
    """Return the object that a field is, or holds many of; an object without fields of its own is none."""
    held: Schema = field["items"] if field["type"] == "array" else field
    return held if held.get("properties") else None


def _row(path: str, field: Schema, *, needed: bool) -> tuple[str, ...]:
    name = path.rsplit(".", 1)[1]
    default = "required" if needed else code(json.dumps(field["default"]).strip('"')) if "default" in field else ""
    return anchored(code(name), _anchor(path)), _type(path, field), default, _bounds(field), sentence(field["description"]) if field.get("description") else ""


def _type(path: str, field: Schema) -> str:
    if field["type"] == "array":
        held = field["items"]
        return f"list of [objects](#{_anchor(path + '[]', 'object')})" if held.get("properties") else f"list of {held['type']}s"
    if field.get("properties"):
        return f"[object](#{_anchor(path, 'object')})"
    if "enum" in field:
        return f"one of {codes(field['enum'])}"
    return "time" if field.get("format") == "date-time" else str(field["type"])


def _bounds(field: Schema) -> str:
    said = [*_lengths(field)]
    if field["type"] == "array":
        said.extend(f"each {bound}" for bound in (_bounds(field["items"]),) if bound)
    return "; ".join(said)


def _lengths(field: Schema) -> Iterator[str]:
    if "minItems" in field or "maxItems" in field:
        yield f"{_span(field, 'minItems', 'maxItems')} entries"
    if field.get("x-kubernetes-list-type") == "map":
        yield f"unique by {codes(field['x-kubernetes-list-map-keys'])}"
    if field.get("x-kubernetes-list-type") == "set":
        yield "no repeats"
    if "minLength" in field or "maxLength" in field:
        yield f"{_span(field, 'minLength', 'maxLength')} characters"
    if "minimum" in field or "maximum" in field:
        yield _span(field, "minimum", "maximum")
    if "pattern" in field:
        yield code(field["pattern"])


def _span(field: Schema, least: str, most: str) -> str:
    if most not in field:
        return f"{field[least]} or more"
    return f"{field[least]} to {field[most]}" if least in field else f"at most {field[most]}"


def _rules(name: str, field: Schema) -> Iterator[str]:
    """Yield the rules of a field as lines; those of objects inside it stand with these objects."""
    if name and _inner(field) is not None and field["type"] != "array":
        return
    for rule in field.get("x-kubernetes-validations", ()):
        blamed = name or rule.get("fieldPath", "").removeprefix(".")
        yield f"- {f'{code(blamed)}: ' if blamed else ''}{rule['message']}"


def _anchor(path: str, kind: str = "") -> str:
    return "-".join(part for part in (*path.replace("[]", "").lower().split("."), kind) if part)
