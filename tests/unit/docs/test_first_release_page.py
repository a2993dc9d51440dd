"""The manifests and answers on the page of the first release are what the command line takes and says."""

import re
import textwrap
from pathlib import Path

import yaml
from typer.testing import CliRunner

from saferollout.api.saferollout import SafeRollout
from saferollout.cli.main import app

PAGE = (Path(__file__).parents[3] / "docs" / "first-release.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", PAGE, flags=re.MULTILINE) if block.strip()]


def manifests() -> dict[str, str]:
    """Return the files that the page shows, by their paths."""
    parts = re.split(r"^# (shop/\S+)\n", "\n".join(BLOCKS), flags=re.MULTILINE)
    cut = [re.split(r"^(?:saferollout|kubectl) ", text, flags=re.MULTILINE)[0] for text in parts[2::2]]
    return dict(zip(parts[1::2], cut, strict=True))


def written(folder: Path, changes: tuple[tuple[str, str], ...] = ()) -> Path:
    """Write the files of the page with pieces of their text replaced."""
    folder.mkdir()
    for path, text in manifests().items():
        for before, after in changes:
            text = text.replace(before, after)
        (folder / Path(path).name).write_text(text)
    return folder


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout


def test_the_manifests_on_the_page_are_without_a_finding(tmp_path: Path) -> None:
    assert sorted(manifests()) == ["shop/invoicing.yaml", "shop/orders.yaml", "shop/saferollout.yaml"]
    assert run("lint", "--strict", written(tmp_path / "shop")) == (0, "3 objects: 0 errors, 0 warnings\n")


def test_the_plan_on_the_page_is_the_plan(tmp_path: Path) -> None:
    desired = written(tmp_path / "next", (("1.0.0", "2.0.0"), ("writes: [1]", "writes: [2]"), ("reads: [1]", "reads: [1, 2]")))
    code, said = run("plan", "--live", written(tmp_path / "shop"), "--desired", desired)
    assert code == 0
    shown = next(block for block in ("\n".join(BLOCKS)).split("shop: accepted")[1:])
    assert said.split("shop: accepted")[1].strip() == shown.split("kubectl apply")[0].strip()


def test_without_the_reader_the_plan_is_refused_as_the_page_says(tmp_path: Path) -> None:
    desired = written(tmp_path / "next", (("orders:1.0.0", "orders:2.0.0"), ("writes: [1]", "writes: [2]")))
    code, said = run("plan", "--live", written(tmp_path / "shop"), "--desired", desired)
    assert code == 3
    assert "Release first a revision of invoicing" in said


def test_the_gate_on_the_page_fits_into_the_spec_on_the_page() -> None:
    gates = next(block for block in BLOCKS if "# added to spec" in block)
    spec = {**yaml.safe_load(manifests()["shop/saferollout.yaml"])["spec"], **yaml.safe_load(gates)}
    assert SafeRollout.parse_strict({"metadata": {"name": "shop"}, "spec": spec}).spec.gates[0].name == "orders-5xx"
