"""The demo's services as plain processes on loopback: the same files that the pods run, without a cluster."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError

from prometheus_client.parser import text_string_to_metric_families

SERVICES = Path(__file__).resolve().parents[3] / "examples/demo/services"
DEAD_LETTERS = "user.events.dlt"
_DEADLINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Pod:
    """One running service."""

    name: str
    url: str

    def post(self, path: str, body: dict[str, Any]) -> int:
        """Send a request and return the status of the answer."""
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_DEADLINE_SECONDS) as response:
                return int(response.status)
        except HTTPError as error:
            with error:
                return error.code

    def samples(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Return what Prometheus would scrape, by name and labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=_DEADLINE_SECONDS) as response:
            families = list(text_string_to_metric_families(response.read().decode()))
        return {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}

    def sum(self, name: str, **labels: str) -> float:
        """Add up the series of that name which have these labels."""
        return sum(value for (family, own), value in self.samples().items() if family == name and labels.items() <= dict(own).items())

    def answers(self, status: int) -> float:
        """Count the requests that were answered with that status."""
        return self.sum("http_server_requests_seconds_count", status=str(status))


class Scene:
    """Starts services; ends every one of them when the test ends."""

    def __init__(self) -> None:
        self._ends = ExitStack()
        self.broker = self.start("broker", "1.0.0")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.close()

    def start(self, service: str, version: str, **environment: str) -> Pod:
        """Start one version of a service and wait until it is ready."""
        port = _free_port()
        broker = self.broker.url if service != "broker" else ""
        own = {"PORT": str(port), "PYTHONPATH": str(SERVICES), "BROKER_URL": broker, "HOSTNAME": f"{service}-{port}"}
        process = subprocess.Popen(
            [sys.executable, "-B", str(SERVICES / service / version / "service.py")],
            env={**os.environ, **own, **environment},
            stdout=subprocess.DEVNULL,
        )
        self._ends.callback(_end, process)
        pod = Pod(name=f"{service} {version}", url=f"http://127.0.0.1:{port}")
        eventually(lambda: _is_ready(pod), what=f"{pod.name} is ready")
        return pod

    def gateway_to(self, user_service: Pod, *, version: str) -> Pod:
        """Start a gateway in front of one pod of user-service."""
        return self.start("gateway", version, USER_SERVICE_URL=user_service.url)

    def run_load(self, gateway: Pod, *, rate: int, seconds: int) -> None:
        """Run the load generator to its end."""
        own = {"PYTHONPATH": str(SERVICES), "GATEWAY_URL": gateway.url, "RATE": str(rate), "SECONDS": str(seconds)}
        command = [sys.executable, "-B", str(SERVICES / "load/1.0.0/service.py")]
        subprocess.run(command, env={**os.environ, **own}, check=True, timeout=seconds + _DEADLINE_SECONDS, stdout=subprocess.DEVNULL)

    def dead_letters(self) -> float:
        """Return the depth of the dead-letter topic as a gate measures it: newest offset minus oldest."""
        newest = self.broker.sum("kafka_topic_partition_current_offset", topic=DEAD_LETTERS)
        return newest - self.broker.sum("kafka_topic_partition_oldest_offset", topic=DEAD_LETTERS)

    def expect_consumed(self, group: str, *, events: int) -> None:
        """Wait until the group has passed that many events."""
        eventually(
            lambda: self.broker.sum("kafka_consumergroup_current_offset", consumergroup=group) == events,
            what=f"{group} passed {events} events",
        )
        assert self.broker.sum("kafka_consumergroup_lag", consumergroup=group) == 0


def register(gateway: Pod, *, people: int, country: str | None = None) -> list[int]:
    """Register people and return the status of each answer."""
    form = {"name": "Ada Lovelace", **({"country": country} if country else {})}
    return [gateway.post("/register", form) for _ in range(people)]


def eventually(holds: Any, *, what: str) -> None:
    """Wait until it holds; fail by name after ten seconds."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {_DEADLINE_SECONDS:g} s: {what}"
        time.sleep(0.02)


def _is_ready(pod: Pod) -> bool:
    try:
        with urllib.request.urlopen(f"{pod.url}/ready", timeout=1):
            return True
    except (URLError, ConnectionError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
