"""The nouns of a tenant: layouts, counts, fields and foreign keys."""

from typing import TYPE_CHECKING, Any

from dotdo_cli.output import Output

if TYPE_CHECKING:
    from dotdo import Noun, Tenant

Document = dict[str, Any]


def nouns_document(tenant: "Tenant", ref: str) -> Document:
    """Return the nouns and verbs of a tenant."""
    verbs = [
        {"action": verb.action, "event": verb.event, "reverse": verb.reverse}
        for verb in tenant.verbs.all()
    ]
    return {
        "reference": ref,
        "version": tenant.version,
        "nouns": [_noun(tenant, noun) for noun in tenant.nouns.all()],
        "verbs": verbs,
    }


def _noun(tenant: "Tenant", noun: "Noun") -> Document:
    return {
        "noun": noun.name,
        "layout": noun.layout,
        "count": tenant.things.count(noun.name),
        "fields": [*_columns(noun), *_members(tenant, noun)],
        "foreign_keys": [
            {"name": fk.name, "verb": fk.verb, "target": fk.target} for fk in noun.foreign_keys
        ],
    }


def _columns(noun: "Noun") -> list[Document]:
    return [{"name": c.name, "type": c.type, "is_key": c.column in noun.key} for c in noun.columns]


def _members(tenant: "Tenant", noun: "Noun") -> list[Document]:
    """Return the fields that documents of the noun have had."""
    from dotdo.graph.fields import fields_of

    session = tenant.store.acquire()
    try:
        return [{"name": n, "type": None, "is_key": False} for n in fields_of(session, noun)]
    finally:
        tenant.store.give_back(session)


def show_nouns(out: Output, answer: Document) -> None:
    """Write them for people."""
    if not answer["nouns"]:
        out.note(f"{answer['reference']} is empty")
    rows = [
        (n["noun"], n["layout"], n["count"], ", ".join(map(_field, n["fields"])))
        for n in answer["nouns"]
    ]
    out.table(("noun", "layout", "things", "fields"), rows)
    if answer["verbs"]:
        out.write("verbs: " + ", ".join(verb["event"] for verb in answer["verbs"]))


def _field(field: Document) -> str:
    kind = field["type"]
    return field["name"] if kind in {None, "any"} else f"{field['name']} {kind}"
