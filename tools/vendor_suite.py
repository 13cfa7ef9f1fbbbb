"""The command `vendor NAME [--target inproc|wire|real]`: a vendor's own suite, held against its floor.

Exit code 0: at or above the floor; 1: below it; 2: it cannot be run here.
"""

import os
from contextlib import ExitStack
from typing import Annotated, NoReturn

import typer

from dotdo_testing.case import Target
from dotdo_testing.corpora import ROOT
from dotdo_testing.services import Fleet, ServiceError
from tools.vendor.floor import Counts, Floor, FloorError
from tools.vendor.run import DOORS, NotThereError, Run, obstacle
from tools.vendor.suites import SUITES, Script, VendorSuite

STATE = ROOT / ".real" / "services.json"


def main(
    name: Annotated[str, typer.Argument(help=", ".join(SUITES))],
    target: Annotated[Target, typer.Option(help="inproc, wire or real")] = Target.INPROC,
    only: Annotated[
        list[str] | None, typer.Option(help="Run these tests only, with no floor.")
    ] = None,
) -> None:
    """Run a vendor's suite; the last line counts it."""
    suite = SUITES.get(name)
    if suite is None:
        refuse(name, f"no such suite; there are {', '.join(SUITES)}")
    if why := obstacle(name, suite, target):
        refuse(name, why)
    try:
        floor = Floor.load(DOORS / f"{name}.toml", target)
        counts = counted(name, suite, target, floor, only or [])
    except (NotThereError, FloorError, ServiceError) as error:
        refuse(name, str(error))
    shortfalls = [] if only else floor.shortfalls(counts)
    for test in counts.failures:
        typer.echo(f"failed: {test}")
    typer.echo(
        f"{name}: {counts.skipped} skipped and {counts.xfailed} expected to fail by the suite itself"
    )
    for shortfall in shortfalls:
        typer.echo(f"{name}: below the floor: {shortfall}")
    typer.echo(counts.line(name))
    raise typer.Exit(1 if shortfalls else 0)


def counted(name: str, suite: VendorSuite, target: Target, floor: Floor, only: list[str]) -> Counts:
    """Run the suite, with the real service up for the length of the run where it takes part."""
    is_beside_real = isinstance(suite.runner, Script) and suite.runner.beside_real
    if target is not Target.REAL and not is_beside_real:
        return Run(name=name, suite=suite, target=target, floor=floor).counts(only)
    variable = f"DOTDO_REAL_{suite.service.upper()}"
    with ExitStack() as stack:
        url = (
            os.environ.get(variable)
            or stack.enter_context(Fleet(STATE).running([suite.service]))[variable]
        )
        return Run(name=name, suite=suite, target=target, floor=floor, url=url).counts(only)


def refuse(name: str, why: str) -> NoReturn:
    """Say why nothing was run, and leave with code 2."""
    typer.echo(f"{name}: cannot be run: {why}", err=True)
    raise typer.Exit(2)


if __name__ == "__main__":
    typer.run(main)
