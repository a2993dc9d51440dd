"""What stands on the pages as code: blocks (indented or fenced) and spans, each with the page and line it stands on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
PAGES: Final = tuple(sorted([ROOT / "README.md", ROOT / "localcluster" / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")]))

_PROGRAMS: Final = ("saferollout", ".venv/bin/saferollout", "kubectl", "helm", "python3", "python", "pip", "export")


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of code on a page, without its indentation; `page` is a path from the root."""

    page: str
    line: int
    text: str

    @property
    def first_line(self) -> str:
        return self.text.splitlines()[0]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.first_line}"


@dataclass(frozen=True, slots=True)
class Command:
    """One command line as a person would type it, without its comment."""

    page: str
    line: int
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return self.page, self.text

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


def blocks() -> tuple[Code, ...]:
    """Return all blocks; a blank line ends an indented one."""
    return tuple(block for page in PAGES for block in _blocks(page))


def spans() -> tuple[Code, ...]:
    """Return all spans in prose and tables."""
    found = []
    for page in PAGES:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.startswith("    "):
                found.extend(Code(_name(page), number, text.replace("\\|", "|")) for text in re.findall(r"(?<!`)`([^`]+)`(?!`)", line))
    return tuple(found)


def is_shell(block: Code) -> bool:
    """Tell whether a block is what people type: its first line that is no comment begins with a program."""
    first = next((line for line in block.text.splitlines() if not line.startswith("#")), "")
    return is_command(first)


def is_command(text: str) -> bool:
    """Tell whether a text begins with a program that the pages speak of."""
    word = text.split(" ", 1)[0]
    return word in _PROGRAMS or word.startswith("scripts/") and not word.endswith("/")


def commands() -> tuple[Command, ...]:
    """Return every command line of every block; lines that end with a backslash are joined."""
    found = []
    for block in blocks():
        if is_shell(block):
            joined = re.sub(r"\\\n\s*", "", block.text)
            lines = [_without_comment(line) for line in joined.splitlines()]
            found.extend(Command(block.page, block.line, line) for line in lines if line)
    return tuple(found)


def _without_comment(line: str) -> str:
    return re.sub(r"(?:^|\s+)#\s.*$", "", line).strip()


def _blocks(page: Path) -> Iterator[Code]:
    lines, number = page.read_text(encoding="utf-8").splitlines(), 0
    while number < len(lines):
        start = number
        if lines[number].startswith("```"):
            number += 1
            while not lines[number].startswith("```"):
                number += 1
            yield Code(_name(page), start + 2, "\n".join(lines[start + 1 : number]))
        elif lines[number].startswith("    "):
            while number + 1 < len(lines) and lines[number + 1].startswith("    "):
                number += 1
            yield Code(_name(page), start + 1, "\n".join(line[4:] for line in lines[start : number + 1]))
        number += 1


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()
