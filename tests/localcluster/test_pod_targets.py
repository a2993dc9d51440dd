"""Prometheus scrapes the pods that ask for it, under their names."""

from pathlib import Path
from typing import Any

from localcluster.pod_targets import scrape_targets, write_targets


def pod(name: str, *, phase: str = "Running", **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "annotations": {f"prometheus.io/{key}": value for key, value in annotations.items()},
        },
        "spec": {"containers": [{"name": "main", "ports": [{"containerPort": 8000}]}]},
        "status": {"phase": phase, "podIP": "198.18.64.7"},
    }


def test_a_pod_is_scraped_at_its_annotated_port_and_path() -> None:
    [group] = scrape_targets([pod("a", scrape="true", port="9100", path="/stats")])
    assert group["targets"] == ["198.18.64.7:9100"]
    assert group["labels"] == {"namespace": "shop", "pod": "a", "container": "main", "__metrics_path__": "/stats"}


def test_without_a_port_annotation_the_first_port_of_the_container_is_taken() -> None:
    [group] = scrape_targets([pod("a", scrape="true")])
    assert group["targets"] == ["198.18.64.7:8000"]


def test_a_pod_that_does_not_ask_or_does_not_run_is_left_out() -> None:
    assert scrape_targets([pod("a"), pod("b", scrape="false"), pod("c", phase="Pending", scrape="true")]) == []


def test_the_order_does_not_depend_on_the_servers() -> None:
    pods = [pod("b", scrape="true"), pod("a", scrape="true")]
    assert scrape_targets(pods) == scrape_targets(pods[::-1])


def test_the_file_is_written_only_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write_targets(file, [])
    before = file.stat().st_ino
    write_targets(file, [])
    assert file.stat().st_ino == before
    write_targets(file, scrape_targets([pod("a", scrape="true")]))
    assert "198.18.64.7" in file.read_text()


def test_an_exporter_of_other_pods_is_scraped_apart_so_that_its_own_labels_win() -> None:
    pods = [pod("exporter", scrape="true", **{"honor-labels": "true"}), pod("web", scrape="true")]
    assert [group["labels"]["pod"] for group in scrape_targets(pods)] == ["web"]
    assert [group["labels"]["pod"] for group in scrape_targets(pods, own_labels=True)] == ["exporter"]
