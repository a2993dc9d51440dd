"""Describe the machine that numbers were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from localcluster.binaries import BinariesMissing, binary


def describe_machine() -> str:
    """Return cores, memory, Python and Kubernetes in one line."""
    python = platform.python_version()
    return f"{os.cpu_count()} cores ({_processor()}), {_memory()}, {platform.system()}, Python {python}, Kubernetes {_kubernetes()}"


def _processor() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return models[0].partition(":")[2].strip() if models else platform.machine()


def _memory() -> str:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{pages * size / 2**30:.0f} GiB"


def _kubernetes() -> str:
    try:
        answer = subprocess.run([binary("kube-apiserver"), "--version"], capture_output=True, text=True, check=True, timeout=30)
    except BinariesMissing:
        return "not fetched"
    return answer.stdout.strip().removeprefix("Kubernetes ")
