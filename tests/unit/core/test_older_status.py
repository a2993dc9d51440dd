"""A status that an older operator wrote is read, and its release goes on from where it stood.

data/status_of_an_older_operator.json is what the code of commit 843acc6 wrote in the middle of such a release: it has a field that is gone
since then, and lacks those that came later.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from saferollout.api.status import State, Status
from saferollout.core.decision import Marks
from saferollout.engine.scenes import read_status
from tests.unit.core.little_cluster import LittleCluster
from tests.unit.core.shop import READS_BOTH, WRITES_2, little_cluster, state

OLDER: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "status_of_an_older_operator.json").read_text())
WRITTEN_AT = datetime(2026, 1, 1, 1, 0, 14, tzinfo=UTC)
GONE = "labelAdded"


def in_its_middle() -> LittleCluster:
    """The reader is through, the writer's first batch of two bakes, and the operator has been replaced by today's."""
    cluster = little_cluster(gating="Disabled")
    cluster.apply("reader", "r2", READS_BOTH)
    cluster.apply("writer", "w2", WRITES_2)
    cluster.play_until_new_pods("writer", "w2")
    cluster.play(looks=3)
    assert cluster.pods("writer") == {"w1": 10, "w2": 2} and "BatchReady writer" in cluster.log
    cluster.status, cluster.marks, cluster.now = read_status({"status": OLDER}), Marks(), WRITTEN_AT
    cluster.log.clear()
    return cluster


def without_gone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_gone(field) for key, field in value.items() if key != GONE}
    return [without_gone(item) for item in value] if isinstance(value, list) else value


def is_within(older: Any, read: Any) -> bool:
    """Tell whether all that was written is there still; what is new may be there too."""
    if isinstance(older, dict):
        return all(key in read and is_within(field, read[key]) for key, field in older.items())
    if isinstance(older, list):
        return len(older) == len(read) and all(map(is_within, older, read))
    return bool(older == read)


def test_nothing_that_it_says_is_lost_but_the_field_that_is_gone() -> None:
    status = read_status({"status": OLDER})
    assert status != Status()
    assert is_within(without_gone(OLDER), status.model_dump(mode="json", by_alias=True, exclude_none=True))
    assert GONE in json.dumps(OLDER) and "returnedHash" not in json.dumps(OLDER), "else it is not older"


def test_its_release_goes_on_with_the_batch_that_bakes() -> None:
    cluster = in_its_middle()
    cluster.play(looks=200)
    assert state(cluster) is State.COMPLETED
    assert cluster.pods("writer") == {"w2": 10} and cluster.pods("reader") == {"r2": 10}
    assert cluster.status.release is not None and cluster.status.release.id == OLDER["release"]["id"]
    assert not {"ReleaseStarted", "RollStarted reader", "RollStarted writer"} & set(cluster.log)


def test_its_bake_is_not_cut_short() -> None:
    cluster = in_its_middle()
    ready = datetime.fromisoformat(OLDER["release"]["rolls"][0]["readyTime"])
    while (cluster.now - ready).total_seconds() < cluster.spec.bake_seconds:
        cluster.play(looks=1)
        assert cluster.pods("writer")["w2"] == 2
