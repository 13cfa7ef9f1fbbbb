"""`dotdo fork`: copies the state that a reference names into a new tenant with a history of its own."""

from typing import Annotated

import typer

from dotdo_cli.examples import examples
from dotdo_cli.settings import AsJson, InHome, Ref, settings_of


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples("dotdo fork acme acme-copy", "dotdo fork acme@~3 before")
    app.command("fork", epilog=epilog)(fork)


def fork(
    ctx: typer.Context,
    ref: Ref,
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="Name of the new tenant.", show_default=False)
    ],
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Copy a present or past state into a new tenant, without its history."""
    settings = settings_of(ctx)
    out = settings.output
    settings.free(new)
    with out.waiting(f"copying {ref}"):
        made = settings.tenant(ref).fork(new)
        document = {"tenant": made.name, "version": made.version, "forked_from": ref}
    out.answer(document, lambda: out.write(f"{made.name} forked from {ref}"))
