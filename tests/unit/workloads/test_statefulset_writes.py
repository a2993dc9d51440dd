"""Every action on a StatefulSet is one guarded write, and its owner's own partition comes back by value."""

import pytest

from saferollout.core import actions as a
from saferollout.core.views import Pace, Partition
from saferollout.workloads.protocol import CannotWrite, Verb
from tests.unit.workloads.stateful_objects import (
    HELD,
    HOLD,
    MANAGED,
    NEW,
    OLD,
    after,
    held,
    marks,
    pod,
    rolling,
    statefulset,
    view,
    write,
)

PIN = a.PinBack("billing", replica_set="billing-a", uid="a-uid")
REPLACE = a.ReplacePod("billing", replica_set="billing-b", uid="b-uid", broken=False)


@pytest.mark.parametrize("own", [None, 0, 2])
def test_hold_and_let_through_give_the_partition_back_as_it_was(own: int | None) -> None:
    before = statefulset(NEW, labels=MANAGED, partition=own)
    stopped = after(a.Hold("billing"), before)
    assert rolling(stopped) == {"partition": HOLD}
    assert marks(stopped) == {"managed-by", "held", "original"}
    let = after(a.LetThrough("billing", revision="x"), stopped)
    assert rolling(let) == ({} if own is None else {"partition": own})
    assert marks(let) == {"managed-by"}


def test_other_fields_of_the_strategy_stay() -> None:
    before = statefulset(NEW, labels=MANAGED, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}})
    stopped = after(a.Hold("billing"), before)
    assert rolling(stopped) == {"maxUnavailable": 2, "partition": HOLD}
    assert rolling(after(a.LetThrough("billing", revision="x"), stopped)) == {"maxUnavailable": 2}


def test_a_pace_is_a_partition_and_keeps_what_was_put_aside() -> None:
    paced = after(a.SetPace("billing", revision="x", pace=Partition(first_new=2)), held(annotations={"saferollout.io/original": '{"partition": null}'}))
    assert (rolling(paced), marks(paced)) == ({"partition": 2}, {"managed-by", "paced", "original"})
    assert rolling(after(a.Finish("billing", revision="x"), paced)) == {}
    frozen = after(a.Freeze("billing"), paced)
    assert (rolling(frozen), marks(frozen)) == ({"partition": HOLD}, {"managed-by", "held", "original"})


def test_the_broken_pod_with_the_highest_ordinal_goes_first_guarded_by_uid_and_version() -> None:
    pods = [pod(0, "a"), pod(1, "b", ready_for=None), pod(2, "b", ready_for=None), pod(3, "b")]
    request = write(REPLACE, held(), *pods)
    assert (request.verb, request.path) == (Verb.DELETE, "/api/v1/namespaces/shop/pods/billing-2")
    assert request.body["preconditions"] == {"uid": "2-uid", "resourceVersion": "9"}


def test_a_pod_of_ten_comes_after_one_of_nine() -> None:
    assert write(REPLACE, held(), pod(9, "b"), pod(10, "b")).name == "billing-10"


def test_ready_pods_stay_where_only_broken_ones_are_to_go() -> None:
    with pytest.raises(CannotWrite, match="has no such pod"):
        write(a.ReplacePod("billing", replica_set="billing-b", uid="b-uid", broken=True), held(), pod(3, "b"), pod(2, "b", terminating=True, ready_for=None))


def test_no_pod_is_deleted_that_would_come_back_of_the_same_revision() -> None:
    for would_return in (statefulset(NEW, update="b", partition=0), statefulset(NEW, update="b", partition=2), held(current="b")):
        with pytest.raises(CannotWrite, match="would make its pods of billing-b again"):
            write(REPLACE, would_return, pod(3, "b"))


def test_a_pin_puts_the_old_template_in_spec_and_an_unpin_brings_git_s_back_held() -> None:
    pinned = after(PIN, held())
    assert pinned["spec"]["template"] == OLD
    assert "$patch" not in pinned["spec"]["template"]
    assert (rolling(pinned), marks(pinned)) == ({"partition": 0}, {"managed-by", "pinned", "waiting-template"})
    back = after(a.Unpin("billing"), pinned)
    assert back["spec"]["template"] == NEW
    assert (rolling(back), marks(back)) == ({"partition": HOLD}, {"managed-by", "held", "original"})


@pytest.mark.parametrize("action", [a.LetThrough("billing", revision="x"), a.SetPace("billing", revision="x", pace=Partition(first_new=2))])
def test_one_that_was_pinned_while_it_had_no_pods_rolls_to_git_s_template(action: a.Action) -> None:
    rolled = after(action, after(PIN, held(replicas=0)))
    assert rolled["spec"]["template"] == NEW
    assert not {"pinned", "waiting-template"} & marks(rolled)


def test_given_back_at_rest_nothing_of_ours_is_left() -> None:
    given = after(a.GiveBack("billing", leave_paused=False, drop_managed_by=True), held(annotations={"saferollout.io/original": '{"partition": 1}'}))
    assert (rolling(given), marks(given)) == ({"partition": 1}, set())


def test_given_back_in_a_roll_it_stays_as_it_is_says_how_to_go_on_and_can_be_taken_up_again() -> None:
    left = after(a.GiveBack("billing", leave_paused=True, drop_managed_by=False), held(annotations={"saferollout.io/original": '{"partition": 1}'}))
    assert (rolling(left), marks(left)) == ({"partition": HOLD}, {"managed-by", "left-paused", "left-strategy"})
    assert '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":1}}}}' in left["metadata"]["annotations"]["saferollout.io/left-paused"]
    assert view(left).left_paused
    again = after(a.Hold("billing"), left)
    assert marks(again) == {"managed-by", "held", "original"}
    assert rolling(after(a.LetThrough("billing", revision="x"), again)) == {"partition": 1}


def test_a_partition_that_is_not_ours_is_not_given_back() -> None:
    before = statefulset(labels=MANAGED, partition=3)
    given = after(a.GiveBack("billing", leave_paused=False, drop_managed_by=True), before)
    assert (rolling(given), marks(given)) == ({"partition": 3}, set())


def test_a_bypass_that_counted_ends_with_the_owner_s_partition() -> None:
    bypassed = statefulset(NEW, labels=MANAGED, annotations={"saferollout.io/original": '{"partition": 0}', "saferollout.io/bypass": "fire"})
    cleared = after(a.ClearBypass("billing"), bypassed)
    assert (rolling(cleared), marks(cleared)) == ({"partition": 0}, {"managed-by", "bypassed"})
    kept = after(a.ClearBypass("billing"), held(annotations={"saferollout.io/original": '{"partition": 0}', "saferollout.io/bypass": "fire"}))
    assert (rolling(kept), "held" in marks(kept)) == ({"partition": HOLD}, True)


def test_labels_and_restarts_touch_nothing_else() -> None:
    labelled = after(a.AddLabel("billing", managed_by="shop"), statefulset())
    assert (marks(labelled), rolling(labelled)) == ({"managed-by", "labelled-by"}, {"partition": 0})
    restarted = after(a.Restart("billing", restarted_at="2026-11-24T12:00:00Z"), statefulset())
    assert restarted["spec"]["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/restartedAt": "2026-11-24T12:00:00Z"}


def test_what_is_given_back_is_let_go_of_on_the_record_too() -> None:
    ours = {"manager": "saferollout", "fieldsV1": {"f:spec": {"f:updateStrategy": {}}, "f:metadata": {}}}
    owned = statefulset()
    owned["metadata"]["managedFields"] = [ours]
    assert view(owned).owns_returned
    assert after(a.Disown("billing"), owned)["metadata"]["managedFields"] == [{"manager": "saferollout", "fieldsV1": {"f:metadata": {}}}]
    lent = held()
    lent["metadata"]["managedFields"] = [{"manager": "saferollout", "fieldsV1": {"f:spec": {"f:updateStrategy": {}}}}]
    assert not view(lent).owns_returned


@pytest.mark.parametrize(
    "action",
    [a.EmptyReplicaSet("billing", replica_set="x", uid="x"), a.SetPace("billing", revision="x", pace=Pace(max_unavailable="1%", max_surge=0))],
)
def test_a_statefulset_takes_no_action_of_a_deployment(action: a.Action) -> None:
    with pytest.raises(CannotWrite):
        write(action, held())


def test_a_partition_is_never_written_where_pods_are_replaced_by_hand() -> None:
    with pytest.raises(CannotWrite, match="OnDelete"):
        write(a.Hold("billing"), statefulset(NEW, labels=HELD, updateStrategy={"type": "OnDelete"}))
