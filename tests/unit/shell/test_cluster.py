"""The client over HTTP: what is sent, and which error comes of which answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client.configuration import Configuration

from saferollout.engine import errors
from saferollout.engine.resources import EVENTS, Kind
from saferollout.engine.store import Place
from saferollout.shell import cluster as cluster_module
from saferollout.shell.cluster import KubernetesCluster
from saferollout.shell.connection import connect

BILLING = Place(namespace="shop", name="billing")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """A server on loopback that answers as the test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.answers: list[Answer] = []
        self.counted: list[tuple[str, str]] = []
        self.url: tuple[str, int] = ("", 0)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember the request and give the next answer, the last one again and again."""
        self.requests.append((request.method, request.path, dict(request.query), await request.text()))
        self.headers.append(request.headers)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


def saying(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body if isinstance(body, str) else json.dumps(body), status=status, headers=headers)

    return answer


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = runner.addresses[0]
    yield server
    await runner.cleanup()


@pytest.fixture
async def cluster(server: Server) -> AsyncIterator[KubernetesCluster]:
    host, port = server.url
    configuration = Configuration(host=f"http://{host}:{port}")
    configuration.api_key["BearerToken"] = "Bearer secret"
    async with connect(configuration, count_request=lambda verb, code: server.counted.append((verb, code))) as cluster:
        yield cluster


async def test_a_patch_is_a_merge_patch_of_our_field_manager(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying({"metadata": {}})]
    await cluster.patch(Kind.SAFE_ROLLOUT.resource, BILLING, body={"status": {"a": None}}, subresource="status")
    method, path, query, body = server.requests[0]
    assert (method, path) == ("PATCH", "/apis/saferollout.io/v1alpha1/namespaces/shop/saferollouts/billing/status")
    assert query == {"fieldManager": "saferollout"}
    assert json.loads(body) == {"status": {"a": None}}
    assert server.headers[0]["Content-Type"] == "application/merge-patch+json"
    assert server.headers[0]["authorization"] == "Bearer secret"
    assert server.counted == [("PATCH", "200")]


async def test_the_core_group_has_its_own_path(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying({})]
    await cluster.get(Kind.POD.resource, BILLING)
    assert server.requests[0][1] == "/api/v1/namespaces/shop/pods/billing"


async def test_a_list_comes_in_pages(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [
        saying({"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [{"a": 1}]}),
        saying({"metadata": {"resourceVersion": "7"}, "items": [{"a": 2}]}),
    ]
    listing = await cluster.list(Kind.DEPLOYMENT.resource, label="x")
    assert listing.items == ({"a": 1}, {"a": 2})
    assert listing.resource_version == "7"
    assert [query for _, _, query, _ in server.requests] == [
        {"limit": "500", "labelSelector": "x"}, {"limit": "500", "labelSelector": "x", "continue": "more"},
    ]
    assert server.requests[0][1] == "/apis/apps/v1/deployments"


async def test_a_list_that_grew_too_old_between_pages_begins_anew(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [
        saying({"metadata": {"resourceVersion": "7", "continue": "more"}, "items": [{"a": 1}]}),
        saying({"message": "too old"}, status=410),
        saying({"metadata": {"resourceVersion": "9"}, "items": [{"a": 3}]}),
    ]
    assert (await cluster.list(Kind.POD.resource, namespace="shop")).items == ({"a": 3},)


async def test_a_list_that_is_always_too_old_ends(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying({"message": "too old"}, status=410)]
    with pytest.raises(errors.Gone):
        await cluster.list(Kind.POD.resource)
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "error"), [
    (400, errors.Invalid), (401, errors.Forbidden), (403, errors.Forbidden), (404, errors.NotFound), (409, errors.Conflict),
    (410, errors.Gone), (413, errors.Invalid), (422, errors.Invalid), (429, errors.Throttled), (500, errors.Unreachable), (503, errors.Unreachable),
])
async def test_each_answer_is_an_error_of_its_kind_with_the_servers_words(
    server: Server, cluster: KubernetesCluster, status: int, error: type[errors.ClusterError]
) -> None:
    server.answers = [saying({"message": "because"}, status=status)]
    with pytest.raises(error, match="because"):
        await cluster.get(Kind.POD.resource, BILLING)
    assert len(server.requests) == 1


async def test_a_busy_server_says_for_how_long(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying("", status=429, headers={"Retry-After": "7"})]
    with pytest.raises(errors.Throttled) as caught:
        await cluster.create(EVENTS, namespace="shop", body={})
    assert caught.value.retry_after == 7.0


async def test_nonsense_is_no_object(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying("<html>login</html>")]
    with pytest.raises(errors.Unreachable, match="login"):
        await cluster.get(Kind.POD.resource, BILLING)


async def test_a_server_that_hangs_is_given_up(server: Server, cluster: KubernetesCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    server.answers = [hang]
    monkeypatch.setattr(cluster_module, "TIMEOUT_SECONDS", 0.1)
    with pytest.raises(errors.Unreachable):
        await cluster.patch(Kind.POD.resource, BILLING, body={})
    assert server.counted == [("PATCH", "none")]


async def test_nobody_listening_is_unreachable() -> None:
    async with connect(Configuration(host="http://127.0.0.1:9"), count_request=lambda verb, code: None) as cluster:
        with pytest.raises(errors.Unreachable):
            await cluster.get(Kind.POD.resource, BILLING)


async def test_a_deletion_says_what_is_left(server: Server, cluster: KubernetesCluster) -> None:
    server.answers = [saying({"kind": "Status", "status": "Success"}), saying({"kind": "ReplicaSet", "metadata": {"name": "x"}})]
    body = {"preconditions": {"uid": "u"}}
    assert await cluster.delete(Kind.REPLICA_SET.resource, BILLING, body=body) is None
    assert await cluster.delete(Kind.REPLICA_SET.resource, BILLING, body=body) == {"kind": "ReplicaSet", "metadata": {"name": "x"}}
    assert json.loads(server.requests[0][3]) == body
