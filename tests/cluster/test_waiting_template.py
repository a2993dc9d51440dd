"""While an older template is pinned, any other one than the one that waits is noticed, whatever it differs in."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from saferollout.api import names
from saferollout.core import actions
from tests.cluster.workload_stage import NAME, Answer, Stage, all_available

Template = dict[str, Any]
RESTARTS = {"kubectl.kubernetes.io/restartedAt": "2026-11-24T12:00:00Z", "reloader.stakater.com/last-reloaded-from": "{}"}


def waiting(stage: Stage) -> dict[str, Any]:
    """Return the manifest of a second revision that uses much of what a template can say."""
    manifest = stage.manifest("billing:2")
    template = manifest["spec"]["template"]
    template["metadata"]["annotations"] |= {names.ANNOTATION_CONTRACTS: "events: {writes: [1]}", "checksum/config": 'a "quoted" \u00e9\n'}
    container = template["spec"]["containers"][0]
    container |= {
        "command": ["serve"], "args": ["--port", "80"],
        "env": [{"name": "MODE", "value": "old"}, {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "main"}}}],
        "envFrom": [{"configMapRef": {"name": "settings"}}], "resources": {"limits": {"memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 80}},
    }  # fmt: skip
    template["spec"]["initContainers"] = [{"name": "migrate", "image": "migrate:1"}]
    template["spec"]["volumes"] = [{"name": "a", "configMap": {"name": "a-1"}}, {"name": "b", "secret": {"secretName": "b-1"}}]
    return manifest


def pin(stage: Stage, second: dict[str, Any]) -> None:
    """Release a second revision, and have the operator put the first one back over it."""
    stage.run_first()
    assert stage.owner.send("PUT", stage.path, second).status == 200
    first = stage.view().replica_sets[0]
    stage.act(actions.LetThrough(NAME, revision=stage.view().template))
    stage.wait("all pods are new", lambda view: all_available(view, 10))
    stage.act(actions.PinBack(NAME, replica_set=first.name, uid=first.uid))


def came(stage: Stage, manifest: dict[str, Any]) -> bool:
    """Tell whether the API server would notice a manifest as one that came."""
    answer: Answer = stage.owner.send("PUT", stage.path, manifest, dryRun="All")
    assert answer.status == 200, answer.body
    assert answer.body["spec"]["template"]["spec"]["containers"][0]["image"] == "billing:1", "the pin stays"
    return names.LABEL_TEMPLATE_CAME in answer.body["metadata"]["labels"]


CHANGES: dict[str, Callable[[Template, dict[str, Any]], object]] = {
    "image": lambda template, main: main.update(image="billing:3"),
    "command": lambda template, main: main.update(command=["serve", "-v"]),
    "argument": lambda template, main: main["args"].reverse(),
    "value of a variable": lambda template, main: main["env"][0].update(value="new"),
    "source of a variable": lambda template, main: main["env"][1]["valueFrom"]["secretKeyRef"].update(key="other"),
    "order of variables": lambda template, main: main["env"].reverse(),
    "ConfigMap of variables": lambda template, main: main["envFrom"][0]["configMapRef"].update(name="settings-2"),
    "resources": lambda template, main: main["resources"]["limits"].update(memory="2Gi"),
    "probe": lambda template, main: main["readinessProbe"]["httpGet"].update(port=81),
    "image of an init container": lambda template, main: template["spec"]["initContainers"][0].update(image="migrate:2"),
    "ConfigMap of a volume": lambda template, main: template["spec"]["volumes"][0]["configMap"].update(name="a-2"),
    "Secret of a volume": lambda template, main: template["spec"]["volumes"][1]["secret"].update(secretName="b-2"),
    "service account": lambda template, main: template["spec"].update(serviceAccountName="other"),
    "annotation": lambda template, main: template["metadata"]["annotations"].update({"checksum/config": 'a "quoted" e\n'}),
    "one more annotation": lambda template, main: template["metadata"]["annotations"].update({"team": "shop"}),
    "label": lambda template, main: template["metadata"]["labels"].update(tier="back"),
    "declaration": lambda template, main: template["metadata"]["annotations"].update({names.ANNOTATION_CONTRACTS: "events: {writes: [2]}"}),
}
SAME: dict[str, Callable[[Template, dict[str, Any]], object]] = {
    "nothing": lambda template, main: None,
    "restart annotations": lambda template, main: template["metadata"]["annotations"].update(RESTARTS),
    "a default stated": lambda template, main: template["spec"].update(restartPolicy="Always"),
}


def test_whatever_another_template_differs_in_it_is_noticed_and_the_same_again_is_not(stage: Stage) -> None:
    pin(stage, waiting(stage))

    def changed(change: Callable[[Template, dict[str, Any]], object]) -> dict[str, Any]:
        manifest = copy.deepcopy(waiting(stage))
        template = manifest["spec"]["template"]
        change(template, template["spec"]["containers"][0])
        return manifest

    assert [what for what, change in CHANGES.items() if not came(stage, changed(change))] == []
    assert [what for what, change in SAME.items() if came(stage, changed(change))] == []
    assert not came(stage, stage.manifest("billing:1")), "the pinned one"
    assert stage.view().waiting is not None


def test_where_the_text_is_too_large_to_keep_any_other_template_counts_as_one_that_came(stage: Stage) -> None:
    large = stage.manifest("billing:2")
    variables = [{"name": f"SETTING_{number}", "value": "x" * 300} for number in range(1000)]
    large["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    pin(stage, large)
    assert names.ANNOTATION_WAITING_FINGERPRINT not in stage.deployment()["metadata"]["annotations"]
    assert stage.view().waiting is not None, "packed it fits"
    assert came(stage, large), "nobody can tell"
    assert not came(stage, stage.manifest("billing:1"))
    stage.act(actions.Unpin(NAME))
    assert len(stage.deployment()["spec"]["template"]["spec"]["containers"][0]["env"]) == 1000


def test_a_template_too_large_to_be_put_aside_can_be_pinned_over_all_the_same(stage: Stage) -> None:
    large = stage.manifest("billing:2")
    noise = random.Random(1)
    variables = [{"name": f"SETTING_{number}", "value": noise.randbytes(5000).hex()} for number in range(50)]
    large["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    pin(stage, large)
    view = stage.view()
    assert view.pinned and view.waiting is None
    assert came(stage, large)


@pytest.mark.parametrize("annotation", [names.ANNOTATION_WAITING_TEMPLATE, names.ANNOTATION_WAITING_FINGERPRINT])
def test_nobody_changes_what_was_put_aside(stage: Stage, annotation: str) -> None:
    pin(stage, stage.manifest("billing:2"))
    before = stage.deployment()["metadata"]["annotations"][annotation]
    assert stage.patch({"metadata": {"annotations": {annotation: "mine"}}}).body["metadata"]["annotations"][annotation] == before
