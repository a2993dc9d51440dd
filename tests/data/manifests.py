"""SafeRollouts that are right or wrong in one place, with the answer that everybody must give.

The unit tests ask pydantic, the cluster tests the real API server.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
REMOVED = object()
_EXAMPLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "saferollout.yaml").read_text())


@dataclass(frozen=True, slots=True)
class Case:
    """A changed example. `blamed` is the field that an error has to name; empty where the object is right."""

    sentence: str
    changes: Mapping[Place, Any]
    blamed: str = ""

    @property
    def manifest(self) -> dict[str, Any]:
        """Return the whole object."""
        return changed(self.changes)


def example() -> dict[str, Any]:
    """Return the example, one of everything."""
    return deepcopy(_EXAMPLE)


def changed(changes: Mapping[Place, Any]) -> dict[str, Any]:
    """Return the example with values put in place; a list grows by one where the index is its length."""
    manifest = example()
    for path, value in changes.items():
        put(manifest, path, value)
    return manifest


def put(manifest: Any, path: Sequence[str | int], value: Any) -> None:
    """Set, append or remove one value."""
    *parents, last = path
    for part in parents:
        manifest = manifest[part]
    if value is REMOVED:
        del manifest[last]
    elif isinstance(manifest, list) and last == len(manifest):
        manifest.append(deepcopy(value))
    else:
        manifest[last] = deepcopy(value)


def paths(value: Any, prefix: Place = ()) -> Iterator[Place]:
    """Walk every place below a value, the inner ones after the outer."""
    entries: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, child in entries:
        yield (*prefix, part)
        yield from paths(child, (*prefix, part))


def spec(*path: str | int) -> Place:
    """Write a path below spec."""
    return ("spec", *path)


def gate(index: int, field: str) -> Place:
    """Write the path of a field of a gate."""
    return spec("gates", index, field)


def contract(index: int, *path: str | int) -> Place:
    """Write a path below a contract."""
    return spec("contracts", index, *path)


DEAD_LETTERS, CLIENT_ERRORS, PROMQL, LAG, LATENCY = range(5)
USER_EVENTS, USERS_API, USERS, SESSIONS, INVOICES = range(5)
BILLING = 1

_A_WORKLOAD = {"name": "gateway"}
_A_GATE = {"name": "more", "promql": "up", "max": "1"}

RIGHT = (
    Case("the example", {}),
    Case("workloads alone", {("spec",): {"workloads": [{"name": "shop"}]}}),
    Case(
        "workloads and contracts with roles",
        {
            ("spec",): {
                "workloads": [{"name": "shop"}, {"name": "bank"}],
                "contracts": [{"name": "orders", "topic": {"name": "orders"}, "readers": ["bank"], "writers": ["shop"]}],
            }
        },
    ),
    Case("an API without roles", {contract(USERS_API, "api"): {}}),
    Case("a cache without a time to live", {contract(SESSIONS, "cache"): {}}),
    Case("null means absent", {gate(DEAD_LETTERS, "promql"): None, spec("mode"): None, contract(USERS, "cache"): None}),
    Case("a paused SafeRollout", {spec("mode"): "Paused"}),
    Case("a gate with a lower bound only", {gate(PROMQL, "max"): REMOVED, gate(PROMQL, "min"): "-1.5"}),
    Case("min equal to max", {gate(PROMQL, "min"): "0.8"}),
    Case("a ratio of one", {gate(CLIENT_ERRORS, "max"): "1"}),
    Case("a promql gate about one workload", {gate(PROMQL, "workload"): "gateway"}),
    Case("a promql gate of no workload", {spec("gates", 5): _A_GATE}),
    Case("dead letters that grow", {gate(DEAD_LETTERS, "signal"): "DeadLetterGrowth"}),
    Case("lag of every group", {gate(LAG, "consumerGroup"): REMOVED}),
    Case("errors of the server", {gate(CLIENT_ERRORS, "signal"): "ServerErrorRatio"}),
    Case("a count above the failures that are tolerated", {gate(PROMQL, "failureLimit"): 20, gate(PROMQL, "count"): 21}),
    Case("one batch", {spec("workloads", BILLING, "batches"): ["1%"]}),
    Case("twenty batches", {spec("workloads", BILLING, "batches"): [f"{share}%" for share in range(4, 84, 4)]}),
    Case("no batches", {spec("workloads", BILLING, "batches"): []}),
    Case("no bake", {spec("bakeSeconds"): 0, gate(PROMQL, "failureLimit"): 0}),
    Case(
        "a kind that nobody supports is told later",
        {spec("workloads", 3, "workloadRef"): {"apiVersion": "example.org/v1beta1", "kind": "Widget", "name": "gateway"}},
    ),
    Case("an external reader of a workload here", {contract(USER_EVENTS, "externalReaders", 1, "from", "namespace"): REMOVED}),
    Case("a role that names nobody is told later", {contract(INVOICES, "readers"): ["nobody"]}),
    Case("a version that is a word", {contract(USER_EVENTS, "baseVersion"): "2026.1-rc"}),
    Case(
        "two hundred workloads",
        {spec("workloads"): [*example()["spec"]["workloads"], *({"name": f"service-{number}"} for number in range(196))]},
    ),
    *(
        Case(f"the word {word}", {contract(INVOICES, "compatibility"): word})
        for word in ("Backward", "BackwardTransitive", "Forward", "ForwardTransitive", "Full", "FullTransitive", "None")
    ),
)

WRONG = (
    Case("no spec", {("spec",): REMOVED}, "spec"),
    Case("no workloads", {spec("workloads"): REMOVED}, "spec.workloads"),
    Case("an empty list of workloads", {spec("workloads"): []}, "spec.workloads"),
    Case("201 workloads", {spec("workloads"): [{"name": f"service-{number}"} for number in range(201)]}, "spec.workloads"),
    Case("a workload without a name", {spec("workloads", 0): {}}, "spec.workloads[0].name"),
    Case("a workload in capitals", {spec("workloads", 0, "name"): "Shop"}, "spec.workloads[0].name"),
    Case("a workload twice", {spec("workloads", 4): _A_WORKLOAD}, "spec.workloads"),
    Case("a contract twice", {contract(INVOICES, "name"): "users"}, "spec.contracts"),
    Case("a gate twice", {gate(PROMQL, "name"): "dead-letters"}, "spec.gates"),
    Case("a reference without a name", {spec("workloads", 3, "workloadRef"): {}}, "spec.workloads[3].workloadRef.name"),
    Case(
        "a kind that no kind looks like", {spec("workloads", 3, "workloadRef", "kind"): "deployment"}, "spec.workloads[3].workloadRef.kind"
    ),
    Case("a name too long for a label", {("metadata", "name"): "a" * 64}, "metadata.name"),
    Case("batches that fall", {spec("workloads", BILLING, "batches"): ["50%", "20%"]}, "spec.workloads[1].batches"),
    Case("a batch twice", {spec("workloads", BILLING, "batches"): ["50%", "50%"]}, "spec.workloads[1].batches"),
    Case("batches sorted as text only", {spec("workloads", BILLING, "batches"): ["10%", "9%"]}, "spec.workloads[1].batches"),
    Case("a batch of 0%", {spec("workloads", BILLING, "batches"): ["0%"]}, "spec.workloads[1].batches[0]"),
    Case("a batch of 100%", {spec("workloads", BILLING, "batches"): ["100%"]}, "spec.workloads[1].batches[0]"),
    Case("a batch of pods", {spec("workloads", BILLING, "batches"): [3]}, "spec.workloads[1].batches[0]"),
    Case("a contract that is two things", {contract(USERS, "cache"): {}}, "spec.contracts[2]"),
    Case("a contract that is nothing", {contract(USERS, "table"): REMOVED}, "spec.contracts[2]"),
    Case("a topic without a name", {contract(INVOICES, "topic"): {}}, "spec.contracts[4].topic.name"),
    Case("an API with readers", {contract(USERS_API, "readers"): ["gateway"]}, "spec.contracts[1].api"),
    Case("an API that drains", {contract(USERS_API, "drained"): {"promql": "x"}}, "spec.contracts[1].drained"),
    Case("an API that stores", {contract(USERS_API, "storedVersions"): ["1"]}, "spec.contracts[1].storedVersions"),
    Case("a version that is a number", {contract(USER_EVENTS, "baseVersion"): 1}, "spec.contracts[0].baseVersion"),
    Case("a stored version twice", {contract(USER_EVENTS, "storedVersions"): ["1", "1"]}, "spec.contracts[0].storedVersions"),
    Case(
        "an external reader of nothing",
        {contract(USER_EVENTS, "externalReaders", 0, "reads"): []},
        "spec.contracts[0].externalReaders[0].reads",
    ),
    Case(
        "an external reader with versions and a workload",
        {contract(USER_EVENTS, "externalReaders", 1, "reads"): ["1"]},
        "spec.contracts[0].externalReaders[1]",
    ),
    Case(
        "an external writer with neither versions nor a workload",
        {contract(USER_EVENTS, "externalWriters", 0, "writes"): REMOVED},
        "spec.contracts[0].externalWriters[0]",
    ),
    Case(
        "an external reader of no workload",
        {contract(USER_EVENTS, "externalReaders", 1, "from", "workload"): REMOVED},
        "spec.contracts[0].externalReaders[1].from.workload",
    ),
    Case(
        "a group twice", {contract(USER_EVENTS, "topic", "consumerGroups", 1, "group"): "billing"}, "spec.contracts[0].topic.consumerGroups"
    ),
    Case("a word that Confluent doesn't have", {contract(INVOICES, "compatibility"): "Sideways"}, "spec.contracts[4].compatibility"),
    Case("a proof without a query", {contract(USERS, "drained"): {}}, "spec.contracts[2].drained.promql"),
    Case("a mode that doesn't exist", {spec("mode"): "Manual"}, "spec.mode"),
    Case("no workload at a time", {spec("maxParallel"): 0}, "spec.maxParallel"),
    Case("a deadline of nothing", {spec("progressDeadlineSeconds"): 0}, "spec.progressDeadlineSeconds"),
    Case("a bake of minus one second", {spec("bakeSeconds"): -1}, "spec.bakeSeconds"),
    Case("a bake as text", {spec("bakeSeconds"): "60"}, "spec.bakeSeconds"),
    Case("a bake with a fraction", {spec("bakeSeconds"): 1.5}, "spec.bakeSeconds"),
    Case("a bake that never ends", {spec("bakeSeconds"): 86401}, "spec.bakeSeconds"),
    Case("an unknown field", {spec("maxUnavailable"): 1}, "spec.maxUnavailable"),
    Case("an unknown field deep inside", {gate(DEAD_LETTERS, "limit"): "1"}, "spec.gates[0].limit"),
    Case("a Python name of a field", {gate(DEAD_LETTERS, "maximum"): "1"}, "spec.gates[0].maximum"),
    Case("an unknown signal", {gate(DEAD_LETTERS, "signal"): "DeadLetters"}, "spec.gates[0].signal"),
    Case("a gate that measures nothing", {gate(PROMQL, "promql"): REMOVED}, "spec.gates[2]"),
    Case("a gate that measures two things", {gate(DEAD_LETTERS, "promql"): "up"}, "spec.gates[0]"),
    Case("a gate that judges nothing", {gate(DEAD_LETTERS, "max"): REMOVED}, "spec.gates[0]"),
    Case("a threshold that is a float", {gate(CLIENT_ERRORS, "max"): 0.02}, "spec.gates[1].max"),
    Case("a threshold that is no number", {gate(DEAD_LETTERS, "max"): "five"}, "spec.gates[0].max"),
    Case("a threshold in percent", {gate(CLIENT_ERRORS, "max"): "2%"}, "spec.gates[1].max"),
    Case("a threshold with too many digits", {gate(PROMQL, "max"): "0.1234567"}, "spec.gates[2].max"),
    Case("min above max", {gate(PROMQL, "min"): "0.81"}, "spec.gates[2].min"),
    Case("fewer than no dead letters", {gate(DEAD_LETTERS, "max"): "-1"}, "spec.gates[0]"),
    Case("a ratio above one", {gate(CLIENT_ERRORS, "max"): "2"}, "spec.gates[1]"),
    Case("dead letters of no contract", {gate(DEAD_LETTERS, "contract"): REMOVED}, "spec.gates[0].contract"),
    Case("a promql gate of a contract", {gate(PROMQL, "contract"): "users"}, "spec.gates[2].contract"),
    Case("errors of no workload", {gate(CLIENT_ERRORS, "workload"): REMOVED}, "spec.gates[1].workload"),
    Case("dead letters of a workload", {gate(DEAD_LETTERS, "workload"): "gateway"}, "spec.gates[0].workload"),
    Case("dead letters of a group", {gate(DEAD_LETTERS, "consumerGroup"): "billing"}, "spec.gates[0].consumerGroup"),
    Case("a quantile of a ratio", {gate(CLIENT_ERRORS, "quantile"): "0.9"}, "spec.gates[1].quantile"),
    Case("a quantile of one", {gate(LATENCY, "quantile"): "1"}, "spec.gates[4].quantile"),
    Case("requests of a depth", {gate(DEAD_LETTERS, "minimumRequests"): 5}, "spec.gates[0].minimumRequests"),
    Case("an interval of nothing", {gate(PROMQL, "intervalSeconds"): 0}, "spec.gates[2].intervalSeconds"),
    Case("a gate that could never fail", {gate(PROMQL, "failureLimit"): 9}, "spec.gates"),
    Case("a gate about a workload that is not there", {gate(CLIENT_ERRORS, "workload"): "gatewy"}, "spec.gates"),
    Case("a gate about a contract that is not there", {gate(DEAD_LETTERS, "contract"): "user-event"}, "spec.gates"),
    Case("a dry run as a truth value", {gate(PROMQL, "mode"): True}, "spec.gates[2].mode"),
)

# What a hurried hand may leave in any place.
ODD_VALUES: tuple[Any, ...] = (
    REMOVED,
    None,
    "",
    "a b",
    "Ünïcode",
    "x" * 5000,
    "100%",
    "0",
    "-1",
    0,
    -1,
    7,
    10**9,
    0.5,
    2.0,
    True,
    [],
    [7],
    ["a", "a"],
    {},
    {"odd": 1},
)


def odd_cases() -> Iterator[Case]:
    """Put every odd value into every place of the example's spec."""
    for place in paths(example()["spec"], ("spec",)):
        for value in ODD_VALUES:
            shown = "nothing" if value is REMOVED else repr(value)[:20]
            yield Case(f"{shown} at {place}", {place: value})
