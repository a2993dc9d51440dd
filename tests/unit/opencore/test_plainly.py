"""What the scene applies where SafeRollout is installed and is to let go."""

from pathlib import Path

from localcluster.demo.kubectl import Tools
from localcluster.opencore.plainly import opted_out, roll_out_plainly


def test_manifests_that_opt_in_are_applied_without_it_and_nothing_stays_paused() -> None:
    deployment = {"kind": "Deployment", "metadata": {"name": "a", "labels": {"saferollout.io/managed-by": "opencore", "team": "a"}}, "spec": {"replicas": 2}}
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {}}
    assert opted_out([deployment, service]) == [
        {"kind": "Deployment", "metadata": {"name": "a", "labels": {"team": "a"}}, "spec": {"replicas": 2, "paused": False}},
        {"kind": "Service", "metadata": {"name": "a"}, "spec": {}},
    ]


class RecordedTools(Tools):
    """kubectl that does nothing but answer which workloads there are, and keeps what it was told."""

    def __init__(self, *, held: str, opted_in: str) -> None:
        super().__init__(kubectl_program="", saferollout_program="", kubeconfig=Path())
        object.__setattr__(self, "told", [])
        object.__setattr__(self, "answers", {"saferollout.io/held": held, "saferollout.io/managed-by": opted_in})

    def kubectl(self, *arguments: str) -> str:
        self.told.append(arguments)  # type: ignore[attr-defined]
        selector = next((one.removeprefix("--selector=") for one in arguments if one.startswith("--selector=")), "")
        return str(self.answers.get(selector, "crd" if arguments[:2] == ("get", "crd") else ""))  # type: ignore[attr-defined]

    def apply(self, files: object) -> str:
        self.told.append(("apply",))  # type: ignore[attr-defined]
        return ""


def told(tools: RecordedTools) -> list[str]:
    """Return the verbs of all writes, with what they were about."""
    return [" ".join(one) for one in tools.told if one[0] in ("annotate", "label", "apply", "delete")]  # type: ignore[attr-defined]


def test_the_saferollout_goes_first_then_what_it_left_held_then_the_labels_and_only_then_templates_change() -> None:
    tools = RecordedTools(held="deployment.apps/a", opted_in="deployment.apps/a deployment.apps/b")
    roll_out_plainly(tools, Path("folder"))
    delete, bypass, unlabel, unmark, apply = told(tools)
    assert delete.startswith("delete saferollout")
    assert bypass == "annotate deployment.apps/a --overwrite saferollout.io/bypass=the scene goes back"
    assert unlabel == "label deployment.apps/a deployment.apps/b saferollout.io/managed-by-"
    assert unmark.startswith("annotate deployment.apps/a deployment.apps/b saferollout.io/bypass-")
    assert apply == "apply"


def test_where_nothing_is_held_nobody_is_bypassed() -> None:
    tools = RecordedTools(held="", opted_in="")
    roll_out_plainly(tools, Path("folder"))
    assert [one.split()[0] for one in told(tools)] == ["delete", "apply"]
