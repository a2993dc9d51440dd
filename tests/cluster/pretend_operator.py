"""A thread that plays the operator on a real API server, as far as commands go: answers each one once and takes it away."""

import json
import threading
from types import TracebackType
from typing import Any, Self

from localcluster.testing import RunningCluster
from saferollout.api.names import COMMAND_PREFIX, GROUP, PLURAL, VERSION


class PretendOperator:
    """Accepts every command, or refuses each with one sentence; `heard` keeps what it was told."""

    def __init__(self, cluster: RunningCluster, *, namespace: str, name: str, refusal: str = "") -> None:
        self.heard: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self._cluster = cluster
        self._path = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{PLURAL}/{name}"
        self._refusal = refusal
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(timeout=10)
        if kind is None:
            assert self.faults == []

    def _listen(self) -> None:
        while not self._over.wait(0.1):
            found = self._cluster.api.get(self._path)
            annotations = found["metadata"].get("annotations") or {}
            for key in [key for key in annotations if key.startswith(COMMAND_PREFIX)]:
                try:
                    self._answer(key, json.loads(annotations[key]))
                except AssertionError as fault:  # kubectl's words; the test reads them when it ends
                    self.faults.append(str(fault))

    def _answer(self, key: str, command: dict[str, Any]) -> None:
        self.heard.append({"verb": key.removeprefix(COMMAND_PREFIX), **command})
        result = {
            "id": command["id"],
            "verb": key.removeprefix(COMMAND_PREFIX),
            "by": command["by"],
            "time": command["time"],
            "accepted": not self._refusal,
            "message": self._refusal or "done",
        }
        *_, namespace, _, name = self._path.split("/")
        target = ("saferollout", name, "-n", namespace, "--type=merge", "-p")
        self._cluster.kubectl("patch", *target, json.dumps({"status": {"commands": [result]}}), "--subresource=status")
        self._cluster.kubectl("patch", *target, json.dumps({"metadata": {"annotations": {key: None}}}))
