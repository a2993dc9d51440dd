"""What decisions see of a StatefulSet: which revision its pods are of, which one lost pods come back as, who holds it."""

import copy
from datetime import UTC, datetime

import pytest

from saferollout.core.facts import facts_of
from saferollout.core.views import Partition
from saferollout.workloads.statefulset import StatefulSetKind
from saferollout.workloads.template_hash import template_hash
from tests.unit.workloads.objects import RESTARTS, template
from tests.unit.workloads.stateful_objects import HELD, HOLD, MANAGED, NEW, OLD, PACED, A, B, held, pod, revision, statefulset, view

OLD_HASH, NEW_HASH = (template_hash(one, restart_annotations=RESTARTS) for one in (OLD, NEW))


def test_pods_are_counted_by_the_revision_that_their_label_names() -> None:
    seen = view(
        statefulset(NEW, labels=PACED, partition=2, update="b", annotations={"saferollout.io/original": '{"partition": 0}'}),
        pod(0, "a"), pod(1, "a", ready_for=None), pod(2, "b"), pod(3, "b", terminating=True),
    )  # fmt: skip
    new, old = seen.replica_sets
    assert (new.hash, new.replicas, new.pods, new.ready) == (NEW_HASH, 1, 2, 1)
    assert (old.hash, old.replicas, old.pods, old.ready) == (OLD_HASH, 2, 2, 1)
    assert new.pod_names == ("billing-2", "billing-3")
    assert (new.places, old.places) == ((2,), (0, 1))
    assert seen.current == OLD_HASH
    assert seen.paced == Partition(first_new=2)


def test_pods_say_when_they_were_made_and_one_that_does_not_is_left_out() -> None:
    third, fourth = pod(2, "b"), pod(3, "b")
    third["metadata"]["creationTimestamp"] = "2026-11-24T09:30:00Z"
    del fourth["metadata"]["creationTimestamp"]
    new, _ = view(statefulset(NEW, labels=PACED, partition=2, update="b", annotations={"saferollout.io/original": '{"partition": 0}'}), third, fourth).replica_sets
    assert new.births == (("billing-2", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),)
    assert new.pod_names == ("billing-2", "billing-3")


def test_places_are_counted_from_the_first_pod_as_the_partition_is() -> None:
    """The API lets ordinals start elsewhere (spec.ordinals.start); the controller's partition does not move with them."""
    seen = view(statefulset(ordinals={"start": 5}), pod(5, "a"), pod(6, "a"))
    assert seen.of(OLD_HASH)[0].places == (0, 1)


def test_a_held_template_is_alive_only_once_it_has_pods() -> None:
    seen = view(held(), pod(0, "a"), pod(1, "a"))
    assert (seen.held, seen.paused, seen.lends) == (True, True, False)
    assert [rs.hash for rs in seen.replica_sets] == [OLD_HASH]
    assert facts_of(seen).alive == (OLD_HASH,)
    assert facts_of(seen).wanted == NEW_HASH


def test_a_held_template_that_ran_before_is_not_taken_for_one_that_never_did() -> None:
    again = revision("b", NEW, number=3, hour=7)
    seen = view(held(), pod(0, "a"), revisions=(A, again))
    assert {rs.hash for rs in seen.replica_sets} == {OLD_HASH, NEW_HASH}


def test_without_pods_the_current_revision_is_what_scaling_up_would_start() -> None:
    """Scaled to 0 the controller takes the template in spec for the current one, held or not (seen on a real one)."""
    assert facts_of(view(held(replicas=0, current="b"))).alive == (NEW_HASH,)
    assert facts_of(view(held(replicas=0, current="a"))).alive == (OLD_HASH,)


@pytest.mark.parametrize("unsettled", [{"current": "gone"}, {"update": "not-seen-yet"}])
def test_nothing_is_decided_before_the_revisions_are_seen_that_the_controller_decides_by(unsettled: dict[str, str]) -> None:
    assert not view(held(**unsettled), pod(0, "a")).settled
    assert view(held(), pod(0, "a")).settled


def test_a_label_alone_holds_nothing() -> None:
    """Without the policies a tool may write its partition over the hold's, and leave our labels."""
    seen = view(held(partition=0), pod(0, "a"))
    assert (seen.held, seen.paused) == (False, False)


def test_a_partition_of_its_owner_is_refused_and_ours_is_not() -> None:
    kind = StatefulSetKind()
    [sentence] = kind.refusals(view(statefulset(partition=3), pod(0, "a")), batches=())
    assert "partition of its own (3)" in sentence
    assert kind.refusals(view(held(), pod(0, "a")), batches=("50%",)) == ()
    [sentence] = kind.refusals(view(held(annotations={"saferollout.io/original": '{"partition": 2}'}), pod(0, "a")), batches=())
    assert "partition of its own (2)" in sentence


def test_on_delete_and_no_history_are_refused_with_the_way_out() -> None:
    by_hand = statefulset(updateStrategy={"type": "OnDelete"}, revisionHistoryLimit=0)
    by_type, by_history = StatefulSetKind().refusals(view(by_hand, pod(0, "a")), batches=())
    assert "updateStrategy OnDelete" in by_type and "use RollingUpdate" in by_type
    assert "set it to at least 1" in by_history
    assert view(by_hand).paused


@pytest.mark.parametrize("text", [None, "", "{}", '{"partition": -1}', '{"partition": "2"}', '{"partition": 0, "more": 1}', '{"partition": true}'])
def test_a_partition_that_is_not_known_is_never_guessed(text: str | None) -> None:
    annotations = {} if text is None else {"saferollout.io/original": text}
    assert "can't be given back" in (view(held(annotations=annotations), pod(0, "a")).trouble or "")


def test_what_a_bypass_left_behind_is_still_lent() -> None:
    bypassed = statefulset(NEW, labels=MANAGED, annotations={"saferollout.io/original": '{"partition": 0}'}, update="b")
    assert view(bypassed, pod(0, "a")).pace_left


def test_the_template_in_spec_has_one_name_whatever_defaults_its_revision_was_kept_with() -> None:
    older = copy.deepcopy(B)
    older["data"]["spec"]["template"]["spec"]["schedulerName"] = "default-scheduler"
    seen = view(held(), pod(0, "a"), pod(3, "b"), revisions=(A, older))
    assert seen.replica_sets[0].hash == seen.template


def test_restarted_pods_run_the_same_revision() -> None:
    restarted = template("billing:1", annotations={"kubectl.kubernetes.io/restartedAt": "2026-11-24T11:00:00Z"})
    seen = view(statefulset(restarted, update="c"), pod(0, "a"), pod(1, "c"), revisions=(A, revision("c", restarted, number=2)))
    assert {rs.hash for rs in seen.replica_sets} == {OLD_HASH}
    assert [rs.name for rs in seen.filled(OLD_HASH)] == ["billing-c"]


def test_one_that_was_left_paused_is_not_held() -> None:
    annotations = {"saferollout.io/left-paused": "because", "saferollout.io/left-strategy": '{"partition": 0}'}
    seen = view(statefulset(NEW, labels=MANAGED, annotations=annotations, partition=HOLD, update="b"), pod(0, "a"))
    assert (seen.left_paused, seen.held, seen.lends, seen.trouble) == (True, False, False, None)
    assert HELD.keys() - MANAGED.keys() == {"saferollout.io/held"}


def test_a_label_that_the_operator_put_on_is_known_as_ours_so_that_it_can_go_again() -> None:
    marked = {"saferollout.io/labelled-by": "operator"}
    assert view(statefulset(labels=MANAGED, annotations=marked), pod(0, "a")).labelled_by_us
    assert not view(statefulset(labels=MANAGED), pod(0, "a")).labelled_by_us
