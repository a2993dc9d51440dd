"""Every command of the command line, as the parser itself knows it."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import typer.main

from saferollout.cli.exit_codes import OUTCOMES, outcomes
from saferollout.cli.main import app
from scripts.lib.reference.markdown import anchored, code, codes, sentence, table

PROGRAM: Final = "saferollout"
_VALUES: Final[Mapping[object, str]] = {str: "TEXT", int: "NUMBER", float: "SECONDS"}

# typer's own command classes; it exports no names for them.
Command = Any
Parameter = Any


def cli_page() -> str:
    """Write the page."""
    root: Command = typer.main.get_command(app)
    listed = list(_commands(root, ()))
    for_people = [entry for entry in listed if not entry[1].hidden]
    inside = [entry for entry in listed if entry[1].hidden]
    exits = table(("code", "meaning", "commands"), ((str(int(one.code)), one.meaning, codes(one.commands) or "all others") for one in OUTCOMES))
    return "\n".join(
        [
            "# Command line",
            "",
            f"`{PROGRAM} COMMAND`, or `kubectl safe-rollout COMMAND`: the same program under two names. What each is for: [commands](../commands.md).",
            "",
            table(("command", "what it does"), ((f"[{code(name)}](#{_slug(name)})", _help(command)) for name, command in for_people)),
            f"`{PROGRAM} --help` and `{PROGRAM} COMMAND --help` say the same.",
            "",
            table(("option of the program", "meaning"), ((_names(option), option.help) for option in root.params)),
            "## Exit codes",
            exits,
            *(_section(name, command) for name, command in for_people),
            "# Commands of the operator",
            "The chart runs them in the cluster.",
            "",
            *(_section(name, command) for name, command in inside),
        ]
    ).rstrip("\n") + "\n"


def _commands(command: Command, path: tuple[str, ...]) -> Iterator[tuple[str, Command]]:
    """Yield every command that can be run with its whole name."""
    parts = getattr(command, "commands", None)
    if parts is None:
        yield " ".join(path), command
        return
    for name, part in parts.items():
        yield from _commands(part, (*path, name))


def _section(name: str, command: Command) -> str:
    parameters = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    ordered = sorted(parameters, key=lambda parameter: parameter.param_type_name != "argument")
    usage = " ".join([PROGRAM, name, *(_usage(parameter) for parameter in ordered if parameter.required or parameter.param_type_name == "argument"), "[OPTIONS]"])
    options = table(("argument or option", "value", "default", "meaning"), (_row(name, parameter) for parameter in ordered))
    exits = table(("exit code", "meaning"), ((str(int(one.code)), one.meaning) for one in outcomes(name)))
    return f"## {name}\n{_help(command)}\n\n    {usage}\n\n{options}\n{exits}"


def _row(name: str, parameter: Parameter) -> tuple[str, ...]:
    anchor = f"{_slug(name)}-{parameter.name.replace('_', '-')}"
    shown = code(_plain(parameter)) if parameter.param_type_name == "argument" else _names(parameter)
    return anchored(shown, anchor), _value(parameter), _default(parameter), sentence(parameter.help)


def _usage(parameter: Parameter) -> str:
    if parameter.param_type_name == "argument":
        bare = _plain(parameter)
        return bare if parameter.required else f"[{bare}]"
    return f"{parameter.opts[0]} {_placeholder(parameter)}"


def _plain(parameter: Parameter) -> str:
    return str(parameter.metavar or parameter.name.upper()).strip("[]")


def _names(option: Parameter) -> str:
    names: list[str] = sorted(option.opts, key=len)
    return codes(names)


def _placeholder(parameter: Parameter) -> str:
    return str(parameter.metavar or _VALUES.get(parameter.type_descriptor.annotation, "TEXT"))


def _value(parameter: Parameter) -> str:
    if getattr(parameter, "is_flag", False):
        return ""
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return codes(kind)
    least = f", {parameter.min} or more" if parameter.min is not None else ""
    return f"{_placeholder(parameter).strip('[]').removesuffix('...')}{least}"


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    if getattr(parameter, "is_flag", False) or parameter.default in (None, ""):
        return ""
    shown = parameter.default
    return code(f"{shown:g}" if isinstance(shown, float) else shown)


def _help(command: Command) -> str:
    return sentence(" ".join((command.help or "").split()))


def _slug(name: str) -> str:
    return name.replace(" ", "-")
