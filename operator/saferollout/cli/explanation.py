"""Why a workload stands where it stands, as data. Pure: everything that was read comes in as `Seen`."""

from dataclasses import dataclass

from saferollout.cli.explanation_facts import facts
from saferollout.cli.explanation_sentence import sentence
from saferollout.cli.finding_screen import finding_of
from saferollout.cli.picture import Picture
from saferollout.cli.seen import Seen, Verdict
from saferollout.cli.ways_out import ways_out


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer: one sentence, facts by topic, and commands with their purpose; `found_in` is the release in which the analysis found what broke."""

    workload: str
    saferollout: str
    verdict: Verdict
    sentence: str
    facts: tuple[tuple[str, str], ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    found_in: Picture | None = None


def explanation(seen: Seen) -> Explanation:
    """Explain a workload: the strongest reason is the sentence, everything else is a fact."""
    verdict = _verdict(seen)
    return Explanation(
        workload=seen.workload,
        saferollout=seen.picture.name if seen.picture else seen.label,
        verdict=verdict,
        sentence=sentence(verdict, seen),
        facts=tuple(facts(seen)),
        commands=tuple(ways_out(verdict, seen)),
        found_in=seen.picture if seen.listed and seen.picture is not None and finding_of(seen.picture) is not None else None,
    )


def _verdict(seen: Seen) -> Verdict:
    view = seen.view
    if view is None:
        return Verdict.ABSENT
    if view.left_paused and not view.held:
        return Verdict.LEFT_PAUSED
    if seen.label and seen.picture is None:
        return Verdict.SAFEROLLOUT_MISSING
    if seen.picture is None:
        return Verdict.PAUSED_BY_OWNER if view.paused else Verdict.UNMANAGED
    if not seen.listed:
        return Verdict.NOT_LISTED
    if view.pinned:
        return Verdict.PINNED
    if view.owner_paused is not None:
        return Verdict.PAUSED_BY_OWNER
    if view.paced is not None:
        return Verdict.PACED
    if view.held:
        return Verdict.FAILED if _has_failed(seen) else Verdict.HELD
    return Verdict.PAUSED_BY_OWNER if view.paused else Verdict.FREE


def _has_failed(seen: Seen) -> bool:
    known = seen.picture.known(seen.workload) if seen.picture else None
    return known is not None and seen.view is not None and known.failed_hash == seen.view.template != ""
