"""The grammar of the annotation `saferollout.io/contracts`: what a pod template reads and writes, in YAML or JSON.

user-events: {reads: [1, 2], writes: [1], required: true}
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, NoReturn

import yaml

from saferollout.api.scalars import DERIVED_VERSION, LONGEST_NAME, VERSION_PATTERN

LONGEST_ANNOTATION: Final = 32 * 1024
MOST_CONTRACTS: Final = 400
MOST_VERSIONS: Final = 50
FIELDS: Final = ("reads", "writes", "required")

_STRING, _INTEGER, _BOOLEAN = "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:bool"
_MAPPING, _SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
_TAG_WORDS: Final = {
    "tag:yaml.org,2002:float": "a decimal number",
    "tag:yaml.org,2002:bool": "a truth value",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
    _MAPPING: "a mapping",
    _SEQUENCE: "a list",
}


@dataclass(frozen=True, slots=True)
class DeclaredUse:
    """What a template says about one contract. `reads` None: it does not read it; `line` counts from 1."""

    reads: frozenset[str] | None
    writes: frozenset[str]
    required: bool
    line: int


class BrokenDeclaration(ValueError):
    """An annotation that can't be read: the contract it is about, if one, the line from 1, and the way out."""

    def __init__(self, message: str, *, line: int, contract: str | None = None) -> None:
        self.contract = contract
        self.line = line
        self.message = message
        about = f"{contract}, line {line}" if contract else f"line {line}"
        super().__init__(f"{about}: {message}")


@lru_cache(maxsize=4096)
def parse_declaration(text: str) -> Mapping[str, DeclaredUse]:
    """Read an annotation; raise BrokenDeclaration. `{}` declares that the template has no part in any contract."""
    if len(text) > LONGEST_ANNOTATION:
        raise BrokenDeclaration(f"is longer than {LONGEST_ANNOTATION} characters", line=1)
    root = _composed(text)
    if not isinstance(root, yaml.MappingNode) or root.tag != _MAPPING:
        raise BrokenDeclaration("must map contracts to what the template reads and writes; {} means no part in any", line=_line(root))
    if len(root.value) > MOST_CONTRACTS:
        raise BrokenDeclaration(f"names more than {MOST_CONTRACTS} contracts", line=1)
    declaration: dict[str, DeclaredUse] = {}
    for name, node, line in _entries(root, contract=None):
        declaration[name] = _use(name, node, line)
    return declaration


def _composed(text: str) -> yaml.Node | None:
    try:
        return yaml.compose(_without_tabs(text), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BrokenDeclaration(f"is no YAML: {error.problem or error.context}", line=mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BrokenDeclaration("is no YAML: it holds characters or a nesting that YAML does not allow", line=1) from error


def _without_tabs(text: str) -> str:
    # JSON may be indented with tabs, which YAML refuses; inside JSON's strings a bare tab can't be.
    if "\t" not in text:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text.replace("\t", " ")


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


def _entries(node: yaml.MappingNode, *, contract: str | None) -> Iterator[tuple[str, yaml.Node, int]]:
    seen: set[str] = set()
    for key, value in node.value:
        line = _line(key)
        if not isinstance(key, yaml.ScalarNode) or key.tag != _STRING or not key.value:
            raise BrokenDeclaration("has a key that is no name; put it in quotes", line=line, contract=contract)
        if key.value in seen:
            raise BrokenDeclaration(f"{key.value} is there twice; keep one of them", line=line, contract=contract or key.value)
        seen.add(key.value)
        yield key.value, value, line


def _use(contract: str, node: yaml.Node, line: int) -> DeclaredUse:
    if not isinstance(node, yaml.MappingNode) or node.tag != _MAPPING:
        raise BrokenDeclaration("must be a mapping such as {reads: [1, 2], writes: [1]}", line=line, contract=contract)
    fields: dict[str, yaml.Node] = {}
    for field, value, place in _entries(node, contract=contract):
        if field not in FIELDS:
            raise BrokenDeclaration(f"{field} is no field of a declaration{nearest(field, FIELDS)}", line=place, contract=contract)
        fields[field] = value
    reads = _versions(contract, "reads", fields["reads"]) if "reads" in fields else None
    writes = _versions(contract, "writes", fields["writes"]) if "writes" in fields else frozenset()
    required = "required" in fields and _truth(contract, fields["required"])
    if required and reads is None:
        raise BrokenDeclaration("required stands beside reads, and reads is missing", line=line, contract=contract)
    return DeclaredUse(reads=reads, writes=writes, required=required, line=line)


def _versions(contract: str, field: str, node: yaml.Node) -> frozenset[str]:
    if not isinstance(node, yaml.SequenceNode) or node.tag != _SEQUENCE:
        raise BrokenDeclaration(f"{field} must be a list of versions such as [1, 2]", line=_line(node), contract=contract)
    if len(node.value) > MOST_VERSIONS:
        raise BrokenDeclaration(f"{field} has more than {MOST_VERSIONS} versions", line=_line(node), contract=contract)
    return frozenset(_version(contract, field, entry) for entry in node.value)


def _version(contract: str, field: str, node: yaml.Node) -> str:
    def refuse(message: str) -> NoReturn:
        raise BrokenDeclaration(f"{field}: {message}", line=_line(node), contract=contract)

    if not isinstance(node, yaml.ScalarNode) or node.tag not in (_STRING, _INTEGER):
        return _no_version(node, refuse)
    text = str(node.value)
    if node.tag == _INTEGER and re.fullmatch(r"0|[1-9][0-9]*", text) is None:
        refuse(f'{text} is no plain number; write "{text}" in quotes if that is the version')
    if len(text) > LONGEST_NAME or re.fullmatch(VERSION_PATTERN, text) is None:
        refuse(f"{text[:LONGEST_NAME]!r} is no version: letters, digits, '.', '_' and '-', at most {LONGEST_NAME} characters")
    if re.fullmatch(rf"{DERIVED_VERSION}[0-9]+", text) is not None:
        refuse(f"{text} is a name that the operator itself gives to formats that nobody numbers; choose another")
    return text


def _no_version(node: yaml.Node, refuse: Callable[[str], NoReturn]) -> NoReturn:
    what = _TAG_WORDS.get(node.tag, "something else")
    if isinstance(node, yaml.ScalarNode) and node.value:
        refuse(f'{node.value} is {what}, a version is a string or a whole number; write "{node.value}" in quotes if that is the version')
    refuse(f"a version is a string or a whole number, not {what}")


def _truth(contract: str, node: yaml.Node) -> bool:
    if not isinstance(node, yaml.ScalarNode) or node.tag != _BOOLEAN:
        raise BrokenDeclaration("required must be true or false", line=_line(node), contract=contract)
    return node.value.lower() in ("true", "yes", "on")


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint at the known name that is most like a mistyped one, or nothing."""
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {close[0]}?" if close else ""
