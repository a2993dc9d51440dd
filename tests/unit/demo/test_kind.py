"""On kind the demo runs what a person would run; checked without Docker by programs that only write down how they were called."""

from pathlib import Path

import pytest
import yaml

from localcluster.demo import kind
from localcluster.demo.failure import StoryFailed
from localcluster.demo.git import DEMO, service_files
from localcluster.demo.kind import Kind
from localcluster.paths import CHECKOUT


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    record = tmp_path / "calls"
    record.touch()
    for program in ("docker", "kind", "kubectl"):
        file = tmp_path / program
        file.write_text(f'#!/bin/sh\necho "{program} $*" >> {record}\n')
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("SAFEROLLOUT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kind, "ensure_helm", lambda: "helm")
    return record


def test_every_version_of_every_service_is_built_and_loaded(calls: Path) -> None:
    Kind().fetch()
    Kind().give_images()
    *built, loaded = calls.read_text().splitlines()
    assert len(built) == len(service_files()) + 1
    for file in service_files():
        reference = f"localhost/{file.parent.parent.name}:{file.parent.name}"
        assert any(f"--tag={reference} " in line for line in built)
        assert reference in loaded.split()
    assert "localhost/saferollout:dev" in loaded.split()


def test_the_cluster_is_created_from_the_configuration_of_the_repository(calls: Path) -> None:
    Kind().start()
    created = calls.read_text().splitlines()[-1]
    assert f"--config={CHECKOUT / 'kind-config.yaml'}" in created


def test_prometheus_is_led_to_the_port_that_the_demo_asks(calls: Path) -> None:
    url = Kind().start_metrics()
    (mapping,) = yaml.safe_load((CHECKOUT / "kind-config.yaml").read_text())["nodes"][0]["extraPortMappings"]
    (service,) = [one for one in yaml.safe_load_all((DEMO / "kind/prometheus.yaml").read_text()) if one["kind"] == "Service"]
    assert url == f"http://127.0.0.1:{mapping['hostPort']}"
    assert service["spec"]["ports"][0]["nodePort"] == mapping["containerPort"]


def test_removing_what_is_not_there_deletes_nothing(calls: Path) -> None:
    assert not Kind().remove()
    assert "delete" not in calls.read_text()


def test_a_machine_without_docker_is_told_what_to_run_instead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoryFailed, match="without Docker: scripts/demo"):
        Kind().fetch()


def test_a_program_that_fails_is_named_with_its_words(calls: Path) -> None:
    (calls.parent / "kind").write_text("#!/bin/sh\necho no room >&2; exit 1\n")
    with pytest.raises(StoryFailed, match=r"(?s)kind get clusters ended with 1.*no room"):
        Kind().start()
