"""What Argo CD would sync before or after a release, instead of with it, is named once, with the way out."""

from collections.abc import Collection

import pytest

from saferollout.core.lint_findings import Code, Place, SafeRolloutManifest, SyncedManifest, WorkloadManifest
from saferollout.core.lint_waves import waits

WAVE, HOOK = "metadata.annotations.argocd.argoproj.io/sync-wave", "metadata.annotations.argocd.argoproj.io/hook"
READER, WRITER, OURS = "Deployment reader", "Deployment writer", "SafeRollout shop"


def synced(about: str, *, wave: int | None = None, hooks: Collection[str] = (), namespace: str = "shop") -> SyncedManifest:
    kind, _, name = about.partition(" ")
    return SyncedManifest(
        place=Place("all.yaml", 1), kind=kind, name=name, namespace=namespace,
        wave=wave or 0, states_wave=wave is not None, hooks=frozenset(hooks),
    )  # fmt: skip


def found(*others: SyncedManifest, reader: int | None = None, writer: int | None = None, ours: int | None = None) -> dict[str, tuple[str, str]]:
    """Return field and message by object, of a SafeRollout with two workloads and what stands beside them."""
    saferollout = SafeRolloutManifest(Place("all.yaml", 1), "shop", "shop", None, named=(("Deployment", "reader"), ("Deployment", "writer")))
    workloads = [WorkloadManifest(place=Place("all.yaml", 1), kind="Deployment", name=name, namespace="shop") for name in ("reader", "writer")]
    items = [synced(READER, wave=reader), synced(WRITER, wave=writer), synced(OURS, wave=ours), *others]
    findings = waits([saferollout], workloads, items)
    assert {finding.code for finding in findings} <= {Code.SYNC_WAITS}
    named = {finding.about: (finding.field, finding.message) for finding in findings}
    assert len(named) == len(findings), "an object is named once"
    return named


@pytest.mark.parametrize("wave", [None, 0, 3, -2])
def test_everything_in_one_wave_is_fine_whatever_its_number(wave: int | None) -> None:
    assert found(reader=wave, writer=wave, ours=wave) == {}


def test_what_comes_before_the_release_and_what_is_no_part_of_a_sync_is_fine() -> None:
    before = synced("Job migrate", hooks=["PreSync"]), synced("ConfigMap settings", wave=-1), synced("Job prepare", wave=-1, hooks=["Sync"])
    assert found(*before, synced("Job undo", wave=9, hooks=["SyncFail"])) == {}


def test_a_sync_hook_waits_for_its_wave_where_there_is_another_step_and_may_see_a_refused_release_where_there_is_none() -> None:
    note = synced("Job note", hooks=["Sync"])
    others = {None: "is tried again", synced("ConfigMap settings", wave=-1): "as long as that is held", synced("Job migrate", hooks=["PreSync"]): "as long as that is held"}
    for another, why in others.items():
        said = found(note, *([another] if another else []))
        assert set(said) == {"Job note"}
        assert said["Job note"][0] == HOOK and said["Job note"][1].endswith("give the hook an earlier wave, or make it a PreSync hook")
        assert why in said["Job note"][1]


def test_a_workload_in_a_later_wave_waits_for_one_that_may_be_held() -> None:
    said = found(writer=1)
    assert set(said) == {WRITER}
    field, message = said[WRITER]
    assert field == WAVE
    assert message.startswith("is in sync wave 1, after Deployment reader (0): Argo CD applies it only when that is Healthy")
    assert message.endswith('put them into one wave: argocd.argoproj.io/sync-wave: "0"')


def test_a_workload_without_a_wave_may_be_the_later_one() -> None:
    said = found(reader=-1, ours=-1)
    assert set(said) == {WRITER}
    assert said[WRITER][0] == "metadata"
    assert said[WRITER][1].endswith("put them into one wave, -1")


def test_anything_in_a_later_wave_waits() -> None:
    assert set(found(synced("Ingress shop", wave=5), synced("Job smoke", wave=1, hooks=["Sync"]))) == {"Ingress shop", "Job smoke"}


def test_a_hook_after_the_sync_waits_and_may_become_a_gate() -> None:
    said = found(synced("Job smoke", hooks=["PreSync", "PostSync"], wave=-5))
    assert set(said) == {"Job smoke"}
    assert said["Job smoke"][0] == HOOK
    assert said["Job smoke"][1].startswith("is a PostSync hook: ") and "a gate" in said["Job smoke"][1]


def test_a_saferollout_before_its_workloads_stops_the_fix_and_one_after_them_never_comes() -> None:
    before, after = found(ours=-1), found(ours=1)
    assert set(before) == set(after) == {OURS}
    assert "the commit that fixes never reaches the workloads" in before[OURS][1]
    assert "neither ever goes on" in after[OURS][1]
    assert set(found(reader=1, writer=1)) == {OURS}, "also where the workloads state the wave"


def test_what_goes_elsewhere_and_a_saferollout_whose_workloads_are_not_here_say_nothing() -> None:
    assert found(synced("Job smoke", hooks=["PostSync"], namespace="elsewhere")) == {}
    alone = SafeRolloutManifest(Place("all.yaml", 1), "shop", "shop", None, named=(("Deployment", "reader"),))
    assert waits([alone], [], [synced(OURS), synced("Job smoke", hooks=["PostSync"])]) == ()
