"""The API server through `kubernetes.aio`, raw: dictionaries in and out, no typed models, few verbs, one error tree.

Typed models cost a second and 100 MB for a list of 2000 objects; and the client's default time-out is five minutes. Retries are
left to the queue, which knows what else there is to do.
"""

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from kubernetes.aio.client.api_client import ApiClient

from saferollout.api import names
from saferollout.engine.errors import ClusterError, Conflict, Forbidden, Gone, Invalid, NotFound, Throttled, Unreachable
from saferollout.engine.ports import Listing
from saferollout.engine.resources import Resource
from saferollout.engine.store import Place
from saferollout.engine.trimming import Raw

TIMEOUT_SECONDS: Final = 10.0
PAGE_SIZE: Final = 500
MERGE_PATCH: Final = "application/merge-patch+json"

# A list that changes faster than it can be read in pages is not worth a third attempt.
_LIST_ATTEMPTS: Final = 3
_LONGEST_REASON: Final = 500

CountRequest = Callable[[str, str], None]


class KubernetesCluster:
    """Implements engine.ports.Cluster. `count_request` hears verb and status code of every request."""

    def __init__(self, client: ApiClient, *, count_request: CountRequest, field_manager: str = names.FIELD_MANAGER) -> None:
        self._client = client
        self._count_request = count_request
        self._field_manager = field_manager

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.close()  # type: ignore[no-untyped-call]  # the client is typed only in part

    async def list(self, resource: Resource, *, namespace: str | None = None, label: str = "") -> Listing:
        """List the newest state in pages; a continuation that grew too old begins anew."""
        for _ in range(_LIST_ATTEMPTS - 1):
            try:
                return await self._list_once(resource, namespace=namespace, label=label)
            except Gone:
                continue
        return await self._list_once(resource, namespace=namespace, label=label)

    async def discovers(self, resource: Resource) -> bool:
        """Tell whether the API server's discovery names a resource; it learns of a new one a moment after it is served."""
        try:
            groups = (await self._request("GET", "/apis")).get("groups", ())
            served = (await self._request("GET", resource.root)).get("resources", ())
        except ClusterError:
            return False
        return any(group["name"] == resource.group for group in groups) and any(one["name"] == resource.plural for one in served)

    async def get(self, resource: Resource, place: Place) -> Raw:
        """Read one object."""
        return await self._request("GET", _path(resource, place.namespace, place.name))

    async def create(self, resource: Resource, *, namespace: str, body: Mapping[str, Any]) -> Raw:
        """Create an object."""
        return await self._request("POST", _path(resource, namespace), query=self._managed(), body=body)

    async def replace(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw:
        """Replace the object whose resourceVersion stands in the body."""
        return await self._request("PUT", _path(resource, place.namespace, place.name), query=self._managed(), body=body)

    async def patch(self, resource: Resource, place: Place, *, body: Mapping[str, Any], subresource: str = "") -> Raw:
        """Send a merge patch."""
        path = _path(resource, place.namespace, place.name, subresource)
        return await self._request("PATCH", path, query=self._managed(), body=body, content_type=MERGE_PATCH)

    async def delete(self, resource: Resource, place: Place, *, body: Mapping[str, Any]) -> Raw | None:
        """Delete an object as DeleteOptions say."""
        left = await self._request("DELETE", _path(resource, place.namespace, place.name), body=body)
        return None if left.get("kind") == "Status" else left

    async def _list_once(self, resource: Resource, *, namespace: str | None, label: str) -> Listing:
        items: list[Raw] = []
        query = {"limit": str(PAGE_SIZE)} | ({"labelSelector": label} if label else {})
        while True:
            page = await self._request("GET", _path(resource, namespace or ""), query=query, verb="LIST")
            items.extend(page["items"])
            following = page["metadata"].get("continue")
            if not following:
                return Listing(items=tuple(items), resource_version=page["metadata"]["resourceVersion"])
            query["continue"] = following

    def _managed(self) -> dict[str, str]:
        return {"fieldManager": self._field_manager}

    async def _request(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None,
        content_type: str = "application/json", verb: str = "",
    ) -> Raw:
        verb = verb or method
        try:
            status, headers, text = await self._send(method, path, query=query or {}, body=body, content_type=content_type)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self._count_request(verb, "none")
            raise Unreachable(f"{verb} {path}: {type(error).__name__}: {error}") from error
        self._count_request(verb, str(status))
        answer = _parsed(text)
        if status < 300 and isinstance(answer, dict):
            return answer
        raise _error(status, f"{verb} {path}: {_reason(answer, text)}", headers)

    async def _send(
        self, method: str, path: str, *, query: Mapping[str, str], body: Mapping[str, Any] | None, content_type: str
    ) -> tuple[int, Mapping[str, str], str]:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        method, url, headers, sent, _ = await self._client.param_serialize(
            method, path, query_params=list(query.items()), header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        response = await self._client.call_api(method, url, header_params=headers, body=sent, _request_timeout=TIMEOUT_SECONDS)
        data: bytes = await response.read()  # type: ignore[no-untyped-call]  # as above
        return response.status, response.headers, data.decode("utf-8", errors="replace")


def _path(resource: Resource, namespace: str, name: str = "", subresource: str = "") -> str:
    scope = f"/namespaces/{namespace}" if namespace else ""
    return "/".join(part for part in (f"{resource.root}{scope}/{resource.plural}", name, subresource) if part)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _reason(answer: Any, text: str) -> str:
    message = answer.get("message") if isinstance(answer, dict) else None
    return str(message or text)[:_LONGEST_REASON]


def _error(status: int, message: str, headers: Mapping[str, str]) -> ClusterError:
    match status:
        case 409:
            return Conflict(message)
        case 404:
            return NotFound(message)
        case 410:
            return Gone(message)
        case 401 | 403:
            return Forbidden(message)
        case 400 | 405 | 413 | 415 | 422:
            return Invalid(message)
        case 429:
            return Throttled(message, retry_after=_seconds(headers.get("Retry-After")))
        case _:
            return Unreachable(f"{message} (HTTP {status})")


def _seconds(retry_after: str | None) -> float:
    # Only the form that Kubernetes uses; a date is as good as nothing.
    return float(retry_after) if retry_after is not None and retry_after.isdecimal() else 1.0
