"""From raw counters at instants to what was counted between them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from saferollout.core.catalogue.series import Aggregate, Key, Reading, Series, SignalName, Subject
from saferollout.core.counting import Interval, Remark, among, full_answers, sorted_out
from saferollout.core.measurements import Measurement, Outcome, Sample, Samples
from tests.unit.core.counted import intervals_between, intervals_for

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
REQUESTS = Series(
    signal=SignalName.HTTP_SERVER, exporter="test", metric="requests_total", reading=Reading.COUNTER, subject=Subject.POD, source="test",
    keys=(Key("status", "code"),),
)  # fmt: skip
OFFSETS = Series(
    signal=SignalName.DEAD_LETTERS, exporter="test", metric="offset", reading=Reading.OFFSET, subject=Subject.TOPIC, source="test",
    keys=(Key("partition"),), subject_label="topic", aggregate=Aggregate.MAX,
)  # fmt: skip
COMMITTED = Series(
    signal=SignalName.GROUP_OFFSET, exporter="test", metric="offset", reading=Reading.OFFSET, subject=Subject.GROUP, source="test",
    keys=(Key("partition"),), subject_label="consumergroup", topic_label="topic", aggregate=Aggregate.MAX,
)  # fmt: skip
Counters = Mapping[tuple[str, ...], float]


def at(look: int) -> datetime:
    return START + timedelta(seconds=15 * look)


def measured(look: int, labels: tuple[str, ...], counters: Counters) -> Measurement:
    samples = Samples.of(Sample(tuple(zip(labels, key, strict=True)), value) for key, value in counters.items())
    return Measurement(at=at(look), outcome=Outcome.VALUE, value=float(len(samples)), samples=samples)


def counted(*looks: Mapping[str, float] | Outcome) -> tuple[Interval, ...]:
    """Look at pods; keys are "pod status" or "pod@instance status"."""

    def one(index: int, look: Mapping[str, float] | Outcome) -> Measurement:
        if isinstance(look, Outcome):
            return Measurement(at=at(index), outcome=look)
        split = {name.partition(" ")[0].partition("@")[::2] + (name.partition(" ")[2],): value for name, value in look.items()}
        return measured(index, ("pod", "instance", "code"), split)

    return intervals_for(REQUESTS, [one(index, look) for index, look in enumerate(looks)])


def grown(interval: Interval) -> dict[str, float]:
    return {f"{pod} {dict(key)['status']}": count for pod, keys in interval.grown.items() for key, count in keys.items()}


def test_counters_are_differenced_and_the_first_look_counts_nothing() -> None:
    [first, second] = counted({"a 200": 100, "a 500": 1}, {"a 200": 130, "a 500": 1}, {"a 200": 140, "a 500": 4})
    assert (first.start, first.at) == (at(0), at(1))
    assert grown(first) == {"a 200": 30, "a 500": 0}
    assert grown(second) == {"a 200": 10, "a 500": 3}
    assert first.remarks == second.remarks == {}


def test_a_pod_born_since_the_last_look_counts_from_0() -> None:
    [only] = counted({"a 200": 100}, {"a 200": 110, "b 200": 7, "b 500": 3})
    assert grown(only) == {"a 200": 10, "b 200": 7, "b 500": 3}
    assert only.remarks == {"b": Remark.BORN}


def test_the_first_error_of_a_pod_counts() -> None:
    [only] = counted({"a 200": 100}, {"a 200": 100, "a 500": 1})
    assert grown(only) == {"a 200": 0, "a 500": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a 200": 1000, "a 404": 9}, {"a 200": 15, "a 404": 2}),
        ({"a 200": 1000, "a 404": 9}, {"a 200": 15}),
        ({"a 200": 1000, "a 404": 9}, {"a 500": 15}),
        ({"a 200": 10, "a 404": 9}, {"a 200": 40, "a 404": 2}),  # one has outgrown what it was before
    ],
)
def test_a_counter_that_goes_backwards_has_begun_anew_with_its_whole_process(before: dict[str, float], after: dict[str, float]) -> None:
    [only] = counted(before, after)
    assert grown(only) == after
    assert only.remarks == {"a": Remark.RESTARTED}


@pytest.mark.parametrize("after", [{"a 200": 990, "a 500": 9}, {"a 200": 1003, "a 500": 9}, {"a 200": 600, "a 500": 4}])
def test_a_counter_that_falls_by_less_than_half_is_two_sources_under_one_name_and_counts_nothing(after: dict[str, float]) -> None:
    [fell, rose] = counted({"a 200": 1000, "a 500": 10}, after, {"a 200": after["a 200"] + 5, "a 500": after["a 500"]})
    assert (grown(fell), fell.remarks) == ({}, {"a": Remark.WENT_BACKWARDS})
    assert grown(rose) == {"a 200": 5, "a 500": 0}


def test_a_restart_of_one_process_of_a_pod_does_not_count_the_other_anew() -> None:
    [only] = counted({"a@1 200": 1000, "a@2 200": 50}, {"a@1 200": 1001, "a@2 200": 3})
    assert grown(only) == {"a 200": 4}
    assert only.remarks == {"a": Remark.RESTARTED}


def test_a_pod_scraped_at_another_address_goes_on_where_it_was() -> None:
    [only] = counted({"a@1 200": 1000}, {"a@2 200": 1010, "a@2 500": 1})
    assert (grown(only), only.remarks) == ({"a 200": 10, "a 500": 1}, {"a": Remark.MOVED})


def test_an_address_that_is_added_counts_from_the_next_look_on() -> None:
    [first, second] = counted({"a@1 200": 10}, {"a@1 200": 12, "a@2 200": 5000}, {"a@1 200": 12, "a@2 200": 5001})
    assert (grown(first), first.remarks) == ({"a 200": 2}, {"a": Remark.RELABELLED})
    assert grown(second) == {"a 200": 1}


def replaced(*looks: Mapping[str, float], made: float) -> Interval:
    """Look at pods of which one, `a`, was made anew under its name so many seconds after the first look; return what came of the last look."""

    def one(index: int, look: Mapping[str, float]) -> Measurement:
        split = {name.partition(" ")[0].partition("@")[::2] + (name.partition(" ")[2],): value for name, value in look.items()}
        return measured(index, ("pod", "instance", "code"), split)

    born = {"a": START + timedelta(seconds=made)}
    found = map(sorted_out(REQUESTS), full_answers(one(index, look) for index, look in enumerate(looks)))
    return intervals_between(REQUESTS, [replace(look, made=born if born["a"] <= look.at else {}) for look in found])[-1]


@pytest.mark.parametrize(
    "after", [{"a 200": 990, "a 500": 9}, {"a 200": 1003, "a 500": 9}, {"a 200": 600, "a 500": 4}, {"a 200": 1100}, {"a 200": 3, "a 500": 0}]
)
@pytest.mark.parametrize("made", [10, -40])
def test_a_pod_that_was_made_anew_under_its_name_counts_from_0_whatever_its_counters_fell_by(after: dict[str, float], made: float) -> None:
    only = replaced({"a 200": 1000, "a 500": 10, "b 200": 5}, {**after, "b 200": 7}, made=made)
    assert grown(only) == {**after, "b 200": 2}
    assert only.remarks == {"a": Remark.RESTARTED}


def test_a_fall_long_after_a_pod_was_made_anew_is_two_sources_under_one_name_again() -> None:
    only = replaced({"a 200": 1000}, {"a 200": 900}, made=-61)
    assert (grown(only), only.remarks) == ({}, {"a": Remark.WENT_BACKWARDS})


def test_a_pod_that_was_made_anew_and_is_scraped_at_another_address_counts_from_0_although_no_count_fell() -> None:
    only = replaced({"a@1 200": 10}, {"a@1 200": 11, "a@2 200": 40}, made=10)
    assert (grown(only), only.remarks) == ({"a 200": 40}, {"a": Remark.RESTARTED})


def test_what_was_scraped_before_a_pod_was_made_anew_is_the_old_ones_and_counts_on() -> None:
    only = replaced({"a@1 200": 10}, {"a@1 200": 12}, made=14)
    assert (grown(only), only.remarks) == ({"a 200": 2}, {})


def test_a_pod_that_was_made_anew_while_it_was_missing_counts_from_0_whatever_it_has_counted() -> None:
    only = replaced({"a 200": 10, "b 200": 1}, {"b 200": 2}, {"a 200": 70, "b 200": 3}, made=14)
    assert (grown(only), only.remarks) == ({"a 200": 70, "b 200": 1}, {"a": Remark.RESTARTED})


def test_renamed_keys_are_no_thousand_new_errors() -> None:
    [first, second] = counted({"a 200": 900, "a 500": 40}, {"a 2xx": 910, "a 5xx": 40}, {"a 2xx": 911, "a 5xx": 42})
    assert (grown(first), first.remarks) == ({}, {"a": Remark.RELABELLED})
    assert grown(second) == {"a 2xx": 1, "a 5xx": 2}


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.VALUE])
def test_a_look_without_a_full_answer_makes_one_longer_interval(outcome: Outcome) -> None:
    [only] = counted({"a 200": 100}, outcome, outcome, {"a 200": 160, "b 200": 5})
    assert (only.start, only.at) == (at(0), at(3))
    assert grown(only) == {"a 200": 60, "b 200": 5}


def test_a_pod_that_vanishes_is_not_counted_as_0_and_what_it_grew_is_counted_when_it_returns() -> None:
    [first, second] = counted({"a 200": 100, "b 200": 50}, {"b 200": 60}, {"a 200": 130, "b 200": 70})
    assert (grown(first), first.remarks) == ({"b 200": 10}, {"a": Remark.MISSING})
    assert (grown(second), second.remarks) == ({"a 200": 30, "b 200": 10}, {"a": Remark.RETURNED})


def test_nothing_is_counted_from_one_look_or_none() -> None:
    assert counted() == counted({"a 200": 5}) == counted(Outcome.STALE, {"a 200": 5}) == ()


def test_looks_out_of_order_and_twice_are_put_right() -> None:
    one, two = (measured(look, ("pod", "instance", "code"), {("a", "", "200"): 10.0 * look}) for look in (1, 2))
    assert [look.at for look in full_answers([two, one, two])] == [at(1), at(2)]


def offsets(*looks: Mapping[tuple[str, str], float]) -> list[tuple[dict[tuple[str, str], float], dict[str, Remark]]]:
    found = intervals_for(OFFSETS, [measured(index, ("topic", "partition"), look) for index, look in enumerate(looks)])
    return [
        ({(topic, dict(key)["partition"]): count for topic, keys in one.grown.items() for key, count in keys.items()}, dict(one.remarks))
        for one in found
    ]


def test_records_of_a_topic_are_counted_by_partition_and_a_new_partition_from_0() -> None:
    [(counts, _)] = offsets({("dlt", "0"): 10}, {("dlt", "0"): 12, ("dlt", "1"): 3})
    assert counts == {("dlt", "0"): 2, ("dlt", "1"): 3}


def test_a_dead_letter_topic_that_comes_to_be_counts_from_0() -> None:
    [(counts, remarks)] = offsets({("events", "0"): 100}, {("events", "0"): 110, ("dlt", "0"): 4})
    assert (counts, remarks) == ({("events", "0"): 10, ("dlt", "0"): 4}, {"dlt": Remark.BORN})


def test_an_offset_that_falls_is_no_flood_of_dead_letters() -> None:
    [(counts, remarks), (later, _)] = offsets({("dlt", "0"): 9000}, {("dlt", "0"): 8990}, {("dlt", "0"): 8991})
    assert (counts, remarks) == ({}, {"dlt": Remark.WENT_BACKWARDS})
    assert later == {("dlt", "0"): 1}


def test_a_group_that_commits_for_the_first_time_has_not_read_everything_before_it() -> None:
    labels = ("consumergroup", "topic", "partition")
    looks = [measured(0, labels, {("g", "t", "0"): 500}), measured(1, labels, {("g", "t", "0"): 510, ("g", "t", "1"): 900, ("h", "t", "0"): 70})]
    [only] = intervals_for(COMMITTED, looks)
    assert only.grown == {"g": {(("topic", "t"), ("partition", "0")): 10}}
    assert only.remarks == {"h": Remark.STARTED_EARLIER}


def test_no_pods_are_nobody() -> None:
    assert not among(())("web-1-aaaaa")
    assert not among(("web-1-[a-z0-9]{5}",))("web-1-aaaaa-more")


@pytest.mark.parametrize("seed", range(20))
def test_what_is_counted_in_random_worlds_is_never_more_than_what_happened(seed: int) -> None:
    """Pods are born, restarted, lost from view and scraped late; looks fail. Nothing is made up, and without restarts nothing is lost."""
    random = Random(seed)
    restarts = seed % 2 == 0
    happened, true, looks = 0.0, {"a": 0.0}, []
    for look in range(40):
        if look and random.random() < 0.1:
            true[f"p{look}"] = 0.0
        for pod in true:
            more = random.randrange(20)
            if restarts and random.random() < 0.05:
                true[pod] = 0.0
            true[pod] += more
            happened += more if look else 0.0
        last = look == 39
        failed = random.random() < 0.2 and look not in (0, 39)
        looks.append(Outcome.PARTIAL if failed else {f"{pod} 200": value for pod, value in true.items() if last or pod == "a" or random.random() < 0.8})
    total = sum(sum(grown(interval).values()) for interval in counted(*looks))
    assert total <= happened
    assert restarts or total == happened


def test_a_key_that_vanishes_alone_is_no_restart() -> None:
    [only] = counted({"a 200": 1000, "a 404": 9}, {"a 200": 1001})
    assert (grown(only), only.remarks) == ({"a 200": 1}, {})


def test_what_counts_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="counts nothing"):
        intervals_for(replace(REQUESTS, reading=Reading.GAUGE), [])
