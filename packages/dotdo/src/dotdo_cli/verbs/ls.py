"""`dotdo ls`: the tenants of a home, their branches, sizes and last writes; a file that cannot be read is told as such."""

from typing import TYPE_CHECKING, Any

import typer

from dotdo_cli.errors import ExitCode
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, plural, short, size
from dotdo_cli.settings import AsJson, InHome, settings_of

if TYPE_CHECKING:
    from dotdo import Home
    from dotdo.tenancy import Reference

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples("dotdo ls", "dotdo ls --home /srv/shop", "dotdo ls --json | jq '.[].tenant'")
    app.command("ls", epilog=epilog)(ls)


def ls(ctx: typer.Context, _json: AsJson = False, _home: InHome = None) -> ExitCode:
    """List tenants with their branches, sizes and last writes."""
    settings = settings_of(ctx)
    out = settings.output
    found: list[Document] = []
    with out.waiting("reading tenants") as say:
        for name in settings.home.tenants():
            say(f"reading tenants: {len(found)} so far")
            found.append(_tenant(settings.home, name))
    out.answer(found, lambda: _show(out, found, str(settings.home.path)))
    return ExitCode.NO if any(b["error"] for t in found for b in t["branches"]) else ExitCode.OK


def _tenant(home: "Home", name: str) -> Document:
    from dotdo.tenancy import Reference

    branches = [branch_document(home, Reference(name, branch)) for branch in home.branches(name)]
    return {
        "tenant": name,
        "size_bytes": sum(b["size_bytes"] for b in branches),
        "last_write": max((b["last_write"] for b in branches if b["last_write"]), default=None),
        "branches": branches,
    }


def branch_document(home: "Home", reference: "Reference") -> Document:
    """Return what is known of a branch; `error` says why when nothing is."""
    from dotdo.errors import DotdoError
    from dotdo.tenancy.checkup import size_bytes

    found: Document = {
        "branch": reference.branch,
        "size_bytes": size_bytes(home, reference),
        "version": None,
        "last_write": None,
        "parent": None,
        "fork_version": None,
        "error": None,
    }
    try:
        found |= _log_facts(home, reference)
    except (DotdoError, OSError) as error:
        found["error"] = f"{type(error).__name__}: {error}"
    return found


def _log_facts(home: "Home", reference: "Reference") -> Document:
    from dotdo.history import origin_of, transactions
    from dotdo_cli.output import iso

    store = home.store(reference)
    session = store.acquire()
    try:
        newest = next(transactions(session), None)
        origin = origin_of(session)
    finally:
        store.give_back(session)
        store.trim()
    return {
        "version": newest.last if newest else 0,
        "last_write": iso(newest.time_us) if newest else None,
        "parent": origin.parent,
        "fork_version": origin.fork_seq if origin.parent is not None else None,
    }


def _show(out: Output, found: list[Document], folder: str) -> None:
    if not found:
        out.note(f"no tenants in {folder}")
    rows = [
        (
            tenant["tenant"],
            size(tenant["size_bytes"]),
            short(tenant["last_write"]) or "never",
            ", ".join(b["branch"] for b in tenant["branches"]),
        )
        for tenant in found
    ]
    out.table(("tenant", "size", "last write (UTC)", "branches"), rows)
    for tenant in found:
        for branch in tenant["branches"]:
            if branch["error"]:
                out.note(f"{tenant['tenant']}@{branch['branch']}: {branch['error']}")
    if len(found) > 1:
        total = size(sum(t["size_bytes"] for t in found))
        out.note(f"{plural(len(found), 'tenant')}, {total}, in {folder}")
