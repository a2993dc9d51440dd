"""Free ports on loopback, also when several clusters start at the same moment."""

from __future__ import annotations

import fcntl
import json
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localcluster.paths import cache_folder

# Below Linux's range for outgoing connections, which could take a port between our look and the listener's bind.
_FIRST, _LAST = 21000, 29999


@contextmanager
def locked(name: str) -> Iterator[Path]:
    """Hold the machine-wide lock called name; yields its file."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield path


def reserve_ports(owner: str, *, count: int) -> list[int]:
    """Return count free ports, remembered as the owner's until release_ports."""
    with locked("ports.json") as path:
        taken = _read(path)
        others = {port for name, ports in taken.items() if name != owner for port in ports}
        chosen: list[int] = []
        candidates = random.sample(range(_FIRST, _LAST + 1), k=2000)
        for port in candidates:
            if len(chosen) == count:
                break
            if port not in others and _is_free(port):
                chosen.append(port)
        if len(chosen) < count:
            raise RuntimeError(f"no {count} free ports between {_FIRST} and {_LAST}")
        taken[owner] = [*taken.get(owner, []), *chosen]
        path.write_text(json.dumps(taken))
    return chosen


def release_ports(owner: str) -> None:
    """Forget the ports of the owner."""
    with locked("ports.json") as path:
        taken = _read(path)
        taken.pop(owner, None)
        path.write_text(json.dumps(taken))


def _read(path: Path) -> dict[str, list[int]]:
    with suppress(json.JSONDecodeError):
        stored: dict[str, list[int]] = json.loads(path.read_text())
        return stored
    return {}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
