"""`python -m localcluster.opencore`: start the scene of examples/opencore, count, roll, break and measure."""

from __future__ import annotations

import argparse
import sys

from localcluster.demo.failure import StoryFailed
from localcluster.demo.narration import Narrator
from localcluster.lifecycle import down
from localcluster.opencore import stage as stages
from localcluster.opencore.counts import count
from localcluster.opencore.images import OPENCORE
from localcluster.opencore.measuring import MODES, OUTAGES, measure
from localcluster.opencore.outages import Outage, last
from localcluster.opencore.showing import go_forward, show_declared, show_outage, show_undeclared
from localcluster.opencore.table import exporters_table, workloads_table


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; an expected failure is one message."""
    options = parser().parse_args(arguments)
    commands = {"fetch": _fetch, "up": _up, "down": _down, "counts": _counts, "apply": _apply, "outage": _outage, "measure": _measure, "show": _show}
    try:
        commands[options.command](options)
    except (StoryFailed, RuntimeError, LookupError) as failure:
        print(f"opencore {options.command}: {failure}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what `python -m localcluster.opencore` takes."""
    arguments = argparse.ArgumentParser(prog="python3 -m localcluster.opencore", description="Four services on real Kafka, Postgres and Redis.")
    arguments.add_argument("--name", default=stages.CLUSTER_NAME, help="the cluster's name (default: %(default)s)")
    commands = arguments.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="bring everything into the cache")
    commands.add_parser("up", help="start what does not run yet, and wait until people are served")
    commands.add_parser("down", help="end it and delete its files")
    commands.add_parser("counts", help="dead letters and failed requests so far")
    apply = commands.add_parser("apply", help="apply a folder of examples/opencore: a plain rolling update unless SafeRollout is installed")
    apply.add_argument("folder", help="such as workloads, undeclared/mode-1 or declared/mode-4/1-expand")
    outage = commands.add_parser("outage", help="kill something, and bring it back after a while")
    outage.add_argument("kind", type=Outage, choices=list(Outage))
    outage.add_argument("--seconds", type=float, default=20.0, help="how long it is down (default: %(default)s)")
    measuring = commands.add_parser("measure", help="roll each mode out plainly, and a healthy release through each outage; print what was seen")
    measuring.add_argument("what", nargs="*", default=[*MODES, *OUTAGES], help=f"some of {', '.join([*MODES, *OUTAGES])}; all where none is named")
    show = commands.add_parser("show", help="with SafeRollout: a mode declared and undeclared, or a healthy release through an outage")
    show.add_argument("what", choices=[*MODES, *OUTAGES])
    show.add_argument("--only", choices=["declared", "undeclared"], help="one of the two ways of a mode")
    return arguments


def _fetch(_: argparse.Namespace) -> None:
    stages.fetch()


def _up(options: argparse.Namespace) -> None:
    stages.fetch()
    stage = stages.start(options.name)
    print(f"export KUBECONFIG={stage.tools.kubeconfig}")
    print(f"Prometheus {stage.prometheus_url}, Postgres 127.0.0.1:{stages.POSTGRES_PORT}")


def _down(options: argparse.Namespace) -> None:
    print("the scene is removed" if down(options.name) else "there is no scene to remove")


def _counts(options: argparse.Namespace) -> None:
    print(count(stages.find_stage(options.name).prometheus_url))


def _apply(options: argparse.Namespace) -> None:
    print(stages.apply_folder(stages.find_stage(options.name).tools, OPENCORE / options.folder), end="")


def _outage(options: argparse.Namespace) -> None:
    last(stages.find_stage(options.name).tools, options.kind, seconds=options.seconds)


def _measure(options: argparse.Namespace) -> None:
    stage = stages.find_stage(options.name)
    for what in options.what:
        measured = measure(stage, what)
        print(f"\n{what}, plain rolling update, {measured.span.end - measured.span.start:.0f} s: {measured.counts}")
        print(workloads_table(measured))
        print(exporters_table(measured.span), flush=True)


def _show(options: argparse.Namespace) -> None:
    stage, narrator = stages.find_stage(options.name), Narrator()
    if options.what in OUTAGES:
        narrator.title(f"{options.what} in the middle of a healthy release")
        shown = {"healthy release": show_outage(stage, Outage(options.what), narrator)}
    else:
        ways = {"declared": show_declared, "undeclared": show_undeclared}
        shown = {}
        for way in [options.only] if options.only else list(ways):
            narrator.title(f"{options.what}, {way}")
            shown[way] = ways[way](stage, options.what, narrator)
            if shown[way].releases[-1].is_stopped:
                go_forward(stage, narrator)
    narrator.title("What it cost")
    for way, one in shown.items():
        narrator.say(f"{way:16} {one.counts}")
    wrong = [way for way, one in shown.items() if not one.is_as_promised]
    if wrong:
        raise StoryFailed(f"this did not come out as promised: {', '.join(wrong)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
