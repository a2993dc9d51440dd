"""The commands of the pages that need a cluster, typed as they stand there, in the order of a reader; only names of namespaces differ.

tests/unit/docs/elsewhere.py has the list; unit tests compare it with the pages, and with this file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from localcluster.binaries import binary
from localcluster.helm import ensure_helm
from tests.cluster.shop import Revision, Said, Shop
from tests.unit.docs.desks import Desk, first_release
from tests.unit.docs.elsewhere import RUN_ON_A_CLUSTER
from tests.unit.docs.pages import ROOT

pytestmark = pytest.mark.long


@dataclass
class Reader:
    """Somebody who follows a page: in a folder, with the programs on the path and the cluster in KUBECONFIG."""

    shop: Shop
    folder: Path
    page: str
    names: dict[str, str] = field(default_factory=dict)

    def type(self, line: str, *, more: str = "") -> Said:
        """Run a line of the page with the reader's own names in it; `more` is added to its end."""
        assert (self.page, line) in RUN_ON_A_CLUSTER
        for before, after in self.names.items():
            line = line.replace(before, after)
        programs = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": programs, "KUBECONFIG": str(self.shop.cluster.kubeconfig), "PYTHONIOENCODING": "utf-8"}
        command = ["bash", "-ec", f"set -o pipefail; {line} {more}"]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=150)
        return Said(done.returncode, done.stdout, done.stderr)

    def succeeds(self, line: str, *, more: str = "") -> str:
        said = self.type(line, more=more)
        assert said.code == 0, f"{line}: {said}"
        return said.out


def reader(shop: Shop, folder: Path, page: str, **names: str) -> Reader:
    """Put the programs where a reader has them."""
    here = Path(sys.executable).parent
    (folder / "bin").mkdir()
    for name, program in (("kubectl", binary("kubectl")), ("helm", ensure_helm()), *((name, here / name) for name in ("saferollout", "kubectl-safe_rollout"))):
        (folder / "bin" / name).symlink_to(program)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(folder / "bin")
    return Reader(shop, folder, page, names)


def rename(folder: Path, *changes: tuple[str, str]) -> None:
    for file in folder.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text or file.name != "saferollout.yaml", before
            text = text.replace(before, after)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def at_the_shop(shop: Shop, tmp_path: Path) -> Reader:
    """A reader of the first release's page, with its files; its bake of two minutes is left out."""
    first_release(Desk(tmp_path))
    rename(tmp_path, ("namespace: shop", f"namespace: {shop.namespace}"), ("bakeSeconds: 120 ", "bakeSeconds: 0 "))
    return reader(shop, tmp_path, "docs/first-release.md", **{"-n shop": f"-n {shop.namespace}"})


def test_a_reader_of_the_first_releases_page_ends_with_the_second_version(at_the_shop: Reader) -> None:
    shop = at_the_shop.shop
    assert "rollbackScope" in at_the_shop.succeeds("kubectl explain saferollout.spec --recursive")
    at_the_shop.succeeds("kubectl apply -f shop/")
    shop.wait("both run", lambda: shop.images("orders") == {"example/orders:1.0.0": 4} and shop.images("invoicing") == {"example/invoicing:1.0.0": 2})
    assert "orders" in at_the_shop.succeeds("saferollout status -n shop")

    ci = Reader(shop, at_the_shop.folder, "docs/commands.md", at_the_shop.names | {"manifests/": "next/", "COMMAND": f"status -n {shop.namespace}"})
    planned = ci.succeeds("kubectl get deployments,saferollouts -n shop -o yaml | saferollout plan --live - --desired manifests/")
    assert "shop: accepted, 2 steps" in planned
    assert ci.succeeds("kubectl safe-rollout COMMAND") != ""
    checked = ci.type("saferollout check -n shop --prometheus http://127.0.0.1:9090")
    assert checked.code in (0, 1) and "Policy: the API server holds a changed template" in checked.out, checked
    for page in ("docs/commands.md", "docs/signals.md"):
        typing = Reader(shop, at_the_shop.folder, page, at_the_shop.names)
        listed = typing.type("saferollout signals -n shop --prometheus http://127.0.0.1:9090")
        assert listed.code in (0, 1) and "SafeRollout shop" in listed.out, listed

    at_the_shop.succeeds("kubectl apply -f next/")
    assert "Released" in at_the_shop.succeeds("saferollout status -n shop --watch")
    assert (shop.images("orders"), shop.images("invoicing")) == ({"example/orders:2.0.0": 4}, {"example/invoicing:2.0.0": 2})

    looking = Reader(shop, at_the_shop.folder, "docs/metrics-and-events.md", {"NAMESPACE": shop.namespace, "sro NAME": "sro shop", "sro/NAME": "sro/shop"})
    assert "Completed" in looking.succeeds("kubectl get sro -A")
    assert "RolledOut" in looking.succeeds("kubectl get events -n NAMESPACE --sort-by .metadata.creationTimestamp")
    assert "RolledOut" in looking.succeeds("kubectl describe sro NAME -n NAMESPACE")
    assert "condition met" in looking.succeeds("kubectl wait sro/NAME -n NAMESPACE --for condition=Ready --timeout 30m")
    columns = Reader(shop, at_the_shop.folder, "docs/reference/reasons.md").succeeds("kubectl get sro", more=f"-n {shop.namespace}")
    assert "STATE" in columns and "WAITING-FOR" in columns
    assert "contracts" in Reader(shop, at_the_shop.folder, "docs/reference/api.md").succeeds("kubectl explain saferollout.spec --recursive")


def test_break_glass_does_what_its_page_says(shop: Shop, tmp_path: Path) -> None:
    glass = reader(
        shop, tmp_path, "docs/operations.md",
        **{"OPERATOR-NAMESPACE": shop.namespace, "NAMESPACE": shop.namespace, "ON-CALL": "on-call", "REASON": "now", "deployment NAME": "deployment billing"},
    )  # fmt: skip
    shop.start(shop.safe_rollout("billing"), shop.service("billing", Revision("shop:1")))
    assert shop.patch("saferollout", "shop", {"spec": {"mode": "Paused"}}).code == 0

    shop.apply(shop.service("billing", Revision("shop:2")))
    shop.wait("it is held", lambda: "held" in shop.labels("billing"))
    glass.succeeds("kubectl annotate deployment NAME -n NAMESPACE --overwrite saferollout.io/bypass=REASON")
    shop.wait_for_images("billing", {"shop:2": 4})
    glass.succeeds("kubectl create rolebinding on-call-bypass -n NAMESPACE --clusterrole saferollout-bypass --group ON-CALL")

    shop.wait_for_state("Completed", "Idle")
    shop.apply(shop.service("billing", Revision("shop:3")))
    shop.wait("it is held again, in a release", lambda: "held" in shop.labels("billing") and shop.state() == "Paused")
    assert "expedite" in glass.succeeds('saferollout expedite -n NAMESPACE --reason "fix for the outage"')
    unhold = """kubectl patch deployment NAME -n NAMESPACE --type merge -p '{"metadata":{"labels":{"saferollout.io/held":null}},"spec":{"paused":false}}'"""
    assert "patched" in glass.succeeds(unhold)

    # Other tests of this cluster live by the policies, so the server only says that it would delete them.
    for line in (
        "kubectl delete mutatingadmissionpolicy saferollout-hold saferollout-pace saferollout-pin saferollout-bypass saferollout-marks saferollout-waiting",
        "kubectl delete validatingadmissionpolicy saferollout-resume saferollout-warn",
    ):
        assert glass.succeeds(line, more="--dry-run=server").count("deleted") == line.count("saferollout-")
    shop.apply(shop.service("saferollout", Revision("operator:1"), replicas=2, labelled=False))
    glass.succeeds("kubectl scale deployment saferollout -n OPERATOR-NAMESPACE --replicas 0")
    shop.wait_for_images("saferollout", {})


def test_helm_takes_the_lines_of_the_operations_page(shop: Shop, tmp_path: Path) -> None:
    """The chart's own life is tested elsewhere (test_chart_install.py): here helm reads the lines, and renders the chart with these values."""
    (tmp_path / "charts").symlink_to(ROOT / "charts")
    helm = reader(shop, tmp_path, "docs/operations.md")
    install = "helm install saferollout charts/saferollout -n saferollout --create-namespace --set image.repository=IMAGE --set prometheus.url=http://prometheus.monitoring:9090"
    rendered = helm.succeeds(install, more="--dry-run=client")
    assert "image: IMAGE:" in rendered.replace('"', "") and "url: http://prometheus.monitoring:9090" in rendered.replace('"', "")
    # Helm has read the line when all that it misses is the release.
    upgraded = helm.type("helm upgrade saferollout charts/saferollout -n saferollout --reuse-values --set uninstall.force=true", more="--dry-run=client")
    assert "has no deployed releases" in upgraded.error
    assert "release: not found" in helm.type("helm uninstall saferollout -n saferollout", more="--dry-run").error


@pytest.fixture
def at_the_demo(shop: Shop, tmp_path: Path) -> Iterator[Reader]:
    """A reader of the demo's page with its scene: no gates, for nobody measures here."""
    shutil.copytree(ROOT / "examples" / "demo", tmp_path / "examples" / "demo")
    rename(tmp_path, ("namespace: opencore", f"namespace: {shop.namespace}"), ("bakeSeconds: 6", "bakeSeconds: 0\n  gating: Disabled"))
    yield reader(shop, tmp_path, "docs/demo.md", **{"-n opencore": f"-n {shop.namespace}"})


def test_a_reader_of_the_demos_page_can_look_around(at_the_demo: Reader) -> None:
    shop, folder = at_the_demo.shop, at_the_demo.folder / "examples" / "demo"
    for place in ("manifests/saferollout.yaml", "git/0-running"):
        assert shop.kubectl("apply", "-f", str(folder / place)).code == 0
    shop.wait("the scene runs", lambda: shop.images("user-service") == {"localhost/user-service:1.0.0": 5})
    at_the_demo.succeeds("kubectl apply -f examples/demo/git/1-new-event/user-service.yaml")
    shop.wait("user-service waits for its readers", lambda: "held" in shop.labels("user-service"))
    refused = at_the_demo.type("kubectl -n opencore rollout resume deployment/user-service")
    assert refused.code == 1 and "saferollout" in refused.error
    assert "user-service" in at_the_demo.succeeds(".venv/bin/saferollout explain user-service -n opencore")
    watched = at_the_demo.type(".venv/bin/saferollout status -n opencore --watch", more="--timeout 60")
    assert watched.code == 7, f"refused until its readers come: {watched}"
    at_the_demo.succeeds("kubectl replace --force -f examples/demo/manifests/load.yaml")
