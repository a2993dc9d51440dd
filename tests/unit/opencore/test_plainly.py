"""What the scene applies where SafeRollout is installed and is to let go."""

from localcluster.opencore.plainly import opted_out


def test_manifests_that_opt_in_are_applied_without_it_and_nothing_stays_paused() -> None:
    deployment = {"kind": "Deployment", "metadata": {"name": "a", "labels": {"saferollout.io/managed-by": "opencore", "team": "a"}}, "spec": {"replicas": 2}}
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {}}
    assert opted_out([deployment, service]) == [
        {"kind": "Deployment", "metadata": {"name": "a", "labels": {"team": "a"}}, "spec": {"replicas": 2, "paused": False}},
        {"kind": "Service", "metadata": {"name": "a"}, "spec": {}},
    ]
