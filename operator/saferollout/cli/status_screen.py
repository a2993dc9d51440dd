"""The status screen: what state, why, since when, what next, what can I do. Pure: a Picture in, lines out."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from saferollout.api.status import GateStatus, PlanStep, State
from saferollout.cli.estimate import Estimate, estimate
from saferollout.cli.finding_screen import finding_lines
from saferollout.cli.headline import STATE_MARKS, condition, headline, helpful_commands, refusal
from saferollout.cli.look import Look, Mark, ago, duration
from saferollout.cli.no_return import passed_points, points_of_no_return
from saferollout.cli.picture import Picture
from saferollout.cli.status_table import table
from saferollout.core.analysis.scraping import INTERVAL_FIELD
from saferollout.core.reasons import Reason
from saferollout.core.refusing import REPAIR

_VERDICT_MARKS = {
    "Passing": Mark.DONE,
    "Failing": Mark.FAILED,
    "Inconclusive": Mark.UNSURE,
    "Waiting": Mark.WAITING,
    "Ignored": Mark.PENDING,
    "DryRun": Mark.PENDING,
}
_MOST_NEXT_STEPS = 6
_OVER = frozenset({State.IDLE, State.COMPLETED, State.ROLLED_BACK, State.REFUSED})


def status_screen(picture: Picture, look: Look) -> list[Text]:
    """Draw the whole screen."""
    sections = (
        _first_line(picture, look),
        _head(picture, look),
        table(picture, look),
        list(_gates(picture, look)),
        list(finding_lines(picture, look)),
        list(_refusal(picture, look)),
        list(_failure(picture, look)),
        list(_workload_messages(picture, look)),
        list(_next_steps(picture, look)),
        list(_commands(picture, look)),
    )
    drawn: list[Text] = []
    for section in sections:
        if section and drawn:
            drawn.append(Text(""))
        drawn.extend(section)
    return drawn


def _first_line(picture: Picture, look: Look) -> list[Text]:
    mark = STATE_MARKS[picture.summary.state]
    lines = look.wrapped(f"{look.symbol(mark)} {picture.name}: {headline(picture)}", indent="  ")
    for line in lines:
        line.stylize("bold")
    silence = picture.silence()
    warning = look.wrapped(f"{look.symbol(Mark.UNSURE)} {silence}; what follows may be old.", indent="  ") if silence else []
    return [*lines, *warning]


def _head(picture: Picture, look: Look) -> list[Text]:
    release = picture.release
    facts: list[tuple[str, str]] = []
    if release is not None:
        ended = f", ended {ago(release.end_time, picture.now)}" if release.end_time else ""
        step = f", step {picture.summary.step}" if picture.summary.step and not ended else ""
        facts.append(("Release", f"{release.id}, started {ago(release.start_time, picture.now)}{ended}{step}"))
    if picture.spec is not None and picture.spec.mode.value != "Automatic":
        facts.append(("Mode", f"{picture.spec.mode} (spec.mode)"))
    if picture.spec is not None and picture.spec.gating.value == "Disabled":
        facts.append(("Gates", "off (spec.gating: Disabled); only order and readiness count"))
    if picture.summary.hold_mode == "Reactive":
        weaker = (
            "reactive: this API server has no hold policy, so the operator pauses a change only after it has seen it; pods of it may start"
        )
        facts.append(("Hold", weaker))
    if release is not None and release.expedited is not None:
        facts.append(("Expedited", f"by {release.expedited.by or 'somebody'}: {release.expedited.reason}; no bakes, same order"))
    if release is not None:
        facts.extend(
            ("Approved", f"{given.subject} by {given.by or 'somebody'} {ago(given.time, picture.now)}{f': {given.reason}' if given.reason else ''}")
            for given in release.approvals
        )
    facts.extend(("No return", str(point)) for point in passed_points(picture))
    accepted = condition(picture, "PlanAccepted")
    if accepted is not None and accepted.reason == Reason.EXTERNAL_UNREADABLE:
        facts.append(("Elsewhere", accepted.message))
    facts.extend(
        ("Undeclared", f"consumer groups that read {known.name}: {', '.join(known.undeclared_groups)}; nothing is proved for them")
        for known in picture.status.contracts
        if known.undeclared_groups
    )
    if accepted is not None:
        facts.extend(("Mind", said) for said in accepted.message.split("; ") if said.startswith(INTERVAL_FIELD))
    if picture.waiting_commands:
        facts.append(("Unheard", f"{', '.join(picture.waiting_commands)}: said, not yet taken by the operator"))
    return _facts(facts, look)


def _facts(facts: Iterable[tuple[str, str]], look: Look) -> list[Text]:
    return [line for label, words in facts for line in look.wrapped(words, first=f"  {label:<10} ", indent=" " * 13)]


def _gates(picture: Picture, look: Look) -> Iterator[Text]:
    gates = picture.status.gates
    if not gates or picture.summary.state is State.IDLE:
        return
    name_width = max(len("GATE"), *(min(len(gate.name), 28) for gate in gates))
    value_width = max(len("VALUE"), *(len(gate.value) for gate in gates))
    limit_width = max(len("LIMIT"), *(len(gate.limit) for gate in gates))
    yield Text(f"  {'GATE':<{name_width}}  {'VERDICT':<14}  {'VALUE':>{value_width}}  {'LIMIT':<{limit_width}}  MEASURED", style="bold")
    for gate in gates:
        line = Text(f"  {look.cut(gate.name, name_width):<{name_width}}  ")
        line.append_text(look.marked(_VERDICT_MARKS.get(gate.verdict, Mark.UNSURE), f"{gate.verdict:<12}"))
        measured = ago(gate.measured_time, picture.now) if gate.measured_time is not None else "-"
        line.append(f"  {gate.value or '-':>{value_width}}  {gate.limit:<{limit_width}}  {measured}")
        yield line
        yield from _gate_reason(gate, look)


def _gate_reason(gate: GateStatus, look: Look) -> list[Text]:
    # A passing gate has nothing to explain: its value beside its limit says it all.
    return look.wrapped(gate.message, first="    ", indent="    ") if gate.message and gate.verdict != "Passing" else []


def _refusal(picture: Picture, look: Look) -> Iterator[Text]:
    """Show the way out of a refusal; the refusal itself only where it is not the first line already."""
    refused = refusal(picture)
    if refused is None or refused.reason == Reason.EXTERNAL_UNREADABLE:  # stands in the head
        return
    why, _, repair = refused.message.partition(REPAIR)
    if picture.summary.state is not State.REFUSED:
        yield Text("WHAT IS REFUSED", style="bold")
        yield from look.wrapped(f"{look.symbol(Mark.FAILED)} {why} ({refused.reason})", first="  ", indent="    ")
    if repair:
        yield Text("WHAT WOULD MAKE IT POSSIBLE", style="bold")
        yield from look.wrapped(repair, first="  ", indent="  ")


def _failure(picture: Picture, look: Look) -> Iterator[Text]:
    release = picture.release
    if release is None or release.failure is None:
        return
    failure = release.failure
    blamed = f"{failure.workload}, gate {failure.gate}" if failure.gate else failure.workload
    yield Text("WHAT FAILED", style="bold")
    yield from look.wrapped(
        f"{look.symbol(Mark.FAILED)} {blamed} ({failure.reason}, {ago(failure.time, picture.now)}): {failure.message}",
        first="  ",
        indent="    ",
    )
    rollback = release.rollback
    if rollback is None:
        return
    for name in rollback.back:
        word = look.marked(Mark.RETURNING, "back") if name in rollback.returned else look.marked(Mark.MOVING, "goes back")
        yield Text("  ") + word + Text(f": {name}")
    for stay in rollback.stay:
        held_there = f"{stay.contract} {stay.version}".strip()
        sentence = stay.message or f"{held_there} holds it there"
        yield from look.wrapped(
            f"{look.symbol(Mark.HALTED)} stays (rollback floor): {stay.workload}: {sentence}", first="  ", indent="    "
        )


def _workload_messages(picture: Picture, look: Look) -> Iterator[Text]:
    """Show what the operator says of single workloads, where it does not stand above already."""
    failure = picture.release.failure if picture.release else None
    above = f"{picture.summary.message}\n{failure.message if failure else ''}"
    told = [known for known in picture.status.workloads if known.message and known.message not in above]
    if told:
        yield Text("WORKLOADS", style="bold")
    for known in told:
        # Many sentences begin with the workload they are about.
        named = known.message.startswith((f"{known.name} ", f"{known.name}:"))
        yield from look.wrapped(known.message if named else f"{known.name}: {known.message}", first="  ", indent="    ")


def _next_steps(picture: Picture, look: Look) -> Iterator[Text]:
    release = picture.release
    if release is None or release.rollback is not None or picture.summary.state in _OVER:
        return
    left = [step for step in release.steps if step.state != "Done"]
    if not left:
        return
    guess = estimate(picture.spec, picture.status, picture.now) if picture.spec else None
    yield Text(_next_title(guess), style="bold")
    closing = points_of_no_return(picture)
    for number, step in enumerate(left[:_MOST_NEXT_STEPS], start=1):
        if step.id in closing:
            yield from look.wrapped(f"point of no return: {closing[step.id]}", first=f"  {look.rule(4)} ", indent="       ")
        yield from look.wrapped(_step_sentence(step, guess), first=f"  {number}. ", indent="     ")
    if len(left) > _MOST_NEXT_STEPS:
        yield Text(f"  and {len(left) - _MOST_NEXT_STEPS} more")
    if guess is not None:
        yield from look.wrapped(f"assumes: {', '.join(guess.assumes)}", first="  ", indent="  ")


def _next_title(guess: Estimate | None) -> str:
    if guess is None:
        return "NEXT"
    if guess.open_ended and guess.seconds == 0:
        return f"NEXT, when it goes on depends on {', '.join(guess.open_ended)}"
    left = f"NEXT, about {duration(guess.seconds)} left"
    return f"{left}, and the time of {', '.join(guess.open_ended)}" if guess.open_ended else left


def _step_sentence(step: PlanStep, guess: Estimate | None) -> str:
    seconds = guess.of(step.id) if guess else None
    time = f" (about {duration(seconds)})" if seconds is not None else ""
    because = f": {step.because}" if step.because else ""
    match step.kind:
        case "Roll":
            verb = {"Rolling": "finish rolling", "Baking": "finish baking"}.get(step.state, "roll")
            return f"{verb} {step.workload}, {step.stage}{time}{because}" if step.stage else f"{verb} {step.workload}{time}{because}"
        case "Prove":
            return f"prove that {step.contract} {step.version} is gone{because}"
        case _:
            return f"approval of {step.id}{because}"


def _commands(picture: Picture, look: Look) -> Iterator[Text]:
    commands = helpful_commands(picture)
    if not commands:
        return
    yield Text("WHAT YOU CAN DO", style="bold")
    for command, purpose in commands:
        line = f"  {command}"
        if len(line) + 4 + len(purpose) <= look.width:
            yield Text(f"{line}  # {purpose}")
            continue
        yield Text(f"  # {purpose}")
        yield Text(line)
