"""The demo's three stories rest on real code: which versions of the services can live together, tried with real processes."""

from collections.abc import Iterator

import pytest

from tests.unit.demo.scene_processes import Scene, eventually, register


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Scene() as scene:
        yield scene


def test_version_one_everywhere_makes_no_dead_letters(scene: Scene) -> None:
    scene.start("billing-service", "1.0.0")
    scene.start("notification-service", "1.0.0")
    gateway = scene.gateway_to(scene.start("user-service", "1.0.0"), version="1.0.0")
    assert register(gateway, people=20) == [201] * 20
    scene.expect_consumed("billing", events=20)
    scene.expect_consumed("notification", events=20)
    assert scene.dead_letters() == 0


def test_a_new_producer_beside_an_old_consumer_makes_dead_letters(scene: Scene) -> None:
    scene.start("billing-service", "1.0.0")
    gateway = scene.gateway_to(scene.start("user-service", "2.0.0"), version="1.0.0")
    assert register(gateway, people=5) == [201] * 5
    scene.expect_consumed("billing", events=5)
    assert scene.dead_letters() == 5


def test_widened_readers_read_what_both_producers_write(scene: Scene) -> None:
    scene.start("billing-service", "2.0.0")
    scene.start("notification-service", "2.0.0")
    for version in ("1.0.0", "2.0.0"):
        register(scene.gateway_to(scene.start("user-service", version), version="1.0.0"), people=5)
    scene.expect_consumed("billing", events=10)
    scene.expect_consumed("notification", events=10)
    assert scene.dead_letters() == 0


def test_a_new_gateway_needs_a_new_user_service(scene: Scene) -> None:
    old, new = scene.start("user-service", "1.0.0"), scene.start("user-service", "2.0.0")
    assert register(scene.gateway_to(old, version="2.0.0"), people=1) == [400]
    assert register(scene.gateway_to(new, version="2.0.0"), people=1) == [201]


def test_the_undeclared_change_answers_400_on_its_own_pod_only_and_makes_dead_letters(scene: Scene) -> None:
    scene.start("billing-service", "2.0.0")
    good, bad = scene.start("user-service", "2.0.0"), scene.start("user-service", "2.1.0")
    for pod in (good, bad):
        gateway = scene.gateway_to(pod, version="2.0.0")
        register(gateway, people=4)
        register(gateway, people=4, country="GB")
    assert (good.answers(400), good.answers(201)) == (0, 8)
    assert (bad.answers(400), bad.answers(201)) == (4, 4)
    scene.expect_consumed("billing", events=12)
    assert scene.dead_letters() == 4


@pytest.mark.parametrize(("producer", "consumer"), [("3.0.0", "2.0.0"), ("2.0.0", "3.0.0")])
def test_version_three_of_producer_or_consumer_can_go_first_in_neither_order(scene: Scene, producer: str, consumer: str) -> None:
    scene.start("billing-service", consumer)
    register(scene.gateway_to(scene.start("user-service", producer), version="2.0.0"), people=3)
    scene.expect_consumed("billing", events=3)
    assert scene.dead_letters() == 3


def test_version_three_of_producer_and_consumers_understand_each_other(scene: Scene) -> None:
    scene.start("billing-service", "3.0.0")
    scene.start("notification-service", "3.0.0")
    register(scene.gateway_to(scene.start("user-service", "3.0.0"), version="2.0.0"), people=3)
    scene.expect_consumed("billing", events=3)
    scene.expect_consumed("notification", events=3)
    assert scene.dead_letters() == 0


def test_two_consumers_of_one_group_share_the_topic_and_skip_nothing(scene: Scene) -> None:
    pods = [scene.start("billing-service", "1.0.0") for _ in range(2)]
    register(scene.gateway_to(scene.start("user-service", "1.0.0"), version="1.0.0"), people=30)
    scene.expect_consumed("billing", events=30)
    eventually(lambda: sum(pod.sum("spring_kafka_listener_seconds_count", result="success") for pod in pods) == 30, what="each event once")


def test_a_series_of_errors_exists_only_after_the_first_error(scene: Scene) -> None:
    user_service = scene.start("user-service", "2.1.0")
    register(scene.gateway_to(user_service, version="2.0.0"), people=1, country="GB")
    assert not [labels for name, labels in user_service.samples() if ("status", "400") in labels]
    register(scene.gateway_to(user_service, version="2.0.0"), people=1)
    assert user_service.sum("http_server_requests_seconds_count", status="400", outcome="CLIENT_ERROR", uri="/users", method="POST") == 1


def test_the_gateway_says_502_where_user_service_is_gone(scene: Scene) -> None:
    gateway = scene.start("gateway", "2.0.0", USER_SERVICE_URL="http://127.0.0.1:1")
    assert register(gateway, people=1) == [502]


def test_user_service_says_503_where_the_broker_is_gone(scene: Scene) -> None:
    user_service = scene.start("user-service", "2.0.0", BROKER_URL="http://127.0.0.1:1")
    assert user_service.post("/users", {"name": "Ada Lovelace"}) == 503


def test_load_registers_at_its_rate_and_ends_by_itself(scene: Scene) -> None:
    gateway = scene.gateway_to(scene.start("user-service", "1.0.0"), version="1.0.0")
    scene.run_load(gateway, rate=40, seconds=1)
    assert 35 <= gateway.answers(201) <= 41
