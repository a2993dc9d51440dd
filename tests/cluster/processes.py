"""Operators as processes of their own, to be killed."""

import os
import random
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from localcluster.testing import RunningCluster, wait_for

_ROOT = Path(__file__).resolve().parents[2]
_EXIT_SECONDS = 20.0


@dataclass
class Operator:
    """A running operator; `name` is what it writes into the Lease."""

    name: str
    process: subprocess.Popen[bytes]
    health_port: int
    metrics_port: int
    log: Path

    def probe(self, path: str) -> int:
        """Return the status of a probe, 0 while nobody listens."""
        return _get(self.health_port, path)[0]

    def metric(self, series: str) -> float | None:
        """Return the value of a series, written as in the exposition."""
        name, brace, labels = series.partition("{")
        return self.series(name).get(brace + labels)

    def series(self, name: str) -> dict[str, float]:
        """Return the values of all series of a metric by their labels, written as in the exposition."""
        found: dict[str, float] = {}
        for line in _get(self.metrics_port, "/metrics")[1].splitlines():
            written, _, value = line.rpartition(" ")
            if written.partition("{")[0] == name:
                found[written.removeprefix(name)] = float(value)
        return found

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait(_EXIT_SECONDS)

    def stop(self) -> int:
        """Ask it to end as the kubelet does; return the exit code."""
        self.process.terminate()
        return self.process.wait(_EXIT_SECONDS)


@contextmanager
def operator(
    cluster: RunningCluster, folder: Path, *, name: str, namespace: str, watch: str = "", kubeconfig: Path | None = None,
    lease: str = "saferollout", real: bool = False, prometheus: str = "", stateful_sets: bool = True,
) -> Iterator[Operator]:
    """Run an operator with its Lease in a namespace, as the administrator unless a kubeconfig is given; it is killed at the end.

    `real`: `saferollout run` itself; else one that only says what it sees.
    """
    config = f"watchNamespaces: [{watch}]\nlease: {{name: {lease}}}\nprometheus: {{url: \"{prometheus}\"}}\nstatefulSets: {str(stateful_sets).lower()}\n"
    running = start(folder, name=name, namespace=namespace, kubeconfig=kubeconfig or cluster.kubeconfig, config=config, real=real)
    try:
        wait_for(f"operator {name} is ready, see {running.log}", lambda: running.probe("/readyz") == 200, seconds=120)
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def start(folder: Path, *, name: str, namespace: str, kubeconfig: Path, config: str = "", real: bool = True) -> Operator:
    """Start an operator and do not wait; `config` is added to its configuration file."""
    health_port, metrics_port = _free_port(), _free_port()
    file = folder / f"{name}.yaml"
    file.write_text(f"healthPort: {health_port}\nmetricsPort: {metrics_port}\n{config}")
    log = folder / f"{name}.log"
    environment = os.environ | {
        "KUBECONFIG": str(kubeconfig), "POD_NAME": name, "POD_NAMESPACE": namespace, "PYTHONPATH": f"{_ROOT / 'operator'}:{_ROOT}",
    }
    arguments = ["saferollout", "run", "--config", str(file)] if real else ["tests.cluster.operator_process", str(file)]
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", *arguments], env=environment, cwd=_ROOT, stdout=output, stderr=subprocess.STDOUT)
    return Operator(name=name, process=process, health_port=health_port, metrics_port=metrics_port, log=log)


def _get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def _free_port() -> int:
    """Return a port below those that connections get: one of them could take it before the operator does."""
    while True:
        port = random.randrange(30000, 32700)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
