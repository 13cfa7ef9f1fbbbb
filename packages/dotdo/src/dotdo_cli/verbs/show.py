"""`dotdo show`: the nouns of a tenant, the things of a noun, or one thing with its history and relationships."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dotdo_cli.errors import UsageError
from dotdo_cli.examples import examples
from dotdo_cli.nouns import nouns_document, show_nouns
from dotdo_cli.output import Output, plural, short
from dotdo_cli.settings import AsJson, InHome, Limit, Ref, settings_of

if TYPE_CHECKING:
    from dotdo import Tenant

Document = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    """Declare the verb."""
    epilog = examples(
        "dotdo show acme",
        """dotdo show acme Customer --where '{"age": {"$gt": 18}}' --limit 5""",
        "dotdo show acme@~1 Customer 42",
        "dotdo show acme@trial Order --json | jq '.things[].fields'",
    )
    app.command("show", epilog=epilog)(show)


def show(
    ctx: typer.Context,
    *,
    ref: Ref,
    noun: Annotated[
        str | None, typer.Argument(metavar="NOUN", help="Show the things of this noun.")
    ] = None,
    identity: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", help="Show this thing; a key of several parts as a JSON list."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(help="Only things that match: fields with values or operators, as JSON."),
    ] = None,
    limit: Limit = 20,
    _json: AsJson = False,
    _home: InHome = None,
) -> None:
    """Show the nouns of a tenant, the things of a noun, or one thing."""
    settings = settings_of(ctx)
    if where is not None and (noun is None or identity is not None):
        raise UsageError("--where goes with a noun and without an id")
    with settings.output.waiting(f"reading {ref}"):
        if noun is None:
            answer, view = nouns_document(settings.tenant(ref), ref), show_nouns
        elif identity is None:
            answer, view = (
                _things(settings.tenant(ref), ref, noun, where, limit or None),
                _show_things,
            )
        else:
            answer, view = (
                _thing(settings.tenant(ref), ref, noun, identity, limit or None),
                _show_thing,
            )
    settings.output.answer(answer, lambda: view(settings.output, answer))


# --- things --------------------------------------------------------------------------------


def _things(
    tenant: "Tenant", ref: str, noun: str, where: str | None, limit: int | None
) -> Document:
    from dotdo_cli.documents import thing_document

    condition = _condition(where)
    found = tenant.things.find(noun, condition, limit=limit)
    is_all = limit is None or len(found) < limit
    definition = tenant.nouns.get(noun)
    return {
        "reference": ref,
        "noun": definition.name,
        "layout": definition.layout,
        "total": len(found) if is_all else tenant.things.count(noun, condition),
        "things": [thing_document(thing) for thing in found],
    }


def _condition(where: str | None) -> Any:
    from dotdo.values import decode

    if where is None:
        return {}
    try:
        condition = decode(where)
    except ValueError as error:
        message = f"--where is not JSON: {error}"
        raise UsageError(message) from None
    if not isinstance(condition, dict):
        message = f"--where must be a JSON object, not {where}"
        raise UsageError(message)
    return condition


def _show_things(out: Output, answer: Document) -> None:
    things = answer["things"]
    names = dict.fromkeys(name for thing in things for name in thing["fields"])
    if answer["layout"] == "columns":  # the key is among the fields
        rows = [[thing["fields"].get(name) for name in names] for thing in things]
        out.table(tuple(names), rows)
    else:
        rows = [[thing["id"], *(thing["fields"].get(name) for name in names)] for thing in things]
        out.table(("id", *names), rows)
    if len(things) < answer["total"]:
        out.note(f"{len(things)} of {plural(answer['total'], 'thing')}; --limit 0 shows all")
    elif not things:
        out.note(f"no {answer['noun']} matches")


# --- one thing -----------------------------------------------------------------------------


def _thing(tenant: "Tenant", ref: str, noun: str, identity: str, limit: int | None) -> Document:
    from dotdo_cli.documents import thing_document
    from dotdo_cli.relating import related_to
    from dotdo_cli.versions import find_thing, history_of

    thing, key = find_thing(tenant, noun, identity)
    history = history_of(tenant, noun, key)
    related = [] if thing is None else related_to(tenant, thing)
    return {
        "reference": ref,
        "thing": None if thing is None else thing_document(thing),
        "versions": len(history),
        "history": history[-limit:] if limit else history,
        "relationships": related[:limit],
        "related": len(related),
    }


def _show_thing(out: Output, answer: Document) -> None:
    thing = answer["thing"]
    if thing is None:
        out.note("it was deleted")
    else:
        out.table(("field", "value"), [("id", thing["id"]), *_other_fields(thing)])
    _show_related(out, answer)
    out.write("")
    show_versions(out, answer["history"])
    if len(answer["history"]) < answer["versions"]:
        out.note(f"the last {len(answer['history'])} of {answer['versions']} versions")


def _other_fields(thing: Document) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in thing["fields"].items() if name != "id"]


def _show_related(out: Output, answer: Document) -> None:
    if not answer["relationships"]:
        return
    out.write("")
    rows = [
        (
            "->" if r["direction"] == "out" else "<-",
            r["verb"],
            r["noun"],
            r["id"],
            r["data"] or None,
        )
        for r in answer["relationships"]
    ]
    out.table(("", "verb", "noun", "id", "fields"), rows)
    if len(rows) < answer["related"]:
        out.note(f"{len(rows)} of {plural(answer['related'], 'relationship')}")


def show_versions(out: Output, history: list[Document]) -> None:
    """Write versions of a thing for people."""
    rows = [
        (
            v["version"],
            short(v["time"]),
            v["verb"],
            ", ".join(v["fields"]) if v["verb"] == "updated" else None,
            v["actor"],
            v["action"],
            v["api"],
        )
        for v in history
    ]
    out.table(("version", "time (UTC)", "verb", "fields", "actor", "action", "api"), rows)
