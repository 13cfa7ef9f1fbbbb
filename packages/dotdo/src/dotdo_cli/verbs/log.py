"""`dotdo log`: the transactions of a tenant, or the versions of one thing, the newest first."""

from typing import Annotated, Any

import typer

from dotdo_cli.errors import UsageError
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, short
from dotdo_cli.settings import AsJson, InHome, Limit, Ref, settings_of
from dotdo_cli.verbs.show import show_versions

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo log acme", "dotdo log acme@trial --limit 5", "dotdo log acme Customer 42 --json"
    )
    app.command("log", epilog=epilog)(log)


def log(
    ctx: typer.Context,
    *,
    ref: Ref,
    noun: Annotated[
        str | None, typer.Argument(metavar="NOUN", help="With ID: the noun of a thing.")
    ] = None,
    identity: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only the versions of this thing.")
    ] = None,
    limit: Limit = 20,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Show who wrote when: transactions, or the versions of one thing; the newest first."""
    settings = settings_of(ctx)
    out = settings.output
    if noun is None:
        with out.waiting(f"reading {ref}"):
            found = _transactions(settings.tenant(ref).log(limit or None))
        out.answer(found, lambda: _show(out, found))
        return
    if identity is None:
        raise UsageError("a noun needs the id of one of its things")
    from dotdo_cli.versions import find_thing, history_of

    with out.waiting(f"reading {ref}"):
        _, key = find_thing(settings, ref, noun, identity)
        versions = history_of(settings, ref, noun, key)[::-1][: limit or None]
    out.answer(versions, lambda: show_versions(out, versions))


def _transactions(found: list[Any]) -> list[Document]:
    from dotdo_cli.documents import transaction_document

    return [transaction_document(transaction) for transaction in found]


def _show(out: Output, found: list[Document]) -> None:
    rows = [
        (t["version"], short(t["time"]), t["entries"], t["actor"], t["action"], t["api"])
        for t in found
    ]
    out.table(("version", "time (UTC)", "entries", "actor", "action", "api"), rows)
