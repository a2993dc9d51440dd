"""Whole releases of a StatefulSet under the analysis: what is new is told from what is old although pods keep their names."""

import random
from collections.abc import Iterator

import pytest

from saferollout.core.analysis.assess import Assessment, assess
from saferollout.core.analysis.comparisons import BetweenArms
from saferollout.core.analysis.memory import Memory
from saferollout.core.diagnosis.evidence import Against, Arm, Standing
from saferollout.core.diagnosis.symptoms import Symptom
from saferollout.core.statistics.windows import Window
from tests.unit.core.analysis.played_releases import summary
from tests.unit.core.analysis.stateful_cluster import METRIC, StatefulCluster, answers, ledger
from tests.unit.core.analysis.watched_cluster import is_new

ADDRESSES = pytest.mark.parametrize("moves", [False, True], ids=["same address", "another address"])


def told(shop: StatefulCluster) -> Assessment:
    """Assess the release as it is now, out of nothing that was known before."""
    snapshot = shop.snapshot()
    found = assess(snapshot, shop._answers(snapshot), shop.now)
    assert isinstance(found, Assessment), found
    return found


def windows(shop: StatefulCluster, symptom: Symptom = Symptom.SERVER_ERRORS) -> tuple[Window, ...]:
    [one] = [one for one in told(shop).compared if isinstance(one, BetweenArms) and one.symptom is symptom]
    return one.windows


def marked(shop: StatefulCluster, pod: str, revision: str) -> None:
    """Have old pods fail always and new ones never, so that every count says whose it is."""
    for status in ("200", "500"):
        shop.count(METRIC, 0.0, namespace="shop", pod=pod, status=status)
    wanted = shop.rng.choice((1, 5, 40))
    shop.count(METRIC, wanted, namespace="shop", pod=pod, status="200" if is_new(revision) else "500")


def mixed(found: tuple[Window, ...]) -> Iterator[Window]:
    """Yield windows in which one side has counts of the other."""
    return (one for one in found if one.new_events or one.old_events != one.old_total)


@ADDRESSES
def test_new_pods_that_fail_are_named_and_go_back(moves: bool) -> None:
    shop = ledger(answers(lambda new: 5.0, bad=lambda new: 0.2 if new else 0.005), moves=moves)
    shop.play(looks=100)
    assert shop.pods("ledger") == {"ledger1": 10}, summary(shop)
    assert "new pods of ledger fail where its old ones do not: answers 5xx" in summary(shop)


@ADDRESSES
@pytest.mark.parametrize("seed", range(2))
def test_a_stateful_set_in_which_nothing_is_wrong_goes_through(moves: bool, seed: int) -> None:
    shop = ledger(answers(lambda new: 5.0, bad=lambda new: 0.005), moves=moves)
    shop.rng = random.Random(seed)
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), summary(shop)
    assert "Found" not in shop.log


def test_a_batch_that_nobody_asks_anything_does_not_pass_and_says_what_is_missing() -> None:
    shop = ledger(answers(lambda new: 0.0 if new else 5.0))
    shop.play(looks=150)
    assert shop.pods("ledger")["ledger2"] == 3
    assert "new pods of ledger to do something: no answers were seen of them since they were ready" in summary(shop), summary(shop)


def test_a_batch_with_little_traffic_waits_for_it_and_passes_alone() -> None:
    shop = ledger(answers(lambda new: 0.7))
    shop.play(looks=60)
    assert shop.pods("ledger")["ledger2"] == 3 and "more answers on new pods of ledger" in summary(shop), summary(shop)
    shop.play(looks=300)
    assert summary(shop).startswith("Completed"), summary(shop)


def test_one_pod_alone_passes_by_what_it_did_since_it_was_made_and_by_the_time_before() -> None:
    shop = ledger(answers(lambda new: 20.0, bad=lambda new: 0.002), replicas=1)
    shop.play(looks=200)
    assert summary(shop).startswith("Completed"), summary(shop)
    fails = ledger(answers(lambda new: 20.0, bad=lambda new: 0.2 if new else 0.002), replicas=1)
    fails.play(looks=100)
    assert not summary(fails).startswith("Completed") and "answers 5xx" in summary(fails), summary(fails)


@ADDRESSES
@pytest.mark.parametrize("seed", range(3))
def test_no_count_of_an_old_pod_is_taken_for_a_new_ones_nor_the_other_way_round(moves: bool, seed: int) -> None:
    shop = ledger(marked, moves=moves, analysis={"mode": "DryRun"}, bakeSeconds=10, batches=("20%", "60%"))
    shop.rng, seen = random.Random(seed), [0.0, 0.0]
    shop.play(looks=8)
    for _ in range(16):
        found = windows(shop)
        assert not list(mixed(found)), "\n".join(map(str, found))
        seen = [seen[0] + sum(one.new_total for one in found), seen[1] + sum(one.old_total for one in found)]
        if shop.rng.random() < 0.4:
            shop.evict(f"ledger-{shop.rng.randrange(10)}")
        shop.play(looks=shop.rng.choice((1, 4, 9)))
        if shop.is_over():
            break
    assert min(seen) > 1000, seen


def test_what_old_pods_did_stays_theirs_when_all_pods_are_new() -> None:
    shop = ledger(marked, analysis={"mode": "DryRun"}, bakeSeconds=120)
    shop.play(looks=40)
    before = {one.at: one for one in windows(shop)}
    while shop.pods("ledger").get("ledger1"):
        shop.play(looks=1)
    shop.play(looks=10)
    after = {one.at: one for one in windows(shop)}
    assert before and all(after[at] == one for at, one in before.items()), "the same looks tell the same of three new and seven old pods"
    assert not list(mixed(tuple(after.values())))


def test_a_new_pod_that_was_made_anew_counts_from_then_on_and_its_past_is_nobodys() -> None:
    shop = ledger(marked, analysis={"mode": "DryRun"}, bakeSeconds=600, batches=("10%",))
    shop.play(looks=40)
    known = windows(shop)
    assert sum(one.new_total for one in known) > 200
    shop.evict("ledger-9")
    evicted = shop.now
    shop.play(looks=30)
    now = windows(shop)
    assert not list(mixed(now)) and not any(one.new_total for one in now if one.at <= evicted)
    assert sum(one.new_total for one in now if one.at > evicted) > 200
    assert sum(one.old_total for one in now if one.at <= evicted) == sum(one.old_total for one in known if one.at <= evicted)


def test_a_pod_whose_revision_nobody_can_tell_counts_for_neither_side() -> None:
    shop = ledger(marked, analysis={"mode": "DryRun"}, bakeSeconds=600)
    shop.hidden = {"ledger-9"}
    shop.play(looks=40)
    alone = windows(shop)
    shop.hidden = set()
    every = windows(shop)
    assert not list(mixed(alone)) and not list(mixed(every))
    assert 0 < sum(one.new_total for one in alone) < sum(one.new_total for one in every)
    assert sum(one.old_total for one in alone) <= sum(one.old_total for one in every)


def test_where_no_new_pod_says_when_it_was_made_the_batch_is_not_shown_to_be_well() -> None:
    shop = ledger(answers(lambda new: 20.0))
    shop.hidden = {f"ledger-{ordinal}" for ordinal in range(10)}
    shop.play(looks=100)
    assert shop.pods("ledger")["ledger2"] == 3 and "new pods of ledger to do something" in summary(shop), summary(shop)


@pytest.mark.parametrize("bad", [0.005, 0.2], ids=["well", "ill"])
def test_an_operator_that_is_restarted_again_and_again_decides_as_one_that_is_not(bad: float) -> None:
    logs = []
    for forgets in (False, True):
        shop = ledger(answers(lambda new: 5.0, bad=lambda new: bad if new else 0.005))
        shop.rng = random.Random(3)
        for _ in range(200):
            shop.play(looks=1)
            if forgets:
                shop.forget()
        logs.append([entry for entry in shop.log if "ledger" in entry or entry in ("Found", "Completed", "RolledBack")])
    assert logs[0] == logs[1] and logs[0][-1] == ("Completed" if bad < 0.1 else "RolledBack")


def test_what_is_remembered_of_looks_before_changes_nothing() -> None:
    shop = ledger(answers(lambda new: 5.0, bad=lambda new: 0.01), analysis={"mode": "DryRun"}, bakeSeconds=10)
    shop.play(looks=8)
    memory, told_anything = Memory(), 0
    for step in range(10):
        shop.play(looks=5)
        if step in (2, 5):
            shop.evict(f"ledger-{9 - step}")
        snapshot = shop.snapshot()
        answered, memory = shop._answers(snapshot), Memory(memory)
        found = assess(snapshot, answered, shop.now, memory)
        assert found == assess(snapshot, answered, shop.now)
        told_anything += isinstance(found, Assessment) and bool(found.compared)
        memory.seal()
    assert told_anything > 5


def test_pods_that_are_replaced_and_start_are_not_unready_ones() -> None:
    def ready(shop: StatefulCluster, pod: str, revision: str) -> None:
        starts = is_new(revision) and (shop.clock - shop.lived[pod]).total_seconds() < 22  # type: ignore[operator]
        shop.set("kube_pod_status_ready", float(not starts), namespace="shop", pod=pod, condition="true")

    shop = ledger(answers(lambda new: 5.0), ready, analysis={"mode": "DryRun"}, batches=("80%",), bakeSeconds=300)
    shop.play(looks=120)
    assert sum(one.new_total for one in windows(shop, Symptom.NOT_READY)) > 50, "they are looked at once they are ready"
    assert not any(one.new_events for one in windows(shop, Symptom.NOT_READY))
    worse = [one for one in told(shop).evidence.readings if one.symptom is Symptom.NOT_READY and one.standing is Standing.WORSE]
    assert not worse


def test_a_pod_that_was_replaced_has_not_restarted() -> None:
    crashes = [False]

    def started(shop: StatefulCluster, pod: str, revision: str) -> None:
        assert shop.clock is not None
        since = shop.clock if crashes[0] and is_new(revision) and shop.clock.second % 10 == 0 else shop.lived[pod]
        shop.set("container_start_time_seconds", max(since.timestamp() + 1, shop.value("container_start_time_seconds", pod)), namespace="shop", pod=pod, container="app")

    shop = ledger(answers(lambda new: 5.0), started, analysis={"mode": "DryRun"}, bakeSeconds=300)
    shop.play(looks=60)
    everybody = [one for one in told(shop).evidence.readings if one.symptom is Symptom.RESTARTS and one.arm is Arm.ALL]
    assert [one.count for one in everybody] == [0.0]
    crashes[0] = True
    shop.play(looks=100)
    assert sum(one.new_events for one in windows(shop, Symptom.RESTARTS)) > 5, "while one that crashes has"


def test_quick_pods_that_are_replaced_twice_are_no_counters_that_go_backwards() -> None:
    shop = ledger(answers(lambda new: 40.0 if new else 1.0), analysis={"mode": "DryRun"}, bakeSeconds=300, batches=("10%",))
    while not shop.pods("ledger").get("ledger2"):
        shop.play(looks=1)
    for _ in range(6):
        shop.play(looks=5)
        shop.evict("ledger-9")
    shop.play(looks=8)
    assert not told(shop).gaps


def test_the_share_of_new_pods_begins_with_the_first_of_them() -> None:
    shop = ledger(answers(lambda new: 5.0), analysis={"mode": "DryRun"}, bakeSeconds=300)
    shop.play(looks=40)
    [server] = [one for one in told(shop).evidence.members if one.workload == "ledger"]
    born = sorted(at for pod, at in shop.lived.items() if pod in ("ledger-7", "ledger-8", "ledger-9"))
    assert 0 <= (server.shares[0].at - born[0]).total_seconds() <= 5 and server.new_ready == server.shares[0].at
    assert [share.share for share in server.shares][-1] == 0.3 and 0 <= (server.shares[-1].at - born[-1]).total_seconds() <= 5


def test_old_pods_that_fail_since_there_are_new_ones_are_told_from_them() -> None:
    shop = ledger(answers(lambda new: 5.0), analysis={"mode": "DryRun"}, bakeSeconds=300)
    spoilt = [False]

    def fails(shop: StatefulCluster, pod: str, revision: str) -> None:
        if spoilt[0] and not is_new(revision) and shop.rng.random() < 0.5:
            shop.count(METRIC, namespace="shop", pod=pod, status="500")

    shop = ledger(answers(lambda new: 5.0), fails, analysis={"mode": "DryRun"}, bakeSeconds=300)
    shop.play(looks=30)
    spoilt[0] = True
    shop.play(looks=60)
    standing = {(one.arm, one.against): one.standing for one in told(shop).evidence.readings if one.symptom is Symptom.SERVER_ERRORS and one.workload == "ledger"}
    assert standing[Arm.OLD, Against.OTHER_ARM] is Standing.WORSE and standing[Arm.OLD, Against.BASELINE] is Standing.WORSE
    assert standing[Arm.NEW, Against.BASELINE] is not Standing.WORSE
