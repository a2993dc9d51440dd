"""The log of what was written to the objects of a kind in a namespace: each state that the API server sent to a watch, in order."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from localcluster.binaries import binary
from localcluster.testing import RunningCluster, wait_for


@contextmanager
def written(cluster: RunningCluster, namespace: str, plural: str, folder: Path) -> Iterator[Path]:
    """Write the log while the context is open; at least one object must exist."""
    file, over = folder / f"{plural}.json", threading.Event()
    command = [binary("kubectl"), f"--kubeconfig={cluster.kubeconfig}", "-n", namespace, "get", plural, "--watch", "-o", "json"]

    def follow() -> None:
        # The API server ends the watches of a kind whose definition changes; what is there then stands at the head of the next one.
        while not over.is_set():
            with file.open("ab") as output:
                process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
                while process.poll() is None and not over.wait(0.05):
                    pass
                process.terminate()
                process.wait(10)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        wait_for(f"the watch of {plural} began", lambda: file.exists() and file.stat().st_size > 0)
        yield file
    finally:
        over.set()
        thread.join(20)


def states(file: Path) -> list[dict[str, Any]]:
    """Return every object of the log, each as often as it changed; what a new watch begins with may stand there twice."""
    text, decoder, at = file.read_text().strip(), json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    while at < len(text):
        state, at = decoder.raw_decode(text, at)
        found.append(state)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def batches(safe_rollouts: Path, workload: str) -> list[int]:
    """Return the batches of a workload in the order in which they were on record, without repetition in a row."""
    releases = [state.get("status", {}).get("release") or {} for state in states(safe_rollouts)]
    rolls = [roll["batch"] for release in releases for roll in release.get("rolls", ()) if roll["workload"] == workload]
    return [batch for batch, _ in groupby(rolls)]


def release_ids(safe_rollouts: Path) -> list[str]:
    """Return the releases that were on record, in their order, without repetition in a row."""
    releases = [state.get("status", {}).get("release") or {} for state in states(safe_rollouts)]
    return [name for name, _ in groupby(release["id"] for release in releases if release)]


def paces(deployments: Path, name: str, image: str) -> list[int]:
    """Return the shares in percent that were let onto an image, in their order, without repetition in a row."""
    mine = [state for state in states(deployments) if state["metadata"]["name"] == name]
    paced = [
        state["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        for state in mine
        if "saferollout.io/paced" in state["metadata"].get("labels", {}) and state["spec"]["template"]["spec"]["containers"][0]["image"] == image
    ]
    return [share for share, _ in groupby(int(str(share).removesuffix("%")) for share in paced)]
