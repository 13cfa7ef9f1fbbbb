"""`dotdo merge`: brings what another branch changed into this one, all of it or nothing; conflicts are listed."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from dotdo_cli.errors import ExitCode
from dotdo_cli.examples import examples
from dotdo_cli.output import Output, plural
from dotdo_cli.settings import AsJson, InHome, Ref, settings_of
from dotdo_cli.verbs.diff import Branch

if TYPE_CHECKING:
    from dotdo import Merge, Tenant
    from dotdo.history import Conflict, Policy

Document = dict[str, Any]


class OnConflict(Enum):
    """Who wins where both branches changed the same."""

    FAIL = "fail"
    OURS = "ours"
    THEIRS = "theirs"


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo merge acme trial",
        "dotdo merge acme trial --on-conflict theirs --actor Human/42",
        "dotdo merge acme trial --json | jq '.conflicts'",
    )
    app.command("merge", epilog=epilog)(merge)


def merge(
    ctx: typer.Context,
    *,
    ref: Ref,
    branch: Branch,
    on_conflict: Annotated[
        OnConflict,
        typer.Option(help="fail: change nothing and list conflicts; else whose value is taken."),
    ] = OnConflict.FAIL,
    actor: Annotated[
        str | None, typer.Option(help="Who merges, for the log.", show_default=False)
    ] = None,
    _json: AsJson = False,
    _home: InHome = None,
) -> ExitCode:
    """Merge a branch into another; exit code 1 when there are conflicts and nothing was done."""
    settings = settings_of(ctx)
    out, tenant = settings.output, settings.tenant(ref)
    settings.reference(f"{tenant.name}@{branch}")
    with out.waiting(f"merging {branch}"):
        answer = _merge(tenant, branch, on_conflict, actor)
    out.answer(answer, lambda: _show(out, answer, f"{branch} into {ref}"))
    return ExitCode.OK if answer["merged"] else ExitCode.NO


def _merge(tenant: "Tenant", branch: str, on_conflict: OnConflict, actor: str | None) -> Document:
    from dotdo.errors import MergeConflict

    policy: Policy = on_conflict.value
    try:
        done = tenant.merge(branch, on_conflict=policy, actor=actor)
    except MergeConflict as error:
        return _document(None, cast("tuple[Conflict, ...]", error.conflicts))
    return _document(done, done.conflicts)


def _document(done: "Merge | None", conflicts: "tuple[Conflict, ...]") -> Document:
    from dotdo_cli.documents import conflict_document

    return {
        "merged": done is not None,
        "created": done.created if done else 0,
        "updated": done.updated if done else 0,
        "deleted": done.deleted if done else 0,
        "conflicts": [conflict_document(conflict) for conflict in conflicts],
    }


def _show(out: Output, answer: Document, what: str) -> None:
    conflicts = answer["conflicts"]
    rows = [(c["noun"], c["id"], c["field"], c["base"], c["ours"], c["theirs"]) for c in conflicts]
    out.table(("noun", "id", "field", "base", "ours", "theirs"), rows)
    if answer["merged"]:
        counts = ", ".join(f"{answer[verb]} {verb}" for verb in ("created", "updated", "deleted"))
        decided = f"; {plural(len(rows), 'conflict')} decided" if rows else ""
        out.write(f"merged {what}: {counts}{decided}")
    else:
        out.note(
            f"dotdo: {plural(len(rows), 'conflict')} merging {what}; nothing was changed"
            " (--on-conflict ours or theirs decides)"
        )
