"""Every link from a page leads to a file that is there, and to a heading or an anchor in it."""

import re
from pathlib import Path

import pytest

from tests.unit.docs.pages import PAGES, ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return where links may point at: anchors, and headings as GitHub names them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = [re.sub(r"<[^>]+>", "", heading) for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)]
    return {*re.findall(r'<a id="([^"]+)">', text), *(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    without_code = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    for link in LINK.findall(without_code):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_no_anchor_is_there_twice() -> None:
    for page in PAGES:
        found = re.findall(r'<a id="([^"]+)">', page.read_text(encoding="utf-8"))
        assert len(found) == len(set(found)), page
