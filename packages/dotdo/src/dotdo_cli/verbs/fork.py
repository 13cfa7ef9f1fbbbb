"""`dotdo fork`: copies the present state of a branch into a new tenant with a history of its own."""

from typing import Annotated

import typer

from dotdo_cli.errors import UsageError
from dotdo_cli.examples import examples
from dotdo_cli.settings import AsJson, InHome, Ref, settings_of


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples("dotdo fork acme acme-copy", "dotdo fork acme@trial demo")
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
    """Copy a branch's present state into a new tenant, without its history."""
    settings = settings_of(ctx)
    out = settings.output
    if settings.reference(ref).moment is not None:
        message = (
            f"{ref} is in the past: make a branch of it (dotdo branch {ref} NAME) and fork that"
        )
        raise UsageError(message)
    settings.free(new)
    with out.waiting(f"copying {ref}"):
        made = settings.tenant(ref).fork(new)
        document = {"tenant": made.name, "version": made.version, "forked_from": ref}
    out.answer(document, lambda: out.write(f"{made.name} forked from {ref}"))
