"""The command `new-sdk NAME`: starts packages/dotdo-NAME from packages/_template; it refuses a name that is taken."""

import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

PACKAGES = Path(__file__).parents[1] / "packages"
LEFTOVERS = shutil.ignore_patterns("__pycache__", "dist", ".*")


def create(name: str, packages: Path) -> Path:
    """Copy the template under a new name and return the new folder.

    Raises:
        ValueError: the name is not one lower-case word, or is taken.
    """
    if re.fullmatch(r"[a-z][a-z0-9]*", name) is None:
        raise ValueError(f"{name!r} is not one lower-case word")
    folder = packages / f"dotdo-{name}"
    if folder.exists():
        raise ValueError(f"{folder.name} is there already")
    shutil.copytree(PACKAGES / "_template", folder, ignore=LEFTOVERS)
    for path in sorted(folder.rglob("*"), reverse=True):  # children before their folders
        if path.is_file():
            path.write_text(renamed(path.read_text(), name))
        path.rename(path.with_name(renamed(path.name, name)))
    return folder


def renamed(text: str, name: str) -> str:
    """Put the new name where the template's stands, in its case."""
    return text.replace("template", name).replace("Template", name.capitalize())


def main(name: Annotated[str, typer.Argument(help="the vendor, as in dotdo-NAME")]) -> None:
    """Start a package."""
    try:
        folder = create(name, PACKAGES)
    except ValueError as error:
        typer.echo(f"new-sdk: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"{folder}: created")
    typer.echo("Name it in pyproject.toml: workspace members, mypy_path, import contracts.")
    typer.echo("`hatch run surfaces` tells what is still missing.")


if __name__ == "__main__":
    typer.run(main)
