"""Every manifest on the pages is one that the API server, the models and lint take, and every other block is accounted for."""

import copy
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml
from promql_parser import parse
from typer.testing import CliRunner

from saferollout.api import names
from saferollout.api.contracts import Contract
from saferollout.api.declaration import parse_declaration
from saferollout.api.externals import may_be_read
from saferollout.api.saferollout import SafeRollout
from saferollout.api.spec import SafeRolloutSpec
from saferollout.cli.main import app
from saferollout.shell.config import OperatorConfig
from saferollout.shell.series import ALL
from tests.unit.docs.desks import shown
from tests.unit.docs.pages import ROOT, Code, blocks, is_shell

SEEN_ON_THE_SCENE: Final = (
    "docs/failure-modes/1-new-producer-old-consumer.md",
    "docs/failure-modes/2-new-validation-old-client.md",
    "docs/failure-modes/3-consumer-ahead-of-producer.md",
    "docs/failure-modes/4-cache-format.md",
    "docs/failure-modes/5-forward-only-writes.md",
)
NO_MANIFESTS: Final[Mapping[tuple[str, str], str]] = {
    ("docs/architecture.md", "cli | shell -> engine -> workloads -> core -> api"): "a picture; pyproject.toml has the layers, import-linter checks them",
    ("docs/demo.md", "load ──> gateway ──users-api──> user-service ──user-events──> billing-service"): "a picture",
    ("docs/failure-modes/1-new-producer-old-consumer.md", "Mode 1, a new producer and an old consumer (user-events)"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/failure-modes/2-new-validation-old-client.md", "Mode 2, a new validation and an old client (users-api)"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/failure-modes/3-consumer-ahead-of-producer.md", "Mode 3, a consumer ahead of its producer (user-events)"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/failure-modes/4-cache-format.md", "Mode 4, two formats in one cache (profiles)"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/failure-modes/5-forward-only-writes.md", "Mode 5, old pods meet rows that only new ones can read (users)"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/cache-down.md", "The cache is or was down"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/gateway-restart.md", "The gateway is down or was restarted"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/kafka-down.md", "The message broker is or was down"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/node-down.md", "A node is down or was restarted"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/no-samples.md", "Prometheus gets no samples"): "a screen: test_failure_mode_pages.py compares it",
    ("docs/outages/postgres-down.md", "The database is or was down"): "a screen: test_failure_mode_pages.py compares it",
    **{(page, "WHAT BROKE"): "a screen, as the scene showed it" for page in SEEN_ON_THE_SCENE},
    ("docs/outages/gateway-restart.md", "02:57  Progressing  0/1  batch 1 of 3 of user-service: new pods to be available"): "what a release said on the scene",
    ("docs/outages/kafka-down.md", "01:42  Progressing  0/1  batch 1 of 3 of user-service: new pods to be available"): "what a release said on the scene",
    ("docs/outages/postgres-down.md", "04:28  Progressing  0/1  batch 1 of 3 of user-service bakes for 20 s"): "what a release said on the scene",
    ("docs/first-release.md", "shop: accepted, 2 steps"): "an answer: test_first_release_page.py compares it",
    ("docs/first-release.md", "1. Roll invoicing (Expand)"): "the same",
    ("docs/first-release.md", "2. Roll orders (Migrate)"): "the same",
    ("docs/gate-tests.md", "# gates/checkout.yaml"): "a file of gate tests: test_commands_on_pages.py runs it",
    ("docs/helm.md", "kind: SafeRollout"): "a piece of a Helm template: tests/helm's chart has it",
    ("docs/readiness.md", "kind: Kustomization"): "a piece of an object of Flux, whose kinds are not installed here",
    ("docs/metrics-and-events.md", "# nobody works: no decision is taken, what is held stays held"): "PromQL: parsed below",
}
SPECS: Final = {
    "docs/first-release.md": "shop/saferollout.yaml", "docs/gates.md": ROOT / "examples/demo/manifests/saferollout.yaml",
    "docs/statefulsets.md": {
        "apiVersion": f"{names.GROUP}/{names.VERSION}", "kind": names.KIND, "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"workloads": [{"name": "web"}]},
    },
}  # fmt: skip
"""To which SafeRollout a page's pieces of a spec belong."""


def read(block: Code) -> Any:
    try:
        return yaml.safe_load(block.text)
    except yaml.YAMLError:
        return None


def is_object(block: Code) -> bool:
    given = read(block)
    return isinstance(given, dict) and {"apiVersion", "kind"} <= set(given)


OBJECTS: Final = [block for block in blocks() if not is_shell(block) and is_object(block)]
REST: Final = [block for block in blocks() if not is_shell(block) and not is_object(block) and (block.page, block.first_line) not in NO_MANIFESTS]


def test_every_block_that_is_no_manifest_is_still_on_its_page() -> None:
    assert set(NO_MANIFESTS) <= {(block.page, block.first_line) for block in blocks()}


@pytest.mark.parametrize("block", OBJECTS, ids=str)
def test_the_api_server_would_take_the_object(block: Code) -> None:
    given = read(block)
    if given["kind"] == names.KIND:
        SafeRollout.parse_strict(given)
    else:
        kubernetes_validate.validate(given, "1.36", strict=True)


@pytest.mark.parametrize("page", sorted({block.page for block in OBJECTS}))
def test_lint_finds_nothing_in_the_files_of_a_page(page: str, tmp_path: Path) -> None:
    files = [text for text in shown(page).values() if is_object(Code(page, 0, text))]
    assert len(files) == sum(block.page == page for block in OBJECTS), "say above each object in which file it stands: # FOLDER/FILE.yaml"
    for number, text in enumerate(files):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["lint", "--strict", str(tmp_path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("block", REST, ids=str)
def test_a_piece_of_a_manifest_fits_where_it_belongs(block: Code, tmp_path: Path) -> None:
    given = read(block)
    assert isinstance(given, dict), f"{block}: no command, no manifest: say in NO_MANIFESTS what it is and what checks it"
    fits = next((check for fields, check in PIECES if set(given) <= fields), None)
    assert fits is not None, f"{block}: these tests do not know where {', '.join(given)} belongs"
    fits(block, given, tmp_path)


def _spec_at(place: Path | str | dict[str, Any], block: Code) -> dict[str, Any]:
    if isinstance(place, dict):
        return copy.deepcopy(place)
    whole: dict[str, Any] = yaml.safe_load(place.read_text(encoding="utf-8") if isinstance(place, Path) else shown(block.page)[place])
    return whole


def as_spec(block: Code, given: dict[str, Any], folder: Path) -> None:
    """A piece of a spec, put into the SafeRollout that its page speaks of."""
    place = SPECS[block.page]
    whole = _spec_at(place, block)
    whole["spec"] |= given
    SafeRollout.parse_strict(whole)
    (folder / "saferollout.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    result = CliRunner().invoke(app, ["lint", str(folder)])
    assert result.exit_code == 0, result.output


def as_contract(_block: Code, given: dict[str, Any], _folder: Path) -> None:
    """A piece of a contract."""
    spec = {"workloads": [{"name": "web"}], "contracts": [{"name": "events", "topic": {"name": "events"}, **given}]}
    SafeRollout.parse_strict({"metadata": {"name": "shop"}, "spec": spec})


def as_annotations(_block: Code, given: dict[str, Any], _folder: Path) -> None:
    """Annotations, with or without the metadata around them."""
    annotations = given.get("metadata", {}).get("annotations", given)
    assert set(annotations) <= {names.ANNOTATION_CONTRACTS, names.ANNOTATION_READABLE_BY}
    if (declared := annotations.get(names.ANNOTATION_CONTRACTS)) is not None:
        assert len(parse_declaration(declared)) > 0
    if (readers := annotations.get(names.ANNOTATION_READABLE_BY)) is not None:
        assert all(may_be_read(readers, by=name) for name in re.findall(r"\w+", readers))


def as_values(_block: Code, given: dict[str, Any], _folder: Path) -> None:
    """Values of the chart that are the operator's configuration under the same names."""
    assert OperatorConfig.model_validate(given) != OperatorConfig()


def _fields(model: Any) -> set[str]:
    return {field.alias for field in model.model_fields.values()}


PIECES: Final[tuple[tuple[set[str], Callable[[Code, dict[str, Any], Path], None]], ...]] = (
    (_fields(SafeRolloutSpec), as_spec),
    (_fields(Contract), as_contract),
    ({"prometheus"}, as_values),
    ({"metadata", names.ANNOTATION_CONTRACTS, names.ANNOTATION_READABLE_BY}, as_annotations),
)


def test_the_alerts_are_promql_over_series_that_there_are() -> None:
    block = next(block for block in blocks() if block.page == "docs/metrics-and-events.md" and "saferollout_leader" in block.text)
    alerts = [line for line in block.text.splitlines() if not line.startswith("#")]
    assert len(alerts) == 4
    for alert in alerts:
        parse(alert)
    assert set(re.findall(r"saferollout_\w+", block.text)) <= {one.exposed_name for one in ALL}
