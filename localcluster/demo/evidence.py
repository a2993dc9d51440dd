"""What is kept when a story does not come out: the state of the cluster at that moment, beside the logs."""

from __future__ import annotations

from pathlib import Path

from localcluster.demo.failure import StoryFailed
from localcluster.demo.kubectl import Tools
from localcluster.demo.stage import OPERATOR_NAMESPACE

_QUESTIONS = {
    "operator.log": ("logs", f"--namespace={OPERATOR_NAMESPACE}", "--selector=app.kubernetes.io/name=saferollout", "--tail=-1", "--prefix"),
    "operator-pods.txt": ("describe", "pods", f"--namespace={OPERATOR_NAMESPACE}"),
    "objects.yaml": ("get", "saferollouts,deployments,replicasets,pods", "--output=yaml"),
    "applications.yaml": ("get", "applications.argoproj.io", "--all-namespaces", "--output=yaml"),
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"),
}


def keep_evidence(tools: Tools, *, folder: Path) -> None:
    """Write a file for each question; one that can't be answered says why."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, question in _QUESTIONS.items():
        try:
            answer = tools.kubectl(*question)
        except StoryFailed as failure:
            answer = f"{failure}\n"
        (folder / name).write_text(answer)
