"""What Argo CD said is kept exactly: the stories under Argo CD are checked against it."""

from typing import Any

from localcluster.demo.application_history import ApplicationHistory, Verdict


def heard(*events: tuple[str, str, str]) -> tuple[ApplicationHistory, list[Verdict]]:
    """Return the history of these words (sync, health, sentence), and what was told of it."""
    told: list[Verdict] = []
    sentences = iter([sentence for _, _, sentence in events])
    history = ApplicationHistory([], sentence=lambda: next(sentences), on_change=told.append)
    for sync, health, _ in events:
        history.note({"type": "MODIFIED", "object": {"status": status(sync, health)}})
    return history, told


def status(sync: str, health: str) -> dict[str, Any]:
    return {name: {"status": value} for name, value in (("sync", sync), ("health", health)) if value}


def test_every_change_is_kept_and_told_and_what_changes_nothing_is_not() -> None:
    history, told = heard(("Synced", "Healthy", "a"), ("Synced", "Healthy", "a"), ("Synced", "Healthy", "b"), ("Synced", "Degraded", "b"))
    assert [(said.health, said.sentence) for said in history.verdicts] == [("Healthy", "a"), ("Healthy", "b"), ("Degraded", "b")]
    assert told == history.verdicts


def test_before_argo_cd_has_looked_it_has_said_nothing() -> None:
    history, told = heard(("", "", ""), ("Synced", "", ""))
    assert history.verdicts == told == []


def test_what_was_said_before_does_not_count_and_a_part_of_the_sentence_is_enough() -> None:
    history, _ = heard(("Synced", "Degraded", "rolling back: gate letters"))
    [verdict] = history.verdicts
    assert history.said("Synced", "Degraded", "rolling back", since=verdict.at)
    assert not history.said("Synced", "Degraded", "rolling back", since=verdict.at + 1)
    assert not history.said("OutOfSync", "Degraded", "rolling back", since=verdict.at)
    assert not history.said("Synced", "Degraded", "Repair", since=verdict.at)
