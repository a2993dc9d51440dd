"""kube-state-metrics, built from Go modules into the cache."""

from __future__ import annotations

import re
from pathlib import Path

from localcluster.go_build import build_program, modules_hash
from localcluster.paths import cache_folder
from localcluster.ports import locked
from localcluster.progress import timed

_MODULES = Path(__file__).resolve().parent / "kube_state_metrics_build"
_MODULE = "k8s.io/kube-state-metrics/v2"


def kube_state_metrics_version() -> str:
    """Return the version that go.mod asks for, such as 2.18.0."""
    found = re.search(rf"^require {re.escape(_MODULE)} v(\S+)", (_MODULES / "go.mod").read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{_MODULES / 'go.mod'} does not require {_MODULE}")
    return found.group(1)


def ensure_kube_state_metrics() -> Path:
    """Return the path of the program, which needs no libraries; built first if it is not there yet."""
    path = cache_folder() / "kube-state-metrics" / modules_hash(_MODULES) / "kube-state-metrics"
    if not path.exists():
        with locked("kube-state-metrics-build.lock"):
            if not path.exists():
                _build(path)
    return path


def _build(path: Path) -> None:
    version = kube_state_metrics_version()
    with timed(f"kube-state-metrics {version} from Go modules"):
        build_program(_MODULES, _MODULE, path, linker_flags=f"-s -w -X github.com/prometheus/common/version.Version=v{version}")


if __name__ == "__main__":
    print(ensure_kube_state_metrics())
