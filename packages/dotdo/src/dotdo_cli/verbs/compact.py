"""`dotdo compact`: forgets the history of a branch up to now; its present state stays."""

import typer

from dotdo_cli.examples import examples
from dotdo_cli.output import plural
from dotdo_cli.settings import AsJson, InHome, Ref, settings_of


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    app.command("compact", epilog=examples("dotdo compact acme", "dotdo compact acme@trial"))(
        compact
    )


def compact(ctx: typer.Context, ref: Ref, _json: AsJson = False, _home: InHome = None) -> None:
    """Forget the history of a branch up to now. This cannot be undone."""
    settings = settings_of(ctx)
    out, tenant = settings.output, settings.tenant(ref)
    with out.waiting(f"compacting {ref}"):
        dropped = tenant.compact()
    document = {"reference": ref, "version": tenant.version, "dropped": dropped}
    entries = plural(dropped, "entry") if dropped == 1 else f"{dropped:,} entries"
    out.answer(document, lambda: out.write(f"{ref} compacted: {entries} of its log dropped"))
