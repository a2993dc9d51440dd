"""Typed signals: which series they read, which pods they look at, and what they ask beside the value."""

from datetime import UTC, datetime

import promql_parser
import pytest

from saferollout.api.contracts import Contract
from saferollout.api.gates import Gate
from saferollout.api.problems import Problem
from saferollout.core.arms import Arms, Labels, alternation, arms_of, escaped, pods_of, together
from saferollout.core.measurements import Query
from saferollout.core.signals import can_be_measured, is_depth, query_for, query_of
from saferollout.core.views import ReplicaSetView, Strategy, WorkloadView

EVENTS = Contract.model_validate(
    {
        "name": "user-events",
        "topic": {
            "name": "user.events",
            "deadLetterTopic": "user.events.dlt",
            "consumerGroups": [{"group": "billing", "workload": "billing"}, {"group": "mail", "workload": "mail"}],
        },
    }
)
BARE = Contract.model_validate({"name": "bare", "topic": {"name": "bare"}})
TABLE = Contract.model_validate({"name": "users", "table": {"name": "users"}})
ROLLING = Arms(new=("gateway-2-x",), old=("gateway-1-x",), all=("gateway-1-x", "gateway-2-x"))
RESTING = Arms(old=("mail-1-x",), all=("mail-1-x",))


def asked(*, preflight: bool = False, labels: Labels | None = None, arms: dict[str, Arms] | None = None, **fields: object) -> Query | Problem:
    gate = Gate.model_validate({"name": "gate", "max": "1", **fields})
    return query_for(
        gate,
        contracts=(EVENTS, BARE, TABLE),
        arms_by_workload={"gateway": ROLLING, "mail": RESTING} if arms is None else arms,
        namespace="shop",
        labels=labels or Labels(),
        preflight=preflight,
    )


def query(**fields: object) -> Query:
    found = asked(**fields)  # type: ignore[arg-type]
    assert isinstance(found, Query)
    return found


SIGNALS = [
    {"signal": "DeadLetterDepth", "contract": "user-events"},
    {"signal": "DeadLetterGrowth", "contract": "user-events"},
    {"signal": "ConsumerLag", "contract": "user-events"},
    {"signal": "ClientErrorRatio", "workload": "gateway"},
    {"signal": "ServerErrorRatio", "workload": "gateway"},
    {"signal": "Latency", "workload": "gateway"},
]


@pytest.mark.parametrize("fields", SIGNALS, ids=lambda fields: fields["signal"])
@pytest.mark.parametrize("preflight", [False, True])
def test_everything_that_is_asked_is_promql(fields: dict[str, str], preflight: bool) -> None:
    found = query(**fields, preflight=preflight)
    for text in (found.value, found.present, found.exposure, found.age):
        if text is not None:
            promql_parser.parse(text)
    assert found.age is not None


def test_a_ratio_looks_at_the_new_pods_where_there_are_any() -> None:
    assert 'pod=~"gateway-2-x"' in query(signal="ClientErrorRatio", workload="gateway").value
    assert 'pod=~"mail-1-x"' in query(signal="ClientErrorRatio", workload="mail").value
    assert 'pod=~"gateway-1-x|gateway-2-x"' in query(signal="ClientErrorRatio", workload="gateway", preflight=True).value


def test_a_ratio_names_its_class_of_answers_and_its_own_namespace() -> None:
    client = query(signal="ClientErrorRatio", workload="gateway", windowSeconds=90).value
    server = query(signal="ServerErrorRatio", workload="gateway").value
    assert 'status=~"4.."' in client
    assert "offset 90s" in client
    assert 'status=~"5.."' in server
    assert client.count("{") == client.count('{namespace="shop",')


def test_requests_are_counted_unless_it_is_only_about_failing_already() -> None:
    assert query(signal="ServerErrorRatio", workload="gateway").minimum_exposure == 20
    assert query(signal="ServerErrorRatio", workload="gateway", minimumRequests=200).minimum_exposure == 200
    assert query(signal="ServerErrorRatio", workload="gateway", minimumRequests=200, preflight=True).minimum_exposure == 0


def test_latency_takes_its_quantile() -> None:
    assert query(signal="Latency", workload="gateway").value.startswith("histogram_quantile(0.99,")
    assert query(signal="Latency", workload="gateway", quantile="0.5").value.startswith("histogram_quantile(0.5,")


def test_labels_are_called_what_the_operator_was_told() -> None:
    found = query(signal="Latency", workload="gateway", labels=Labels(namespace="k8s_ns", pod="k8s_pod"))
    assert 'k8s_ns="shop",k8s_pod=~"gateway-2-x"' in found.value


def test_topics_belong_to_the_cluster_unless_the_exporter_is_relabelled() -> None:
    fields = {"signal": "DeadLetterDepth", "contract": "user-events"}
    assert "shop" not in query(**fields).value
    assert 'topic="user.events.dlt",tenant="shop"' in query(**fields, labels=Labels(kafka_namespace="tenant")).value


def test_dead_letters_are_0_while_the_exporter_reports_the_topic_beside_them() -> None:
    present = query(signal="DeadLetterDepth", contract="user-events").present
    assert present is not None
    assert present.startswith('count(kafka_topic_partition_current_offset{topic="user.events"})')


def test_lag_is_that_of_every_group_or_of_the_one_that_is_named() -> None:
    every = query(signal="ConsumerLag", contract="user-events").value
    assert 'consumergroup=~"billing|mail"' in every
    assert every.endswith("== 2)")
    one = query(signal="ConsumerLag", contract="user-events", consumerGroup="mail").value
    assert 'consumergroup=~"mail"' in one
    assert one.endswith("== 1)")


def test_a_group_that_never_committed_is_not_behind_before_the_first_step_only() -> None:
    assert query(signal="ConsumerLag", contract="user-events").present is None
    assert query(signal="ConsumerLag", contract="user-events", preflight=True).present is not None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"signal": "DeadLetterDepth", "contract": "bare"}, "needs topic.deadLetterTopic"),
        ({"signal": "ConsumerLag", "contract": "bare"}, "needs topic.consumerGroups"),
        ({"signal": "DeadLetterGrowth", "contract": "users"}, "name a contract with a topic"),
        ({"signal": "DeadLetterGrowth", "contract": "unknown"}, "name a contract with a topic"),
        ({"promql": "sum("}, "never closed"),
    ],
)
def test_a_gate_that_can_not_ask_says_why(fields: dict[str, str], said: str) -> None:
    problem = asked(**fields)
    assert isinstance(problem, Problem)
    assert said in problem.message


def test_users_promql_means_the_pods_of_its_workload_or_of_all() -> None:
    text = 'sum(a{pod=~"$new"}) / sum(a{pod=~"$old"})'
    assert query(promql=text, workload="gateway").value == (
        'sum(a{pod=~"(?:gateway-2-x)",namespace="shop"}) / sum(a{pod=~"(?:gateway-1-x)",namespace="shop"})'
    )
    assert '"(?:gateway-1-x|mail-1-x)"' in query(promql=text).value
    assert query(promql=text, workload="mail").value.count('"(?:mail-1-x)"') == 2
    assert query(promql=text, preflight=True).value.count('"(?:gateway-1-x|gateway-2-x|mail-1-x)"') == 2


def test_a_proof_is_asked_like_any_query_of_a_user() -> None:
    assert query_of("sum(rows)", arms=Arms(), namespace="shop", labels=Labels()) == Query(
        value='sum(rows{namespace="shop"})', age='time() - min(timestamp(rows{namespace="shop"}))'
    )


def test_before_a_first_creation_there_is_nothing_to_measure() -> None:
    def measurable(arms: dict[str, Arms], **fields: object) -> bool:
        return can_be_measured(Gate.model_validate({"name": "gate", "max": "1", **fields}), arms_by_workload=arms)

    assert not measurable({"new": Arms()}, signal="Latency", workload="new")
    assert not measurable({"new": Arms()}, promql='a{pod=~"$all"}')
    assert measurable({"new": Arms()}, promql="a")
    assert measurable({"new": RESTING}, signal="Latency", workload="new")
    assert measurable({}, signal="DeadLetterDepth", contract="user-events")


def test_only_depths_are_judged_against_their_start() -> None:
    def depth(**fields: object) -> bool:
        return is_depth(Gate.model_validate({"name": "gate", "max": "1", **fields}))

    assert [depth(**fields) for fields in SIGNALS] == [True, False, True, False, False, False]
    assert not depth(promql="a")


def replica_set(name: str, revision: str, *, pods: int) -> ReplicaSetView:
    return ReplicaSetView(
        name=name, uid=name, resource_version="1", hash=revision, pod_hash="", contracts=None,
        created=datetime(2026, 11, 24, tzinfo=UTC), replicas=pods, pods=pods, ready=pods, available=pods, steady=pods,
    )  # fmt: skip


def test_arms_are_replica_sets_by_revision_with_or_without_pods() -> None:
    view = WorkloadView(
        name="shop", kind="Deployment", uid="1", resource_version="1", template="new", contracts=None, template_restarted_at="",
        replicas=2, settled=True, paused=False, held=False, paced=None, pinned=False, strategy=Strategy("RollingUpdate", 1, 1, 0, 10),
        managed_by=None,
        replica_sets=(replica_set("shop-3", "new", pods=1), replica_set("shop-2", "old", pods=1), replica_set("shop-1", "older", pods=0)),
    )  # fmt: skip
    assert arms_of(view, revision="new") == Arms(
        new=("shop-3-[a-z0-9]{5}",),
        old=("shop-1-[a-z0-9]{5}", "shop-2-[a-z0-9]{5}"),
        all=("shop-1-[a-z0-9]{5}", "shop-2-[a-z0-9]{5}", "shop-3-[a-z0-9]{5}"),
    )
    assert arms_of(view, revision=None).new == ()
    assert together([arms_of(view, revision="new"), RESTING]).old == ("mail-1-x", "shop-1-[a-z0-9]{5}", "shop-2-[a-z0-9]{5}")


def test_pod_names_are_cut_where_the_api_server_cuts_them() -> None:
    assert pods_of("a.b-5d") == "a\\.b-5d-[a-z0-9]{5}"
    assert pods_of("x" * 60) == "x" * 58 + "[a-z0-9]{5}"


def test_no_pods_are_a_name_that_no_pod_can_have() -> None:
    assert alternation(()) == "<none>"
    assert alternation(("a", "b")) == "a|b"
    assert escaped("a.b-c_$") == "a\\.b-c_\\$"
