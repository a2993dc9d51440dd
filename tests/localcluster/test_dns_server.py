"""Pods find services by name."""

import struct
from pathlib import Path
from typing import Any

import pytest

from localcluster.api_server import ApiServer
from localcluster.dns_server import ServiceNames, answer

SERVICES = {
    "items": [
        {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIPs": ["198.19.0.7"]}},
        {"metadata": {"name": "headless", "namespace": "shop"}, "spec": {"clusterIPs": ["None"]}},
    ]
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> ServiceNames:
    def get(_: ApiServer, path: str) -> Any:
        assert path == "/api/v1/services"
        return SERVICES

    monkeypatch.setattr(ApiServer, "get", get)
    return ServiceNames(api=ApiServer(url="https://127.0.0.1:1", certificate_authority=Path("ca"), token="t"))


def question(name: str, *, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34" + struct.pack(">HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def code_and_count(response: bytes) -> tuple[int, int]:
    _, flags, _, count = struct.unpack_from(">HHHH", response)
    return flags & 0xF, count


def test_a_service_is_answered_with_its_address(names: ServiceNames) -> None:
    response = answer(question("web.shop.svc.cluster.local"), names)
    assert response[:2] == b"\x12\x34"
    assert code_and_count(response) == (0, 1)
    assert response.endswith(bytes([198, 19, 0, 7]))


def test_case_does_not_matter(names: ServiceNames) -> None:
    assert code_and_count(answer(question("WEB.Shop.svc.cluster.local"), names)) == (0, 1)


def test_a_question_for_another_kind_of_record_is_answered_with_none(names: ServiceNames) -> None:
    assert code_and_count(answer(question("web.shop.svc.cluster.local", kind=28), names)) == (0, 0)
    assert code_and_count(answer(question("headless.shop.svc.cluster.local"), names)) == (0, 0)


@pytest.mark.parametrize("name", ["web.other.svc.cluster.local", "web", "example.org", "a.web.shop.svc.cluster.local"])
def test_any_other_name_does_not_exist(names: ServiceNames, name: str) -> None:
    assert code_and_count(answer(question(name), names)) == (3, 0)
