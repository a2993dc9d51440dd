"""The command line: `python -m bench [name ...]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.benches import BENCHES
from bench.machine import describe_machine
from bench.results import write_results
from bench.table import Row, as_text

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"


def main(arguments: list[str]) -> int:
    """Run the chosen benches and print their table; return 1 where a number misses what was promised."""
    options = parser().parse_args(arguments)
    names: list[str] = options.names or [name for name, bench in BENCHES.items() if not bench.by_name_only]
    tables: dict[str, list[Row]] = {}
    for name in names:
        print(f"{name}: {BENCHES[name].what}, about {BENCHES[name].takes}", file=sys.stderr, flush=True)
        tables[name] = BENCHES[name].run()
        print(as_text(tables[name]), end="\n\n", flush=True)
    print(describe_machine())
    if options.write:
        write_results(RESULTS, tables, machine=describe_machine())
    return int(any(row.kept is False for rows in tables.values() for row in rows))


def parser() -> argparse.ArgumentParser:
    """Return what `python -m bench` takes."""
    listed = "\n".join(f"  {name:<14} {bench.what}; about {bench.takes}" for name, bench in BENCHES.items())
    arguments = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the numbers that SafeRollout promises, and print them as a table.",
        epilog=f"benches, and how long each takes on two cores:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("names", nargs="*", metavar="name", type=_bench, help="which benches to run (default: all but scene)")
    arguments.add_argument("--write", action="store_true", help="put the tables into bench/RESULTS.md, in place of older ones of the same benches")
    return arguments


def _bench(name: str) -> str:
    if name not in BENCHES:
        raise argparse.ArgumentTypeError(f"there is no bench {name!r}; there are {', '.join(BENCHES)}")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
