"""Views in FROM: the query they stand for, bound where they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.actor import OWNER, actor_named
from dotdo_postgres.engine.objects.kept import facts_of
from dotdo_postgres.engine.query import Entry, OutputColumn
from dotdo_postgres.engine.relations import FIRST_OID
from dotdo_postgres.errors import error

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.bind.binder import Binder

MAX_DEPTH = 60


def view_entry(binder: Binder, noun: Noun, name: str) -> Entry:
    """Make the entry of a view: a subquery whose columns belong to the view.

    Raises:
        PostgresError: views nest too deep (54001).
    """
    facts = facts_of(noun)
    if noun.id in binder.viewing:
        label = split_definition(noun.name)[2]
        raise error("42P17", f'infinite recursion detected in rules for relation "{label}"')
    binder.viewing.append(noun.id)
    actor = binder.names.actor
    if not facts.get("options", {}).get("security_invoker"):
        binder.names.invoker = binder.names.invoker or actor
        binder.names.actor = actor_named(binder.names.objects, facts.get("owner", OWNER))
    try:
        query = binder.query(facts["query"], None)
    finally:
        binder.names.actor = actor
        binder.viewing.pop()
        if not binder.viewing:
            binder.names.invoker = None
    columns = [
        OutputColumn(label, column.type, column.typmod, FIRST_OID + noun.id, at)
        for at, (label, column) in enumerate(
            zip((c.name for c in noun.columns), query.columns, strict=True), start=1
        )
    ]
    _, schema, _ = split_definition(noun.name)
    return Entry(name, columns, query=query, view=noun.id, schema=schema)
