"""What is said of rights: yours as information, the operator's as something that must be complete."""

from collections.abc import Iterator, Mapping
from typing import Final

from saferollout.cli.checks.found import Found, Unread
from saferollout.cli.checks.lines import Check, Line, WayOut, failed, not_checked, ok, remark
from saferollout.cli.checks.say_installation import upgrade
from saferollout.engine.rights import Right, Scope

_MEANINGS: Final[Mapping[str, str]] = {
    "get": "read SafeRollouts",
    "list": "find them without a name",
    "patch": "speak to releases (pause, approve, abort ...)",
    "bypass": "break the glass",
}


def say_rights(found: Found) -> Iterator[Line]:
    """Say what you may do here, and what the operator may not."""
    yield from _yours(found)
    yield from _operators(found)


def _yours(found: Found) -> Iterator[Line]:
    yours = found.rights.yours
    if isinstance(yours, Unread):
        yield not_checked(Check.YOUR_RIGHTS, "what you may do", yours.why)
        return
    may = [_MEANINGS[verb] for verb, allowed in yours.items() if allowed]
    may_not = [f"{_MEANINGS[verb]} ({verb} saferollouts)" for verb, allowed in yours.items() if not allowed]
    who = f"you ({found.holding.you})" if found.holding.you else "you"
    yield remark(Check.YOUR_RIGHTS, f"{who} may in namespace {found.namespace}: {'; '.join(may) or 'nothing with SafeRollouts'}")
    if may_not:
        yield remark(Check.YOUR_RIGHTS, f"you may not: {'; '.join(may_not)}")


def _operators(found: Found) -> Iterator[Line]:
    rights, operator = found.rights, found.operator
    if isinstance(rights.denied, Unread):
        yield not_checked(Check.OPERATOR_RIGHTS, "what the operator may do", rights.denied.why)
        return
    for right, place in rights.denied:
        ways_out = WayOut("bring the chart's roles back", upgrade(operator)), WayOut("then ask again", _question(right, place, rights.account))
        yield failed(Check.OPERATOR_RIGHTS, f"{rights.account} may not {right.verb} {_target(right)}{_where(right, place)}", *ways_out)
    if not rights.denied:
        yield ok(Check.OPERATOR_RIGHTS, f"{rights.account} has the {rights.asked} rights that it needs")
    if rights.unasked:
        yield not_checked(Check.OPERATOR_RIGHTS, "more of it", rights.unasked)


def _target(right: Right) -> str:
    return right.target + (f" (its {right.subresource})" if right.subresource else "")


def _where(right: Right, place: str) -> str:
    if right.scope is Scope.CLUSTER:
        return ""
    return f" in namespace {place}" if place else " in all namespaces"


def _question(right: Right, place: str, account: str) -> str:
    scope = f" -n {place}" if place else "" if right.scope is Scope.CLUSTER else " -A"
    subresource = f" --subresource={right.subresource}" if right.subresource else ""
    return f"kubectl auth can-i {right.verb} {right.target}{subresource}{scope} --as {account}"
