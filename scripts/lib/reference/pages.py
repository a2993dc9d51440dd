"""All pages of the reference by their file names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scripts.lib.reference.api_page import api_page
from scripts.lib.reference.cli_page import cli_page
from scripts.lib.reference.events_page import events_page
from scripts.lib.reference.metrics_page import metrics_page
from scripts.lib.reference.reasons_page import reasons_page
from scripts.lib.reference.signals_page import signals_page

FOLDER: Final = Path(__file__).parents[3] / "docs" / "reference"
COMMAND: Final = ".venv/bin/python -m scripts.lib.reference"

_PAGES: Final[Mapping[str, tuple[str, Callable[[], str]]]] = {
    "api.md": ("operator/saferollout/api", api_page),
    "reasons.md": ("operator/saferollout/core/reasons.py and api/status.py", reasons_page),
    "events.md": ("operator/saferollout/core/event_reasons.py", events_page),
    "metrics.md": ("operator/saferollout/shell/series.py", metrics_page),
    "signals.md": ("operator/saferollout/core/catalogue", signals_page),
    "cli.md": ("operator/saferollout/cli", cli_page),
}


def pages() -> dict[str, str]:
    """Return the text of each page; the same code always gives the same text."""
    return {name: f"<!-- Generated from {source} by `{COMMAND}`: edit those. -->\n\n{page()}" for name, (source, page) in _PAGES.items()}
