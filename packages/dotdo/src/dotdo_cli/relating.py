"""What a thing is joined with: relationships and foreign keys, in both directions."""

from dotdo import Relationship, Tenant, Thing
from dotdo_cli.documents import Document, plain


def related_to(tenant: Tenant, thing: Thing) -> list[Document]:
    """Return the relationships of a thing, those that start at it first."""
    return [
        *_relationships(tenant, thing, reverse=False),
        *_foreign_keys(tenant, thing),
        *_relationships(tenant, thing, reverse=True),
        *_referrers(tenant, thing),
    ]


def _relationships(tenant: Tenant, thing: Thing, *, reverse: bool) -> list[Document]:
    found = tenant.relationships.find(thing, reverse=reverse)
    ids = {
        (other.noun, other.row): other.id
        for verb in {r.verb for r in found}
        for other in tenant.things.related(thing, verb, reverse=reverse)
    }
    return [_relationship(r, ids, reverse=reverse) for r in found]


def _relationship(
    relationship: Relationship, ids: dict[tuple[str, int], object], *, reverse: bool
) -> Document:
    end = relationship.source if reverse else relationship.target
    return {
        "kind": "relationship",
        "direction": "in" if reverse else "out",
        "verb": relationship.verb,
        "noun": None if end is None else end[0],
        "id": None if end is None else plain(ids.get(end)),
        "data": plain(relationship.data),
    }


def _foreign_keys(tenant: Tenant, thing: Thing) -> list[Document]:
    return [
        _reference(fk.verb, other, "out")
        for fk in tenant.nouns.get(thing.noun).foreign_keys
        if fk.verb
        for other in tenant.things.related(thing, fk.verb)
    ]


def _referrers(tenant: Tenant, thing: Thing) -> list[Document]:
    verbs = {
        fk.verb
        for noun in tenant.nouns.all()
        for fk in noun.foreign_keys
        if fk.verb and fk.target == thing.noun
    }
    return [
        _reference(verb, other, "in")
        for verb in sorted(verbs)
        for other in tenant.things.related(thing, verb, reverse=True)
    ]


def _reference(verb: str, other: Thing, direction: str) -> Document:
    return {
        "kind": "foreign key",
        "direction": direction,
        "verb": verb,
        "noun": other.noun,
        "id": plain(other.id),
        "data": {},
    }
