"""Each workload is seen and written to as its own kind does it."""

import pytest

from saferollout.core import actions
from saferollout.workloads.deployment import DeploymentKind
from saferollout.workloads.kinds import WorkloadKinds
from saferollout.workloads.protocol import RawWorkload
from tests.unit.workloads.objects import NOW, RESTARTS, deployment


def test_an_object_goes_to_the_kind_that_it_says_it_is() -> None:
    kinds = WorkloadKinds({"Deployment": DeploymentKind()})
    raw = RawWorkload(workload=deployment())
    view = kinds.view(raw, restart_annotations=RESTARTS, now=NOW)
    assert view == DeploymentKind().view(raw, restart_annotations=RESTARTS, now=NOW)
    assert kinds.refusals(view, batches=()) == ()
    assert kinds.write(actions.Hold(workload="billing"), raw, now=NOW).plural == "deployments"


def test_an_object_of_a_kind_that_nobody_releases_is_never_taken_for_another() -> None:
    kinds = WorkloadKinds({"Deployment": DeploymentKind()})
    with pytest.raises(KeyError):
        kinds.view(RawWorkload(workload=deployment() | {"kind": "DaemonSet"}), restart_annotations=RESTARTS, now=NOW)
