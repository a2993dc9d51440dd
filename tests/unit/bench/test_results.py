"""The page of results keeps what other benches measured before."""

from pathlib import Path

from bench.results import write_results
from bench.table import Row


def row(measured: str) -> Row:
    return Row(what="it", wanted="1", measured=measured, measured_on="here")


def test_a_bench_replaces_its_own_section_only(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    write_results(page, {"plan": [row("first")], "memory": [row("other")]}, machine="a machine")
    write_results(page, {"plan": [row("second")]}, machine="another machine")
    text = page.read_text()
    assert "first" not in text
    assert text.count("## ") == 2
    assert "second" in text and "On another machine." in text
    assert "other" in text and "On a machine." in text
