"""The command `bench [NAME]`: measures benchmarks/NAME/*.py, prints ratios and whether goals are met."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.harness import Clock, Row

FOLDER = Path(__file__).parent
MARKS = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


def main(
    name: Annotated[
        str, typer.Argument(help="kernel, postgres or kernel/write; all if left out")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    cpu: Annotated[
        bool, typer.Option(help="Count this process's time only: for a machine that others load.")
    ] = False,
    strict: Annotated[bool, typer.Option(help="Exit 1 when a goal is missed.")] = False,
) -> None:
    """Measure, and print a table per module."""
    modules = found(name)
    if not modules:
        typer.echo(f"no benchmarks{f' named {name}' if name else ' yet'}", err=True)
        raise typer.Exit(2 if name else 0)
    measured: dict[str, list[Row]] = {}
    for module in modules:
        title = module.removeprefix("benchmarks.").replace(".", "/")
        measured[title] = list(rows(module, time.process_time_ns if cpu else time.perf_counter_ns))
        if not as_json:
            Console().print(table(title, measured[title]))
    if as_json:
        typer.echo(
            json.dumps(
                {title: [asdict(row) for row in got] for title, got in measured.items()}, indent=2
            )
        )
    is_missed = any(row.is_met is False for got in measured.values() for row in got)
    raise typer.Exit(1 if strict and is_missed else 0)


def found(name: str) -> list[str]:
    """Return the modules of benchmarks/NAME, of one file of it, or of all folders."""
    pattern = f"{name}.py" if "/" in name else f"{name or '*'}/*.py"
    return [
        ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts)
        for path in sorted(FOLDER.glob(pattern))
        if not path.name.startswith("_")
    ]


def rows(module: str, clock_ns: Clock = time.perf_counter_ns) -> Iterator[Row]:
    """Measure what a module yields, each before it goes on."""
    for benchmark in import_module(module).benchmarks():
        yield from benchmark.measure(clock_ns)


def table(title: str, measured: list[Row]) -> Table:
    """Return the table of one module. The ratio is told as the goal puts it: a cost, or a speed."""
    drawn = Table(title=title, title_justify="left")
    for heading in ("operation", "ours", "peer", "theirs", "ratio", "goal", ""):
        drawn.add_column(
            heading, justify="right" if heading in {"ours", "theirs", "ratio"} else "left"
        )
    for row in measured:
        theirs = "" if row.theirs is None else f"{row.theirs:,.2f} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        ours = f"{row.ours:,.2f} {row.unit}"
        drawn.add_row(row.name, ours, row.peer, theirs, ratio, row.goal, MARKS[row.is_met])
    return drawn


if __name__ == "__main__":
    typer.run(main)
