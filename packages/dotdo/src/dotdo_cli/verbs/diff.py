"""`dotdo diff`: what another branch changed since the point that both have in common."""

from typing import Annotated, Any

import typer

from dotdo_cli.examples import examples
from dotdo_cli.output import Output, clean, plural
from dotdo_cli.settings import AsJson, InHome, Ref, settings_of

Document = dict[str, Any]
_SIGNS = {"created": "+", "updated": "~", "deleted": "-"}

Branch = Annotated[
    str, typer.Argument(metavar="BRANCH", help="The other branch.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples("dotdo diff acme trial", "dotdo diff acme@trial main --json")
    app.command("diff", epilog=epilog)(diff)


def diff(
    ctx: typer.Context, ref: Ref, branch: Branch, _json: AsJson = False, _home: InHome = None
) -> None:
    """Show what merging a branch would bring."""
    from dotdo_cli.documents import difference_document

    settings = settings_of(ctx)
    out = settings.output
    tenant = settings.tenant(ref)
    settings.reference(f"{tenant.name}@{branch}")
    with out.waiting(f"comparing with {branch}"):
        found = [difference_document(difference) for difference in tenant.diff(branch)]
    out.answer(found, lambda: _show(out, found, branch))


def _show(out: Output, found: list[Document], branch: str) -> None:
    for one in found:
        out.write(f"{_SIGNS[one['verb']]} {clean(one['noun'])} {clean(one['id'])}")
        before_all, after_all = one["before"] or {}, one["after"] or {}
        for name in one["fields"]:
            if name not in before_all and name not in after_all:
                continue  # the id, which is told above
            before, after = before_all.get(name), after_all.get(name)
            out.write(f"    {clean(name)}: {_change(one['verb'], before, after)}")
    counts = [
        f"{sum(one['verb'] == verb for one in found)} {verb}"
        for verb in _SIGNS
        if any(one["verb"] == verb for one in found)
    ]
    out.note(
        f"{plural(len(found), 'change')} on {branch}: " + ", ".join(counts)
        if found
        else f"nothing has changed on {branch}"
    )


def _change(verb: str, before: object, after: object) -> str:
    if verb == "created":
        return clean(after)
    if verb == "deleted":
        return clean(before)
    return f"{clean(before) or 'nothing'} -> {clean(after) or 'nothing'}"
