"""Every row of the table has a test, and every test named there exists."""

import ast
import importlib
from pathlib import Path

from tests.unit.situations.table import ELSEWHERE, LATER, ROOT, rows

HERE = Path(__file__).parent


def proved_here() -> set[str]:
    modules = [importlib.import_module(f"tests.unit.situations.{path.stem}") for path in sorted(HERE.glob("test_*.py"))]
    return {vars(test)["situation"] for module in modules for test in vars(module).values() if callable(test) and "situation" in getattr(test, "__dict__", {})}


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return not name or any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name for node in tree.body)


def test_every_row_has_a_test() -> None:
    proved = proved_here() | ELSEWHERE.keys() | LATER.keys()
    assert [row for row in rows() if row not in proved] == []


def test_nothing_is_proved_that_is_no_row() -> None:
    assert sorted((proved_here() | ELSEWHERE.keys() | LATER.keys()) - set(rows())) == []


def test_every_test_that_is_named_exists() -> None:
    assert [test for tests in ELSEWHERE.values() for test in tests if not exists(test)] == []


def test_a_row_that_is_left_to_later_names_the_issue() -> None:
    assert all("(issue " in reason for reason in LATER.values())


def test_the_table_is_read_whole() -> None:
    assert len(rows()) > 35 and len(set(rows())) == len(rows())
