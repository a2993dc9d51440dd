"""The modules of the scene's services that need nothing but Python, imported from where the pods have them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

OPENCORE = Path(__file__).resolve().parents[3] / "examples/opencore"
_SERVICES = str(OPENCORE / "services")


def module(name: str) -> Any:
    """Return opencore.NAME; never `load`, `setup` and the like, whose folders stand beside it."""
    sys.path.append(_SERVICES)
    try:
        return importlib.import_module(f"opencore.{name}")
    finally:
        sys.path.remove(_SERVICES)
