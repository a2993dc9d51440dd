"""Whatever stands in a manifest: a plan, a refusal, or one line that says where it is wrong. Never a traceback."""

import copy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.manifests import saferollout
from tests.unit.cli.offline import DESIRED, LIVE, TOPIC, planned

JUNK: tuple[Any, ...] = (None, [], {}, "x", 1, 1.5, True, "", [1], {"a": 1}, [None], {"name": None}, -1, "a" * 300, "é")
CONTRACTS: list[dict[str, Any]] = [
    {
        **TOPIC,
        "readers": ["reader"],
        "writers": ["writer"],
        "compatibility": "Backward",
        "storedVersions": ["1"],
        "drained": {"promql": "a"},
    },
    {"name": "api", "api": {"server": "reader", "clients": ["writer"]}, "externalReaders": [{"name": "x", "reads": ["1"]}]},
    {"name": "cache", "cache": {"ttlSeconds": 5, "keys": "Shared"}},
]
Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*place, key))


def mutated(random: Random, given: dict[str, Any]) -> dict[str, Any]:
    """Return an object with one part removed or replaced."""
    changed = copy.deepcopy(given)
    *path, last = random.choice(list(places(changed)))
    target: Any = changed
    for key in path:
        target = target[key]
    if random.random() < 0.3:
        del target[last]
    else:
        target[last] = random.choice(JUNK)
    return changed


def test_no_manifest_makes_the_plan_stumble(tmp_path: Path) -> None:
    spec = saferollout(["reader", "writer"], CONTRACTS)
    codes: Counter[int] = Counter()
    for seed in range(400):
        random = Random(seed)
        sides = [{**spec, "status": {"contracts": [{"name": "events", "storedVersions": ["1"]}]}}, *LIVE], [spec, *DESIRED]
        side, place = random.choice(sides), random.randrange(3)
        side[place] = mutated(random, side[place])
        arguments = random.choice(((), ("-o", "json"), ("-o", "mermaid"), ("--if-failed", "writer")))
        result = planned(tmp_path, tuple(sides[0]), tuple(sides[1]), *arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), f"{seed}: {result.exception!r} on {side[place]}"
        assert result.exit_code in (0, 2, 3)
        assert result.exit_code != 2 or "document" in result.stderr or "no SafeRollout" in result.stderr
        codes[result.exit_code] += 1
    assert codes[0] > 50
    assert codes[2] > 50
