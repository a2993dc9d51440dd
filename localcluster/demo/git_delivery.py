"""Git and Argo CD between the stories and the cluster: a story commits, Argo CD applies, and what it says is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from localcluster.argocd_application import Application
from localcluster.demo.application_history import ApplicationHistory
from localcluster.demo.failure import StoryFailed
from localcluster.demo.git import SAFEROLLOUT_FILE, checked_out
from localcluster.demo.kubectl import SAFEROLLOUT
from localcluster.git_repository import GitRepository

OURS = f"SafeRollout/{SAFEROLLOUT}"
_APPLIED_SECONDS = 60.0
_SHOWN = 100
_LOOK_AGAIN_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class GitDelivery:
    """The SafeRollout and its workloads lie in one repository, and one Application applies it."""

    repository: GitRepository
    application: Application
    history: ApplicationHistory

    def deliver(self, commits: Sequence[str]) -> str:
        """Commit what Git holds after these commits, the SafeRollout included, and have Argo CD apply it."""
        commit = self.commit(commits)
        self._expect_applied(commit)
        return f"$ git commit -m {commits[-1]} && git push\nArgo CD applied {commit[:8]}"

    def commit(self, commits: Sequence[str]) -> str:
        """Commit it, and no more."""
        files = [SAFEROLLOUT_FILE, *checked_out(*commits)]
        return self.repository.commit_files(commits[-1], {file.name: file.read_text() for file in files})

    def revert(self) -> str:
        """`git revert` the last commit and have Argo CD apply that; return what is worth showing."""
        commit = self.repository.revert()
        self._expect_applied(commit)
        return f"$ git revert HEAD && git push\nArgo CD applied {commit[:8]}"

    def expect(self, sync: str, health: str, sentence: str = "", *, seconds: float = 60.0) -> None:
        """Wait until Argo CD says so; StoryFailed with all it said where it does not."""
        deadline = time.monotonic() + seconds
        while not (self.history.verdicts and self.history.verdicts[-1].says(sync, health, sentence)):
            if time.monotonic() > deadline:
                said = "\n".join(f"{verdict.sync}, {verdict.health}: {verdict.sentence}" for verdict in self.history.verdicts[-10:])
                raise StoryFailed(f"not within {seconds:.0f} s: Argo CD says {sync}, {health} {sentence}\nit said:\n{said}")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def picture(self) -> str:
        """Draw what Argo CD says of each object that Git states."""
        objects = self.application.objects()
        return "\n".join(f"{name:34}{seen.sync:11}{seen.health:12}{shortened(seen.message)}".rstrip() for name, seen in sorted(objects.items()))

    def _expect_applied(self, commit: str) -> None:
        self.application.refresh()
        deadline = time.monotonic() + _APPLIED_SECONDS
        while not self.application.is_at(commit):
            if time.monotonic() > deadline:
                raise StoryFailed(f"Argo CD did not apply {commit} within {_APPLIED_SECONDS:.0f} s: {self.application.status()}")
            time.sleep(_LOOK_AGAIN_SECONDS)


def sentence_of(application: Application) -> str:
    """Return what Argo CD says of the SafeRollout; empty where it knows of none, or does not answer."""
    try:
        ours = application.objects().get(OURS)
    except OSError:
        return ""
    return ours.message if ours else ""


def shortened(sentence: str) -> str:
    """Return a sentence for a line of the demo: a refusal with its repair fills three."""
    return sentence if len(sentence) <= _SHOWN else f"{sentence[:_SHOWN]}…"
