"""Prove that a version has left the world before reads are narrowed: by time, by a query, or by a person's word."""

from datetime import datetime, timedelta

from saferollout.core.draft import Draft
from saferollout.core.event_reasons import EventReason
from saferollout.core.lying import proved
from saferollout.core.measurements import Measurement, Outcome
from saferollout.core.plans import Approve, Method, Prove, Roll, ready_steps
from saferollout.core.proof_questions import PROOF_INTERVAL, dead_letter_name, offsets_prefix, proof_name
from saferollout.core.waivers import is_answered_for


def prove(draft: Draft) -> bool:
    """Look at each proof whose turn it is: what is proved leaves the books, and the plan changes (True); what is not is waited for."""
    if draft.open_release is None:
        return False
    gone: list[Prove | Approve] = []
    approved = approved_steps(draft)
    for step in draft.outlook.plan.steps:
        if step.id in approved and not isinstance(step, Roll) and not _is_sanction(draft, step):
            _has_left(draft, step, "a person has answered for it")
            gone.append(step)
    for step in ready_steps(draft.outlook.plan, approved):
        if isinstance(step, Approve):
            _ask(draft, step)
        elif isinstance(step, Prove) and _is_proved(draft, step):
            _has_left(draft, step, step.because[-1])
            gone.append(step)
    return bool(gone)


def approved_steps(draft: Draft) -> frozenset[str]:
    """Return the ids of steps that a person has answered for in this release."""
    release = draft.open_release
    if release is None:
        return frozenset()
    return frozenset(
        step.id
        for step in draft.outlook.plan.steps
        if isinstance(step, Approve | Prove) and is_answered_for(release, draft.outlook.world, contract=step.contract, version=step.version)
    )


def _is_sanction(draft: Draft, step: Prove | Approve) -> bool:
    """Tell whether the step asks for leave to go on although a version may still be there."""
    return any((asked.contract, asked.version) == (step.contract, step.version) for asked in draft.outlook.world.sanctions)


def _has_left(draft: Draft, step: Prove | Approve, how: str) -> None:
    proved(draft, step.contract, step.version)
    draft.note(EventReason.PROVED, f"version {step.version} has left {step.contract}: {how}")


def _ask(draft: Draft, step: Approve) -> None:
    if draft.open_release is not None and draft.open_release.rolls:
        return  # what rolls or bakes may still have to go back
    subject = f"Prove/{step.contract}/{step.version}"
    draft.approvals_wanted.append(subject)
    draft.waits.append(f"approval of {subject}: {'; '.join(step.because)}")


def _is_proved(draft: Draft, step: Prove) -> bool:
    since = _since(draft, step)
    if since is None:
        draft.waits.append(f"the last writer of version {step.version} of {step.contract} to be gone")
        return False
    if step.method is Method.PROMQL:
        return _answers_zero(draft, step, since=since)
    if step.method is Method.GROUP_OFFSETS and _groups_have_passed(draft, step, since=since):
        return True
    channel = draft.outlook.world.channels[step.contract]
    seconds = channel.ttl_seconds if step.method is Method.TTL else channel.retention_seconds
    if seconds is None:
        return False
    # `since` was cut down to a whole second: the last writer may have gone up to one second later.
    due = since + timedelta(seconds=seconds + 1)
    if draft.now >= due:
        return True
    draft.wake_at(due)
    if step.method is Method.GROUP_OFFSETS:
        return False
    draft.waits.append(f"version {step.version} to leave {step.contract} by {due:%Y-%m-%d %H:%M:%S} UTC")
    return False


def _since(draft: Draft, step: Prove) -> datetime | None:
    status = draft.contracts.get(step.contract)
    drains = status.drains if status is not None else []
    return next((drain.since for drain in drains if drain.version == step.version), None)


def _answers_zero(draft: Draft, step: Prove, *, since: datetime) -> bool:
    answers = draft.observations.answers.get(proof_name(step.contract, step.version), ())
    draft.wake_in(PROOF_INTERVAL.total_seconds())
    last = answers[-1] if answers else None
    if last is not None and _is_zero(last, since=since):
        return True
    why = "not measured yet" if last is None else last.detail if last.outcome is not Outcome.VALUE else "it is not 0 yet"
    draft.waits.append(f"the proof that version {step.version} has left {step.contract}: {why}")
    return False


def _groups_have_passed(draft: Draft, step: Prove, *, since: datetime) -> bool:
    """Tell whether the groups have read all that lay there, and no dead letter keeps it; say what is missing."""
    draft.wake_in(PROOF_INTERVAL.total_seconds())
    prefix = offsets_prefix(step.contract, step.version, protects=step.protects, since=since)
    answered = [answers[-1] for name, answers in draft.observations.answers.items() if name.startswith(prefix) and answers]
    if not any(_is_zero(answer, since=since) for answer in answered):
        unread = any(answer.outcome is Outcome.VALUE for answer in answered)
        why = "they have not read all of it yet" if unread else answered[-1].detail if answered else "not measured yet"
        draft.waits.append(f"the consumer groups of {' and '.join(step.protects)} to pass what holds version {step.version} in {step.contract}: {why}")
        return False
    return _no_dead_letters(draft, step, since=since)


def _no_dead_letters(draft: Draft, step: Prove, *, since: datetime) -> bool:
    channel = draft.outlook.world.channels[step.contract]
    if channel.dead_letter_topic is None:
        return True
    letters = draft.observations.answers.get(dead_letter_name(step.contract, step.version, since=since), ())[-1:]
    if any(_is_zero(answer, since=since) for answer in letters):
        return True
    if any(answer.outcome is Outcome.VALUE for answer in letters):
        subject = f"Prove/{step.contract}/{step.version}"
        draft.approvals_wanted.append(subject)
        draft.waits.append(f"approval of {subject}: dead letters in {channel.dead_letter_topic} may hold version {step.version} and be replayed")
        return False
    why = letters[-1].detail if letters else "not measured yet"
    draft.waits.append(f"the proof that no dead letter in {channel.dead_letter_topic} holds version {step.version}: {why}")
    return False


def _is_zero(answer: Measurement, *, since: datetime) -> bool:
    return answer.outcome is Outcome.VALUE and answer.value == 0 and answer.at >= since
