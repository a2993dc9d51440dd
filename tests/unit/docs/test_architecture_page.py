"""The page on the architecture names every module of the core, and none that is gone."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_module_of_the_core_is_on_the_page() -> None:
    section = PAGE.split("## The modules of core", 1)[1].split("\n## ", 1)[0]
    core = ROOT / "operator" / "saferollout" / "core"
    modules = {path.stem for path in core.glob("*.py")} - {"__init__"}
    in_packages = {".".join(path.relative_to(core).with_suffix("").parts) for path in core.glob("*/**/*.py") if path.stem != "__init__"}
    assert set(re.findall(r"`([\w.]+)`", section)) == modules | in_packages
