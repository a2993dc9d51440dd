"""Collect from the source which reasons events and conditions can have, so that a page can be checked against the code.

A reason must be a literal (or a module's constant) where it is given: then it can be found here, and by whoever searches for it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from saferollout.core.plans import Refusal

SOURCE = Path(__file__).parents[3] / "operator" / "saferollout"
HANDS_ON = {("core/draft.py", "note"), ("core/failing.py", "abandon")}
"""Functions whose own callers give the reason."""


def event_reasons() -> dict[str, set[str]]:
    """Return each reason of an event with the types it comes with; an empty set where the type is worked out at run time."""
    found: dict[str, set[str]] = {}
    for module in _modules():
        for call in module.calls("note", "Note"):
            for reason in module.literals(_argument(call, 0, "reason")):
                found.setdefault(reason, set()).update(_type(call))
    return found


def condition_reasons() -> set[str]:
    """Return each reason that a condition can have."""
    modules = list(_modules())
    absent = {reason for module in modules for call in module.calls("Absent") for reason in module.literals(_argument(call, 2, "reason"))}
    found = {str(reason) for reason in Refusal} | absent | {f"Workload{reason}" for reason in absent}
    for module in modules:
        for call in module.calls("Standing"):
            found |= module.literals(_argument(call, 1, "reason"))
        for call in module.calls("Trouble", "abandon"):
            found |= module.literals(_argument(call, 1, "reason"))
        for call in module.calls("Stall"):
            found |= module.literals(_argument(call, 0, "reason"))
        if module.name == "core/conditions.py":
            found |= {reason for element in _returned_reasons(module.tree) for reason in module.literals(element)}
    # A workload that does not exist is no reason against a plan: the others go on.
    return found - {"NotFound"}


class _Module:
    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(SOURCE).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.inside = {child: parent for parent in ast.walk(self.tree) for child in ast.iter_child_nodes(parent)}

    def calls(self, *names: str) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names and (self.name, self._function(node)) not in HANDS_ON:
                yield node

    def literals(self, node: ast.expr) -> set[str]:
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=one, orelse=other):
                return self.literals(one) | self.literals(other)
            case ast.BoolOp(values=values):
                return {text for value in values for text in self.literals(value)}
            case ast.Call(func=ast.Name(id="str"), args=[value]):
                return self.literals(value)
            case ast.Attribute(attr="reason") | ast.JoinedStr():
                return set()  # what was given elsewhere, and is collected there
            case ast.Name(id=name) if name in (constants := dict(self._constants())):
                return {constants[name]}
        raise AssertionError(f"{self.name}:{node.lineno}: write the reason as a literal, so that docs/metrics-and-events.md can be checked")

    def _constants(self) -> Iterator[tuple[str, str]]:
        for node in self.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                    yield name, text
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text))):
                    yield name, text

    def _function(self, node: ast.AST) -> str:
        while (node := self.inside.get(node, self.tree)) is not self.tree:
            if isinstance(node, ast.FunctionDef):
                return node.name
        return ""


def _modules() -> Iterator[_Module]:
    return (_Module(path) for path in sorted(SOURCE.rglob("*.py")))


def _argument(call: ast.Call, place: int, name: str) -> ast.expr:
    named = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    return named if named is not None else call.args[place]


def _type(call: ast.Call) -> set[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    match given.get("warning", given.get("type")):
        case None:
            return {"Normal"}
        case ast.Constant(value=warning):
            return {"Warning" if warning else "Normal"}
        case ast.Attribute(attr=name):
            return {name.capitalize()}
    return set()


def _returned_reasons(tree: ast.Module) -> Iterator[ast.expr]:
    """Find the reason in what core/conditions.py returns: (status, reason, message) or (reason, message)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield node.value.elts[-2]
