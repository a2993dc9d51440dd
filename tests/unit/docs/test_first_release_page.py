"""What the page of the first release says that `plan` answers is what it answers; its commands and manifests run in the tests beside this one."""

from pathlib import Path

from typer.testing import CliRunner

from saferollout.cli.main import app
from tests.unit.docs.desks import FIRST_RELEASE, Desk, first_release, first_release_as_told
from tests.unit.docs.pages import blocks


def plan(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["plan", "--live", str(folder / "shop"), "--desired", str(folder / "next")])
    return result.exit_code, result.stdout


def test_the_examples_are_the_files_of_the_page() -> None:
    """So people can apply them without copying, and what the page shows is what they get."""
    lying = {str(file.relative_to(FIRST_RELEASE)): file.read_text(encoding="utf-8") for file in FIRST_RELEASE.rglob("*.yaml")}
    assert lying == first_release_as_told()
    assert len(lying) == 6


def test_the_plan_on_the_page_is_the_plan(tmp_path: Path) -> None:
    first_release(Desk(tmp_path))
    on_page = [block.text for block in blocks() if block.page == "docs/first-release.md"]
    start = on_page.index("shop: accepted, 2 steps")
    assert plan(tmp_path) == (0, "\n\n".join(on_page[start : start + 3]) + "\n")


def test_without_the_reader_the_plan_is_refused_as_the_page_says(tmp_path: Path) -> None:
    first_release(Desk(tmp_path))
    (tmp_path / "next/invoicing.yaml").write_text((tmp_path / "shop/invoicing.yaml").read_text())
    code, said = plan(tmp_path)
    assert code == 3
    assert "Release first a revision of invoicing" in said
