"""The Git repository that Argo CD applies: a bare one on disk, and the clone that a team commits in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class GitFailed(RuntimeError):
    """Raised with git's own words."""


@dataclass(frozen=True, slots=True)
class GitRepository:
    """One branch, `main`, with files in one folder."""

    bare: Path
    clone: Path

    @property
    def url(self) -> str:
        return f"file://{self.bare}"

    def commit(self, message: str, *objects: dict[str, Any], removed: Iterable[str] = ()) -> str:
        """Write objects, each to the file of its kind and name, remove files, push; return the commit."""
        return self.commit_files(message, {file_name(item): json.dumps(item, indent=1) for item in objects}, removed=removed)

    def commit_files(self, message: str, files: Mapping[str, str], *, removed: Iterable[str] = ()) -> str:
        """Write files by their names, remove others, push; return the commit."""
        for name, text in files.items():
            (self.clone / name).write_text(text)
        for name in removed:
            (self.clone / name).unlink()
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._push()

    def revert(self) -> str:
        """Take back the last commit with a new one, as `git revert` does; return the new one."""
        self._git("revert", "--no-edit", "HEAD")
        return self._push()

    def head(self) -> str:
        """Return the last commit."""
        return self._git("rev-parse", "HEAD").strip()

    def _push(self) -> str:
        self._git("push", "--quiet", "origin", "main")
        return self.head()

    def _git(self, *arguments: str) -> str:
        return git(*arguments, folder=self.clone)


def create_repository(folder: Path) -> GitRepository:
    """Create an empty repository and a clone of it in a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    repository = GitRepository(bare=folder / "shop.git", clone=folder / "clone")
    git("init", "--quiet", "--bare", "--initial-branch=main", str(repository.bare), folder=folder)
    git("clone", "--quiet", str(repository.bare), str(repository.clone), folder=folder)
    for setting in (("user.name", "Team"), ("user.email", "team@shop.test")):
        git("config", *setting, folder=repository.clone)
    git("switch", "--quiet", "--orphan", "main", folder=repository.clone)
    return repository


def file_name(item: dict[str, Any]) -> str:
    """Name the file that holds an object."""
    return f"{item['kind'].lower()}-{item['metadata']['name']}.json"


def git(*arguments: str, folder: Path) -> str:
    """Run git with nothing of the machine's own settings; raises GitFailed."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise GitFailed(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
