"""Functions, procedures and aggregates that users made: what is kept of them, read back; types as their definitions write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.binder import names_of
from dotdo_postgres.engine.bind.typenames import resolve_type
from dotdo_postgres.engine.naming import split_definition
from dotdo_postgres.engine.objects.kept import derived_oid, facts_of
from dotdo_postgres.engine.relations import FIRST_OID, relation_of
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.names import Names

Node = dict[str, Any]
TRIGGER, EVENT_TRIGGER, REFCURSOR = 2279, 3838, 1790


@dataclass(slots=True, eq=False)
class Stored:
    """A routine that a user made.

    Args:
        noun: Its definition.
        schema, name: Its name.
        kind: `f`unction, `p`rocedure, `a`ggregate.
        language: `sql` or `plpgsql`.
        arguments: Types of what goes in.
        names: Their names, empty where there are none.
        modes: Of all arguments: `i`, `o`, `b`, `v`, `t`.
        all_arguments, all_names: Types and names of all arguments.
        defaults: Parse trees of the defaults of the last arguments that go in.
        variadic: Type of the elements of the last argument, 0 when it is not variadic.
        result: Type of the result.
        columns: Names and types of OUT and TABLE columns.
        facts: All that is kept.
    """

    noun: Noun
    schema: str
    name: str
    kind: str
    language: str
    arguments: tuple[int, ...]
    names: tuple[str, ...]
    modes: tuple[str, ...]
    all_arguments: tuple[int, ...]
    all_names: tuple[str, ...]
    defaults: tuple[Node, ...]
    variadic: int
    result: int
    returns_set: bool
    columns: tuple[tuple[str, int], ...]
    facts: dict[str, Any]

    @property
    def oid(self) -> int:
        """Its number in `pg_proc`."""
        return FIRST_OID + self.noun.id

    @property
    def is_strict(self) -> bool:
        """NULL in gives NULL out without a call."""
        return bool(self.facts.get("strict"))

    @property
    def volatility(self) -> str:
        """`i`mmutable, `s`table or `v`olatile."""
        found: str = self.facts.get("volatility", "v")
        return found

    @property
    def signature(self) -> str:
        """Its name with the types of its arguments, as CONTEXT shows it."""
        from dotdo_postgres.engine.naming import quote_ident

        shown = ",".join(t.format_type(oid) for oid in self.arguments)
        prefix = "" if self.schema in {"public", "pg_catalog"} else f"{quote_ident(self.schema)}."
        return f"{prefix}{quote_ident(self.name)}({shown})"


_read: dict[int, Stored] = {}


def stored_of(noun: Noun) -> Stored:
    """Read a definition; the same definition gives the same reading."""
    found = _read.get(noun.id)
    if found is None or found.noun is not noun:
        found = _read[noun.id] = _stored(noun)
    return found


def _stored(noun: Noun) -> Stored:
    facts = facts_of(noun)
    _, schema, name = split_definition(noun.name)
    arguments = tuple(facts["arguments"])
    every = tuple(facts.get("all_arguments") or arguments)
    modes = tuple(facts.get("modes") or "i" * len(every))
    labels = tuple(facts.get("argument_names") or ("",) * len(every))
    listed = zip(modes, labels, every, strict=True)
    columns = tuple((label, oid) for mode, label, oid in listed if mode in "obt")
    inputs = tuple(label for mode, label in zip(modes, labels, strict=True) if mode in "ibv")
    return Stored(
        noun, schema, name.partition("(")[0], facts["kind"], facts["language"], arguments, inputs, modes, every, labels,
        tuple(facts.get("defaults", ())), facts.get("variadic", 0), facts["result"], bool(facts.get("returns_set")),
        tuple((label or f"column{at}", oid) for at, (label, oid) in enumerate(columns, 1)), facts,
    )  # fmt: skip


def written_type(names: Names, node: Node) -> tuple[int, int]:
    """Read a type as definitions of routines write it: also `table.column%TYPE` and the rows of tables.

    Raises:
        PostgresError: 42704 no such type, 42P01 and 42703 for what %TYPE names.
    """
    if node.get("pct_type"):
        return _column_type(names, node)
    plain = {key: value for key, value in node.items() if key != "setof"}
    try:
        return resolve_type(plain, names)
    except PostgresError as failure:
        if failure.sqlstate != "42704":
            raise
        parts = names_of(node["names"])
        noun = names.noun(parts[-2] if len(parts) > 1 else None, parts[-1])
        if noun is None:
            raise
        return derived_oid(noun, "a" if node.get("arrayBounds") else "t", ""), -1


def _column_type(names: Names, node: Node) -> tuple[int, int]:
    *table, column = names_of(node["names"])
    if not table:
        raise error("42601", "improper %TYPE reference (too few dotted names): " + column)
    noun = names.noun(table[-2] if len(table) > 1 else None, table[-1])
    if noun is None:
        raise error(
            "42P01", f'relation "{".".join(table)}" does not exist', position=node.get("location")
        )
    found = relation_of(noun).column(column)
    if found is None:
        raise error("42703", f'column "{column}" of relation "{table[-1]}" does not exist')
    oid = found.domain or found.type
    return (t.BY_OID[oid].array if node.get("arrayBounds") else oid), -1


def type_text(names: Names, oid: int) -> str:
    """Write a type, the rows of tables too."""
    if oid in t.BY_OID:
        return t.format_type(oid)
    return names.write_reg(t.REGTYPE, oid)
