"""Nothing in this folder starts a cluster or touches the machine's cache."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("SAFEROLLOUT_CACHE", str(folder))
    return folder
