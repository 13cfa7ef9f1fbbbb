"""The command `matrix`: renders COMPATIBILITY.md per package and docs/compatibility.md; `--check` only compares."""

from pathlib import Path
from typing import Annotated

import typer

from dotdo_testing.matrix import declarations, overall_page, package_page
from dotdo_testing.results import Results

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "build" / "conformance"


def pages(root: Path, results_folder: Path) -> dict[Path, str]:
    """Render every page: path -> text. The command's own package has none."""
    results = {path.stem: Results.load(path) for path in sorted(results_folder.glob("*.json"))}
    declared = declarations()
    rendered = {
        root / "packages" / package / "COMPATIBILITY.md": package_page(
            package, results.get(package), declared.get(package, {})
        )
        for package in sorted(results.keys() | declared.keys())
    }
    rendered[root / "docs" / "compatibility.md"] = overall_page(list(results.values()), declared)
    return rendered


def main(
    check: Annotated[
        bool, typer.Option(help="Write nothing; exit 1 when a page is stale.")
    ] = False,
) -> None:
    """Render the compatibility pages from the last `hatch run conformance`."""
    if not any(RESULTS.glob("*.json")):
        typer.echo("no conformance results: run `hatch run conformance --targets inproc,wire,real`")
        if any(ROOT.glob("packages/dotdo*/conformance")):
            raise typer.Exit(2)  # the pages would forget what earlier runs showed
    stale = 0
    for path, text in pages(ROOT, RESULTS).items():
        is_fresh = path.exists() and path.read_text() == text
        stale += not is_fresh
        typer.echo(
            f"{path.relative_to(ROOT)}: {'fresh' if is_fresh else 'stale' if check else 'written'}"
        )
        if not check and not is_fresh:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    raise typer.Exit(1 if check and stale else 0)


if __name__ == "__main__":
    typer.run(main)
