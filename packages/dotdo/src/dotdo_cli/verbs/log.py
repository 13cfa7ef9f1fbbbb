"""`dotdo log`: the transactions of a tenant, or the versions of one thing, the newest first."""

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dotdo_cli.errors import UsageError
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, short
from dotdo_cli.settings import AsJson, InHome, Limit, Ref, Settings, settings_of
from dotdo_cli.verbs.show import show_versions

if TYPE_CHECKING:
    from dotdo import Tenant, Transaction

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo log acme",
        "dotdo log acme@trial --limit 5 --changes",
        "dotdo log acme Customer 42 --json",
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
    changes: Annotated[
        bool, typer.Option("--changes", "-c", help="Also what each transaction changed.")
    ] = False,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Show who wrote when: transactions, or the versions of one thing; the newest first."""
    settings = settings_of(ctx)
    out = settings.output
    if noun is None:
        with out.waiting(f"reading {ref}"):
            found = _transactions(settings, ref, limit or None, with_changes=changes)
        out.answer(found, lambda: _show(out, found))
        return
    if identity is None:
        raise UsageError("a noun needs the id of one of its things")
    from dotdo_cli.versions import find_thing, history_of

    with out.waiting(f"reading {ref}"):
        tenant = settings.tenant(ref)
        _, key = find_thing(tenant, noun, identity)
        versions = history_of(tenant, noun, key)[::-1][: limit or None]
    out.answer(versions, lambda: show_versions(out, versions))


def _transactions(
    settings: Settings, ref: str, limit: int | None, *, with_changes: bool
) -> list[Document]:
    from dotdo_cli.documents import transaction_document

    found = settings.tenant(ref).log(limit)
    counts = _changes(settings.head(ref), found) if with_changes else None
    return [
        transaction_document(each) | {"changes": None if counts is None else counts[each.last]}
        for each in found
    ]


def _changes(head: "Tenant", found: "list[Transaction]") -> dict[int, dict[str, int]]:
    """Return how many events of each name every transaction made, by its version."""
    counts: dict[int, Counter[str]] = {each.last: Counter() for each in found}
    lasts = sorted(counts)
    first = min((each.first for each in found), default=1)
    for event in head.events(after=first - 1):
        place = bisect_left(lasts, event.seq)
        if place < len(lasts):
            counts[lasts[place]][event.name] += 1
    return {version: dict(counted) for version, counted in counts.items()}


def _show(out: Output, found: list[Document]) -> None:
    has_changes = any(t["changes"] is not None for t in found)
    rows = [
        (
            t["version"],
            short(t["time"]),
            _listed(t["changes"]) if has_changes else t["entries"],
            t["actor"],
            t["action"],
            t["api"],
        )
        for t in found
    ]
    what = "changes" if has_changes else "entries"
    out.table(("version", "time (UTC)", what, "actor", "action", "api"), rows)


def _listed(changes: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in changes.items())
