"""The command `conformance [PACKAGE] [--targets inproc,wire,real]`: cases of `packages/*/conformance` as pytest."""

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from dotdo_testing.services import STARTERS, Fleet, ServiceError

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "build" / "conformance"
STATE = ROOT / ".real" / "services.json"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    package: Annotated[
        str, typer.Argument(help="postgres or dotdo-postgres; all if left out")
    ] = "",
    targets: Annotated[str, typer.Option(help="inproc, wire, real")] = "inproc,wire",
    record: Annotated[bool, typer.Option(help="Record the real service's answers.")] = False,
    select: Annotated[str, typer.Option("-k", help="Only the cases whose names match.")] = "",
) -> None:
    """Run the conformance cases."""
    folders = folders_of(package)
    if not folders:
        typer.echo(f"{package}: no conformance cases" if package else "no conformance cases yet")
        raise typer.Exit(2 if package else 0)

    wants_real = record or "real" in targets.split(",")
    options = ["--record"] if record else [f"--targets={targets}"]
    options += ["-k", select] if select else []
    try:
        with ExitStack() as stack:
            environment = (
                stack.enter_context(Fleet(STATE).running(wanted(folders))) if wants_real else {}
            )
            code = run_pytest(options, folders, environment, is_whole=not (select or record))
    except ServiceError as error:
        typer.echo(f"conformance: {error}", err=True)
        raise typer.Exit(1) from error
    raise typer.Exit(code)


def folders_of(package: str) -> list[Path]:
    """Return the conformance folders of one package, or of all."""
    pattern = f"dotdo-{package.removeprefix('dotdo-')}" if package else "dotdo*"
    return sorted(ROOT.glob(f"packages/{pattern}/conformance"))


def wanted(folders: list[Path]) -> list[str]:
    """Return the services of the chosen packages for which the environment gives no URL."""
    packages = {folder.parent.name for folder in folders}
    return [
        name
        for name in STARTERS
        if f"dotdo-{name}" in packages and f"DOTDO_REAL_{name.upper()}" not in os.environ
    ]


def run_pytest(
    options: list[str], folders: list[Path], environment: dict[str, str], *, is_whole: bool
) -> int:
    """Run the cases; URLs that the caller's environment gives win over our services.

    Results for the matrix are kept only of a whole run: a selection would pass for everything.
    """
    if is_whole:
        for folder in folders:
            (RESULTS / f"{folder.parent.name}.json").unlink(missing_ok=True)
        options = [*options, f"--results={RESULTS}"]
    command = [sys.executable, "-m", "pytest", "-n", "auto", *options, *map(str, folders)]
    return subprocess.run(command, cwd=ROOT, env=environment | os.environ, check=False).returncode


if __name__ == "__main__":
    app()
