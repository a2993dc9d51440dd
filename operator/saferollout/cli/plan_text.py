"""Say a plan or a rollback for people: plain text of 80 columns, and Mermaid diagrams."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from saferollout.core.plans import Conflict, Plan, Roll, RollbackPlan, Side, Step

WIDTH = 80


def plan_text(plan: Plan, *, name: str, notes: Sequence[str]) -> str:
    """Return a plan as text."""
    return "\n".join(_plan_lines(plan, name, notes)) + "\n"


def _plan_lines(plan: Plan, name: str, notes: Sequence[str]) -> Iterator[str]:
    if plan.accepted:
        yield f"{name}: accepted, {_count(len(plan.steps), 'step')}" if plan.steps else f"{name}: accepted, nothing to do"
    else:
        yield from _wrapped(f"{name}: refused ({plan.reason}). {plan.message}", first="", rest="  ")
    width = len(str(len(plan.steps)))
    for number, step in enumerate(plan.steps, start=1):
        yield ""
        yield f"{number:>{width}}. {_title(step)}"
        for reason in step.because:
            yield from _wrapped(reason, first=" " * (width + 2) + "- ", rest=" " * (width + 4))
    yield from _section("What can't live together:", [_sentence(conflict) for conflict in plan.conflicts])
    yield from _section("What would make it possible:", [repair.sentence for repair in plan.repairs])
    yield from _section("Unsafe already now (reported, refuses nothing):", [_sentence(one) for one in plan.unsafe_now])
    yield from _section("Notes:", notes)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _title(step: Step) -> str:
    if isinstance(step, Roll):
        return f"Roll {step.workload} ({step.stage})"
    return f"{type(step).__name__} {step.contract} {step.version}"


def _sentence(conflict: Conflict) -> str:
    return f"{conflict.sentence} (failure mode {conflict.failure_mode})"


def _section(title: str, sentences: Sequence[str]) -> Iterator[str]:
    if not sentences:
        return
    yield ""
    yield title
    for sentence in sentences:
        yield from _wrapped(sentence, first="  - ", rest="    ")


def _wrapped(text: str, *, first: str, rest: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def rollback_text(rollback: RollbackPlan, *, failed: str, scope: str, notes: Sequence[str]) -> str:
    """Return a rollback as text."""
    lines = [f"If {failed} fails while it rolls (scope {scope}):", ""]
    lines += [f"{number}. {name} goes back" for number, name in enumerate(rollback.back, start=1)] or ["Nothing goes back."]
    lines += _section("What stays:", [stay.sentence for stay in rollback.stay])
    lines += _section("Notes:", notes)
    return "\n".join(lines) + "\n"


def plan_mermaid(plan: Plan) -> str:
    """Return the plan's graph, or the refused pairs, as a Mermaid flowchart."""
    return "\n".join(["flowchart TD", *(_step_lines(plan) if plan.accepted else _conflict_lines(plan.conflicts))]) + "\n"


def _step_lines(plan: Plan) -> Iterator[str]:
    nodes = {step.id: f"s{number}" for number, step in enumerate(plan.steps, start=1)}
    for step in plan.steps:
        yield f"  {nodes[step.id]}{_box(_title(step))}"
    for step in plan.steps:
        for earlier in step.after:
            yield f"  {nodes[earlier]} --> {nodes[step.id]}"


def _conflict_lines(conflicts: Sequence[Conflict]) -> Iterator[str]:
    names: dict[str, str] = {}

    def node(title: str) -> str:
        known = title in names
        names.setdefault(title, f"n{len(names) + 1}")
        return names[title] if known else names[title] + _box(title)

    for conflict in conflicts:
        label = f"{conflict.contract} {conflict.version or ''}: failure mode {conflict.failure_mode}"
        source = _side(conflict.writer) if conflict.writer else f"{conflict.contract} (stored)"
        yield f"  {node(source)} -->|{_quoted(label)}| {node(_side(conflict.reader))}"


def _side(side: Side) -> str:
    return f"{side.workload} ({side.revision})"


def _box(text: str) -> str:
    return f"[{_quoted(text)}]"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "#quot;") + '"'
