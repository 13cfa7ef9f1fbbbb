"""`dotdo branch`: lists, makes and deletes branches; deleting what was not merged is refused unless forced."""

from typing import TYPE_CHECKING, Annotated

import typer

from dotdo_cli.errors import Refused, UsageError
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, plural, short, size
from dotdo_cli.settings import AsJson, InHome, Ref, Settings, settings_of
from dotdo_cli.verbs.ls import Document, branch_document

if TYPE_CHECKING:
    from dotdo.tenancy import Reference


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo branch acme",
        "dotdo branch acme trial",
        "dotdo branch acme@~3 before-the-accident",
        "dotdo branch acme trial --delete",
    )
    app.command("branch", epilog=epilog)(branch)


def branch(
    ctx: typer.Context,
    *,
    ref: Ref,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The branch to make or to delete.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the branch.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --delete: also when it was not merged.")
    ] = False,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """List the branches of a tenant, make one of its present or past state, or delete one."""
    settings = settings_of(ctx)
    if delete and name is None:
        raise UsageError("--delete needs the name of a branch: dotdo branch acme trial --delete")
    if force and not delete:
        raise UsageError("--force goes with --delete")
    if name is None:
        _list(settings, ref)
    elif delete:
        _delete(settings, ref, name, is_forced=force)
    else:
        _make(settings, ref, name)


def _list(settings: Settings, ref: str) -> None:
    from dotdo.tenancy import Reference

    out, tenant = settings.output, settings.reference(ref).tenant
    found = [
        branch_document(settings.home, Reference(tenant, name))
        for name in settings.home.branches(tenant)
    ]
    out.answer(found, lambda: _show(out, found))


def _show(out: Output, found: list[Document]) -> None:
    rows = [
        (
            b["branch"],
            size(b["size_bytes"]),
            b["version"],
            b["error"] or short(b["last_write"]) or "never",
            None if b["parent"] is None else f"{b['parent']}@v{b['fork_version']}",
        )
        for b in found
    ]
    out.table(("branch", "size", "version", "last write (UTC)", "made from"), rows)


def _make(settings: Settings, ref: str, name: str) -> None:
    out = settings.output
    settings.free(f"{settings.reference(ref).tenant}@{name}")
    with out.waiting(f"copying {ref}"):
        made = settings.tenant(ref).branch(name).reference
    document = {"tenant": made.tenant} | branch_document(settings.home, made)
    out.answer(document, lambda: out.write(f"{made} made from {ref}"))


def _delete(settings: Settings, ref: str, name: str, *, is_forced: bool) -> None:
    from dotdo.tenancy import Reference

    out, tenant = settings.output, settings.reference(ref).tenant
    gone = settings.reference(f"{tenant}@{name}")
    if gone.moment is not None:
        message = f"{name!r} is a moment, not a branch"
        raise UsageError(message)
    if not is_forced and gone != Reference(tenant):
        _check_merged(settings, gone)
    settings.tenant(tenant).delete_branch(name)
    document = {"tenant": tenant, "branch": name, "deleted": True}
    out.answer(document, lambda: out.write(f"{gone} deleted"))


def _check_merged(settings: Settings, gone: "Reference") -> None:
    """See that the branch it was made from has all that it changed."""
    from dotdo.errors import DotdoError

    parent = branch_document(settings.home, gone)["parent"] or "main"
    try:
        left = len(settings.tenant(f"{gone.tenant}@{parent}").diff(gone.branch))
    except DotdoError as error:
        message = f"{gone} may hold what was not merged ({error}); --force deletes it all the same"
        raise Refused(message) from error
    if left:
        message = (
            f"{gone} has {plural(left, 'change')} that {parent} has not; merge it, or add --force"
        )
        raise Refused(message)
