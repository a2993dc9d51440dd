"""The page on gate tests names every field and word of the format, and its example runs."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from saferollout.api.base import Model
from saferollout.cli.gate_tests.files import Differs, Event, Expectation, GateTest, GateTestFile, Measured, ReleaseFacts
from saferollout.cli.gate_tests.series import LONGEST_AGE, POINTS
from saferollout.cli.gate_tests.words import NewTemplate, Phase, Reaction, Said, Word
from saferollout.cli.main import app

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


def test_the_example_on_the_page_passes(tmp_path: Path) -> None:
    block = re.search(r"^    # gates/checkout\.yaml\n(?:    .*\n)+", PAGE, flags=re.MULTILINE)
    assert block is not None
    folder = tmp_path / "gates"
    folder.mkdir()
    (folder / "checkout.yaml").write_text(textwrap.dedent(block.group()), encoding="utf-8")
    spec = {
        "bakeSeconds": 60,
        "workloads": [{"name": "checkout"}],
        "contracts": [{"name": "orders", "topic": {"name": "orders", "deadLetterTopic": "orders.dlt"}}],
        "gates": [{"name": "dead-letters", "signal": "DeadLetterDepth", "contract": "orders", "max": "5"}],
    }
    (tmp_path / "manifests").mkdir()
    manifest = {"apiVersion": "saferollout.io/v1alpha1", "kind": "SafeRollout", "metadata": {"name": "checkout"}, "spec": spec}
    (tmp_path / "manifests" / "saferollout.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    result = CliRunner().invoke(app, ["gate", "test", str(folder)])
    assert result.exit_code == 0, result.output
