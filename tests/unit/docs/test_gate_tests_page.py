"""The page on gate tests names every field and word of the format."""

import re
from pathlib import Path

import pytest

from saferollout.api.base import Model
from saferollout.cli.gate_tests.files import Differs, Event, Expectation, GateTest, GateTestFile, Measured, ReleaseFacts
from saferollout.cli.gate_tests.series import LONGEST_AGE, POINTS
from saferollout.cli.gate_tests.words import NewTemplate, Phase, Reaction, Said, Word

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "gate-tests.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"[\w]+", " ".join(re.findall(r"`([^`]+)`", PAGE))))


@pytest.mark.parametrize("model", [GateTestFile, GateTest, ReleaseFacts, Measured, Event, Expectation, Differs], ids=lambda model: model.__name__)
def test_every_field_is_on_the_page(model: type[Model]) -> None:
    assert {field.alias for field in model.model_fields.values()} - QUOTED == set()


@pytest.mark.parametrize("words", [Phase, Word, Reaction, Said, NewTemplate, POINTS])
def test_every_word_is_on_the_page(words: type) -> None:
    assert {str(word) for word in words} - QUOTED == set()


def test_the_age_of_a_stale_sample_on_the_page_is_that_of_the_code() -> None:
    assert f"more than {LONGEST_AGE:g} are stale" in PAGE
