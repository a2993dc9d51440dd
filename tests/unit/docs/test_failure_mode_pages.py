"""The pages on failure modes and outages: each shows the screen that the diagnosis draws, and says what every such page says."""

from pathlib import Path

import pytest

from saferollout.core.diagnosis.finding import ENVIRONMENT, MODES, Cause
from tests.unit.docs.pages import ROOT, blocks

GOLDENS = ROOT / "tests" / "unit" / "core" / "diagnosis" / "golden"
PAGES = {
    "docs/failure-modes/1-new-producer-old-consumer.md": Cause.MODE_1,
    "docs/failure-modes/2-new-validation-old-client.md": Cause.MODE_2,
    "docs/failure-modes/3-consumer-ahead-of-producer.md": Cause.MODE_3,
    "docs/failure-modes/4-cache-format.md": Cause.MODE_4,
    "docs/failure-modes/5-forward-only-writes.md": Cause.MODE_5,
    "docs/outages/kafka-down.md": Cause.BROKER_DOWN,
    "docs/outages/postgres-down.md": Cause.DATABASE_DOWN,
    "docs/outages/cache-down.md": Cause.CACHE_DOWN,
    "docs/outages/gateway-restart.md": Cause.GATEWAY_RESTART,
    "docs/outages/node-down.md": Cause.NODE_TROUBLE,
    "docs/outages/no-samples.md": Cause.SCRAPE_TROUBLE,
}
HEADINGS = ("## What happens", "## The signal", "## The usual misdiagnosis", "## The screen", "## What SafeRollout does")


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_there_is_a_page_for_every_mode_and_every_outage() -> None:
    folders = (ROOT / "docs" / "failure-modes", ROOT / "docs" / "outages")
    assert {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.glob("*.md")} == set(PAGES)
    assert set(PAGES.values()) == MODES | ENVIRONMENT


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_the_screen_that_is_drawn(page: str) -> None:
    golden = (GOLDENS / f"{PAGES[page].value}.txt").read_text(encoding="utf-8")
    assert golden.rstrip("\n") in [block.text for block in blocks() if block.page == page]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_what_every_such_page_has(page: str) -> None:
    headings = HEADINGS if PAGES[page] in ENVIRONMENT else (*HEADINGS, "## How to declare it away")
    assert tuple(line for line in text(page).splitlines() if line.startswith("## ")) == headings


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_linked_from_the_start(page: str) -> None:
    assert Path(page).name in text("README.md") + text("docs/concepts.md")
