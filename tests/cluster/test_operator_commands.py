"""What people say to a release while it goes on, with the real command line and the real operator."""

import json
from typing import Any

from tests.cluster.shop import PodDiary, Revision, Shop

OLD, NEW = Revision("shop:1"), Revision("shop:2")
HALF = {"shop:1": 3, "shop:2": 2}
GATE = {"name": "letters", "promql": "sum(letters)", "max": "5", "intervalSeconds": 5}


def start(shop: Shop, **spec: Any) -> None:
    """Run the first revision of one service, billing, that is released in two halves."""
    shop.start(shop.safe_rollout({"name": "billing", "batches": ["50%"]}, **spec), shop.service("billing", OLD))


def release_half(shop: Shop) -> None:
    """Apply the second revision and wait for its first batch."""
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_images("billing", HALF)


def explained(shop: Shop) -> dict[str, Any]:
    said = shop.say("explain", "billing", "-o", "json")
    assert said.code == 0, said
    found: dict[str, Any] = json.loads(said.out)
    return found


def offered(shop: Shop) -> str:
    return " ".join(entry["command"] for entry in explained(shop)["commands"])


def test_pause_stops_a_step_where_it_is_and_resume_goes_on(shop: Shop) -> None:
    start(shop, bakeSeconds=15)
    release_half(shop)
    paused = shop.say("pause", "--reason", "the broker moves")
    assert paused.code == 0
    assert "pause accepted: no further batch or step starts until resume" in paused.out
    assert "by admin: the broker moves" in paused.out
    assert f"next: saferollout resume shop -n {shop.namespace}" in paused.out
    watched = shop.say("status", "--watch", "--timeout", "16")
    assert watched.code == 8, "the release waits for a person"
    assert shop.images("billing") == HALF, "the bake is over, and nothing went on"
    assert explained(shop)["verdict"] == "Paced"
    assert "saferollout resume" in offered(shop)
    assert "the release goes on" in shop.say("resume").out
    ended = shop.say("status", "--watch", "--timeout", "60")
    assert (ended.code, shop.images("billing")) == (0, {"shop:2": 4})
    assert "Released" in ended.out


def test_abort_goes_back_and_retry_expedite_and_rollback_say_what_they_did(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    release_half(shop)
    aborted = shop.say("abort", "-r", "wrong image")
    assert aborted.code == 0 and "abort accepted" in aborted.out
    watched = shop.say("status", "--watch", "--timeout", "60")
    assert watched.code == 6 and "wrong image" in watched.out and "saferollout retry" in watched.out
    assert shop.images("billing") == {"shop:1": 4}
    assert shop.labels("billing") == {"managed-by", "held"}
    assert shop.deployment("billing")["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert explained(shop)["verdict"] == "Failed"

    assert "the failed template of billing is tried again" in shop.say("retry").out
    shop.wait_for_images("billing", HALF)
    assert shop.say("expedite").code == 2, "it needs a reason"
    assert shop.say("expedite", "-r", "the fix for the outage").code == 0
    assert shop.say("status", "--watch", "--timeout", "60").code == 0
    assert shop.images("billing") == {"shop:2": 4}

    rolled_back = shop.say("rollback", "-r", "it leaks")
    assert rolled_back.code == 0 and "goes back" in rolled_back.out
    watched = shop.say("status", "--watch", "--timeout", "60")
    assert watched.code == 6 and "it leaks" in watched.out
    assert shop.images("billing") == {"shop:1": 4}
    held = shop.deployment("billing")["spec"]
    assert held["paused"] and held["template"]["spec"]["containers"][0]["image"] == "shop:2", "Git's template stays, held"


def test_abort_before_the_first_step_ends_the_release_and_a_revert_needs_no_hand(shop: Shop) -> None:
    start(shop, mode="Paused")
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Paused")
    aborted = shop.say("abort", "-r", "not today")
    assert aborted.code == 0 and "the release is over" in aborted.out
    assert "stop and go back" not in aborted.out
    shop.apply(shop.service("billing", OLD))
    shop.wait("the hold is off", lambda: shop.labels("billing") == {"managed-by"})
    shop.wait_for_state("Idle", "Completed")
    assert shop.images("billing") == {"shop:1": 4}


def test_approve_goes_on_past_a_gate_that_cannot_tell_one_batch_at_a_time(shop: Shop) -> None:
    start(shop, gating="Enabled", bakeSeconds=5, gates=[GATE])
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Waiting")
    assert "saferollout approve gate/letters" in offered(shop)
    assert "no Prometheus is configured" in shop.say("status").out
    approved = shop.say("approve", "-r", "looked at the logs")
    assert approved.code == 0 and "approved: gate/letters" in approved.out
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait("the last batch asks again", lambda: "saferollout approve gate/letters" in shop.say("status").out, seconds=20)
    assert shop.state() in ("Progressing", "Waiting"), "baking, or over and waiting for the word"
    assert shop.say("approve", "gate/letters").code == 0
    assert shop.say("status", "--watch", "--timeout", "30").code == 0
    assert shop.say("approve").code == 2, "nothing waits any more"


def test_restart_replaces_what_runs_and_the_held_template_stays_held(shop: Shop) -> None:
    start(shop, mode="Paused")
    before = shop.pod_names("billing")
    shop.apply(shop.service("billing", NEW))
    shop.wait_for_state("Paused")
    with PodDiary(shop.cluster, shop.namespace) as diary:
        restarted = shop.say("restart", "billing", "-r", "it leaks")
        assert restarted.code == 0 and "on the revision that runs" in restarted.out
        shop.wait("all pods are new", lambda: len(shop.pod_names("billing")) == 4 and not before & shop.pod_names("billing"))
        shop.wait("Git's template is back, held", lambda: shop.labels("billing") == {"managed-by", "held"})
        assert diary.images("billing") == {"shop:1"}
    assert shop.deployment("billing")["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
    shop.wait_for_event("Restarted")
    shop.kubectl("patch", "saferollout", "shop", "--type=merge", "-p", '{"spec":{"mode":"Automatic"}}')
    shop.wait_for_images("billing", {"shop:2": 4})
    shop.wait_for_state("Completed")


def test_restart_while_nothing_is_held_replaces_each_pod_once(shop: Shop) -> None:
    start(shop)
    before = shop.pod_names("billing")
    with PodDiary(shop.cluster, shop.namespace) as diary:
        assert shop.say("restart", "billing").code == 0
        shop.wait("it is done", lambda: bool(shop.events("Restarted")))
        after = shop.pod_names("billing")
        assert len(after) == 4 and not before & after
        shop.stays("nothing rolls again", lambda: shop.pod_names("billing") == after and shop.labels("billing") == {"managed-by"})
        assert len(diary.pods) == 8


def test_a_command_for_an_older_release_or_one_that_cannot_be_read_is_refused_and_taken_away(shop: Shop) -> None:
    start(shop, bakeSeconds=600)
    release_half(shop)
    shop.annotate("abort", id="late", release="0123456789", by="ada", time="2026-01-01T00:00:00Z")
    shop.wait("it is answered", lambda: shop.answers().get("late") is not None)
    answer = shop.answers()["late"]
    assert not answer["accepted"] and "it was meant for release 0123456789" in answer["message"]
    shop.kubectl("annotate", "saferollout", "shop", "command.saferollout.io/dance=please")
    shop.wait("no command is left", lambda: not any(key.startswith("command.") for key in shop.annotations()))
    shop.wait_for_event("CommandRefused", "dance")
    shop.wait_for_event("CommandRefused", "ada")
    assert shop.images("billing") == HALF
    for command in ("resume", "retry"):
        said = shop.say(command)
        assert said.code == 4 and f"{command} refused" in said.out, said
