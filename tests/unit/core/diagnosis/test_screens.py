"""The screen of each cause, word by word. `UPDATE_GOLDENS=1` writes them anew; the pages on failure modes show the same."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from saferollout.core.diagnosis.diagnose import diagnose
from saferollout.core.diagnosis.evidence import Evidence
from saferollout.core.diagnosis.finding import Cause, Certainty
from saferollout.core.diagnosis.sentences import WIDTH, headline, screen
from tests.unit.core.diagnosis import shop

GOLDENS: Final = Path(__file__).parent / "golden"
SCENES: Final[Mapping[Cause, Callable[[], Evidence]]] = {
    Cause.MODE_1: shop.mode_1,
    Cause.MODE_2: shop.mode_2,
    Cause.MODE_3: shop.mode_3,
    Cause.MODE_4: shop.mode_4,
    Cause.MODE_5: shop.mode_5,
    Cause.BROKER_DOWN: shop.broker_down,
    Cause.DATABASE_DOWN: shop.database_down,
    Cause.CACHE_DOWN: shop.cache_down,
    Cause.GATEWAY_RESTART: shop.gateway_restart,
    Cause.NODE_TROUBLE: shop.node_trouble,
    Cause.SCRAPE_TROUBLE: shop.scrape_trouble,
    Cause.CAPACITY: shop.too_little_capacity,
    Cause.PLAIN_BUG: shop.plain_bug,
    Cause.UNKNOWN: shop.unknown,
    Cause.NOTHING: shop.nothing,
}


def test_there_is_a_screen_for_every_cause() -> None:
    assert set(SCENES) == set(Cause)


@pytest.mark.parametrize("cause", SCENES)
def test_the_screen_says_what_it_said(cause: Cause) -> None:
    finding = diagnose(SCENES[cause]())
    assert finding.cause is cause
    drawn = screen(finding)
    golden = GOLDENS / f"{cause.value}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(drawn, encoding="utf-8")
    assert drawn == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("cause", [one for one in SCENES if one is not Cause.UNKNOWN])
def test_with_all_the_evidence_the_cause_is_named(cause: Cause) -> None:
    assert diagnose(SCENES[cause]()).certainty is Certainty.NAMED


@pytest.mark.parametrize("cause", SCENES)
def test_only_commands_are_wider_than_a_screen(cause: Cause) -> None:
    assert all(len(line) <= WIDTH for line in screen(diagnose(SCENES[cause]())).splitlines() if "saferollout " not in line)


@pytest.mark.parametrize("cause", SCENES)
def test_the_headline_stays_the_same_while_the_numbers_move(cause: Cause) -> None:
    evidence = SCENES[cause]()
    moved = shop.counted_further(evidence)
    assert moved != evidence
    assert headline(diagnose(moved)) == headline(diagnose(evidence))
    assert "%" not in headline(diagnose(evidence))
