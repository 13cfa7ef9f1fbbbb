"""The command `services up | down | status | env`: real PostgreSQL and Redis on spare ports for tests."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dotdo_testing.services import Fleet, ServiceError

STATE = Path(__file__).parents[1] / ".real" / "services.json"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def up(names: Annotated[list[str] | None, typer.Argument(help="postgres, redis")] = None) -> None:
    """Start the services (all, or the named) and print the variables that lead to them."""
    fleet = Fleet(STATE)
    try:
        fleet.up(*([names] if names else []))
    except ServiceError as error:
        typer.echo(f"services: {error}", err=True)
        raise typer.Exit(1) from error
    print_exports(fleet)


@app.command()
def down() -> None:
    """Stop every service that `up` or a run of this checkout started."""
    try:
        for fleet in Fleet.all_in(STATE.parent):
            for instance in fleet.down():
                typer.echo(f"{instance.name}: stopped (pid {instance.pid})")
    except ServiceError as error:
        typer.echo(f"services: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def status() -> None:
    """Print one line per recorded service; exit 1 when none runs."""
    instances = [one for fleet in Fleet.all_in(STATE.parent) for one in fleet.instances]
    for instance in instances:
        state = "running" if instance.is_running else "gone"
        typer.echo(f"{instance.name}: {state}, pid {instance.pid}, {instance.version}")
    if not any(instance.is_running for instance in instances):
        typer.echo("no service is up")
        raise typer.Exit(1)


@app.command()
def env() -> None:
    """Print the variables of the running services, for `eval`."""
    print_exports(Fleet(STATE))


def print_exports(fleet: Fleet) -> None:
    for name, url in fleet.environment.items():
        typer.echo(f"export {name}={shlex.quote(url)}")


if __name__ == "__main__":
    app()
