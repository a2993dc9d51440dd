"""Configuration files that running processes watch."""

from __future__ import annotations

import os
from pathlib import Path


def write_if_different(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace the file in one step, and only when it would say something else.

    `up` writes every file again while completing a cluster; a kube-proxy ends itself when its configuration is written, be it the same.
    """
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    partial.rename(path)
