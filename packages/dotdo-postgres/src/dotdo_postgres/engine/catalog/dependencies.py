"""What depends on what: what a bound query reads, and which objects need another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine import ir
from dotdo_postgres.engine.bind.extensions import functions_of, sql_names_of
from dotdo_postgres.engine.naming import split_definition, split_name
from dotdo_postgres.engine.objects.descent import children_of
from dotdo_postgres.engine.objects.kept import facts_of, kind_of
from dotdo_postgres.engine.query import Entry, Query
from dotdo_postgres.engine.relations import EXTRA, FIRST_OID, column_type
from dotdo_postgres.engine.walking import noun_of, walk_query
from dotdo_postgres.errors import not_supported
from dotdo_postgres.mapping import types as t
from dotdo_postgres.spec.extension_types import BY_EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotdo.storage import Noun
    from dotdo_postgres.engine.objects.collected import Sequence
    from dotdo_postgres.engine.objects.names import Names

_WORDS = {"r": "table", "v": "view", "m": "materialized view"}


def read_by(query: Query) -> list[tuple[int, int]]:
    """Return what a bound query reads: numbers of nouns, each with 0 for itself and the numbers of its columns."""
    found: set[tuple[int, int]] = set()
    for item in walk_query(query):
        entry = item.entry if isinstance(item, ir.Column) else item
        if isinstance(entry, Entry):
            number = noun_of(entry)
            if number:
                place = (
                    entry.columns[item.index].column_number if isinstance(item, ir.Column) else 0
                )
                found.add((number, place))
    return sorted(found)


@dataclass(slots=True, frozen=True)
class Object:
    """Something that can be dropped: its kind, the noun that keeps it, and its name there."""

    kind: str
    noun: Noun
    name: str = ""

    @property
    def identity(self) -> tuple[str, int, str]:
        """What tells it from all others."""
        return self.kind, self.noun.id, self.name


def describe(names: Names, item: Object) -> str:
    """Name an object as messages about dependencies do."""
    if item.kind == "relation":
        return f"{_WORDS[kind_of(item.noun)]} {shown(names, item.noun)}"
    if item.kind == "sequence":
        schema = split_name(item.noun.name)[0] if item.name else split_definition(item.noun.name)[1]
        name = item.name or split_definition(item.noun.name)[2]
        return f"sequence {names.shown((schema, name))}"
    if item.kind == "type":
        return f"type {t.format_type(FIRST_OID + item.noun.id)}"
    if item.kind == "function":
        return f"{_routine_word(item.noun)} {signature(item.noun)}"
    if item.kind in {"schema", "extension"}:
        return f"{item.kind} {item.name}"
    table = f"{_WORDS[kind_of(item.noun)]} {shown(names, item.noun)}"
    if item.kind == "default":
        return f"default value for column {item.name} of {table}"
    if item.kind == "column":
        return f"column {item.name} of {table}"
    return f"{item.kind} {item.name} on {table}"


def needed(names: Names, item: Object, owner: Object) -> str:
    """Name what an object depends on: of an extension, its function."""
    if owner.kind != "extension":
        return describe(names, owner)
    call = next(call for call in _calls_of(item) if call[0] in functions_of(owner.name))
    name, count = call
    found = [one for one in functions_of(owner.name)[name] if len(one.declared) == count]
    shown_types = ",".join(t.format_type(oid) for oid in found[-1].declared)
    return f"function {name}({shown_types})"


def _routine_word(noun: Noun) -> str:
    return {"p": "procedure", "a": "aggregate"}.get(facts_of(noun)["kind"], "function")


def signature(noun: Noun) -> str:
    """Write a function with the types of its arguments."""
    name = split_definition(noun.name)[2].partition("(")[0]
    return f"{name}({','.join(t.format_type(oid) for oid in facts_of(noun)['arguments'])})"


def relation_key_of(noun: Noun) -> tuple[str, str]:
    """Return schema and name of a relation."""
    return split_definition(noun.name)[1:] if noun.layout == "definition" else split_name(noun.name)


def shown(names: Names, noun: Noun) -> str:
    """Name a relation, with its schema where that is needed."""
    return names.shown(relation_key_of(noun))


def dependents(names: Names, item: Object) -> Iterator[Object]:
    """Yield what would be left without what it needs, were the object dropped."""
    find = _DEPENDENTS.get(item.kind)
    if find is not None:
        yield from find(names, item)


def _of_relation(names: Names, item: Object) -> Iterator[Object]:
    found: list[Object] = list(_views(names, item.noun.id, None))
    for other in names.catalog.nouns:
        if other.id != item.noun.id:
            found += [
                Object("constraint", other, fk.name)
                for fk in other.foreign_keys
                if fk.target == item.noun.name
            ]
    found += [Object("relation", child) for child in children_of(names.catalog, item.noun)]
    yield from sorted(found, key=lambda other: other.noun.id)
    for column in item.noun.columns:
        label = column.extra.get(EXTRA, {}).get("sequence")
        if label:
            for user in _of_sequence(names, Object("sequence", item.noun, label)):
                if user.noun.id != item.noun.id:
                    yield user
    yield from _users_of_type(names, item.noun, set(_row_types(item.noun)))


def _row_types(noun: Noun) -> tuple[int, int]:
    from dotdo_postgres.engine.objects.kept import derived_oid

    return derived_oid(noun, "t", ""), derived_oid(noun, "a", "")


def _views(names: Names, number: int, column: int | None) -> Iterator[Object]:
    for noun in names.objects.relations.values():
        listed = facts_of(noun).get("depends", ())
        if any(place == number and (column is None or part == column) for place, part in listed):
            yield Object("relation", noun)


def _of_column(names: Names, item: Object) -> Iterator[Object]:
    column = item.noun.column(item.name)
    assert column is not None
    number = column.extra.get(EXTRA, {}).get("number", item.noun.columns.index(column) + 1)
    found: list[Object] = list(_views(names, item.noun.id, number))
    found += [
        Object("constraint", other, fk.name)
        for other in names.catalog.nouns
        for fk in other.foreign_keys
        if fk.target == item.noun.name
        and column.column in fk.target_columns
        and other.id != item.noun.id
    ]
    found += [
        Object("trigger", item.noun, name)
        for name, facts in facts_of(item.noun).get("triggers", {}).items()
        if number in facts.get("columns", ()) or item.name in facts.get("when_columns", ())
    ]
    yield from sorted(found, key=lambda other: other.noun.id)
    for other_column in item.noun.columns:
        if other_column.generated is not None and f'"{column.column}"' in other_column.generated:
            yield Object("column", item.noun, other_column.name)


def _of_constraint(names: Names, item: Object) -> Iterator[Object]:
    noun = item.noun
    keys = {u.name: u.columns for u in noun.uniques} | (
        {noun.key_name: noun.key} if noun.key else {}
    )
    columns = keys.get(item.name)
    others = [found for label, found in keys.items() if label != item.name]
    if columns is None or columns in others:
        return
    for other in names.catalog.nouns:
        for fk in other.foreign_keys:
            if fk.target == noun.name and set(fk.target_columns) == set(columns):
                yield Object("constraint", other, fk.name)


def sequence_of(names: Names, item: Object) -> Sequence | None:
    """Return the sequence that an object is."""
    for sequence in names.objects.sequences.values():
        if sequence.noun.id == item.noun.id and (
            sequence.column is None or sequence.key[1] == item.name
        ):
            return sequence
    return None


def _of_sequence(names: Names, item: Object) -> Iterator[Object]:
    sequence = sequence_of(names, item)
    if sequence is None:
        return
    for noun in names.catalog.nouns:
        for column in noun.columns:
            facts = column.extra.get(EXTRA, {})
            if (
                sequence.column == column.column
                and noun.id == sequence.noun.id
                and not facts.get("identity")
            ) or ("default" in facts and _names_sequence(names, facts["default"], sequence)):
                yield Object("default", noun, column.name)


def _names_sequence(names: Names, node: Any, sequence: Sequence) -> bool:
    from dotdo_postgres.engine.objects.search_path import split_qualified

    if isinstance(node, list):
        return any(_names_sequence(names, part, sequence) for part in node)
    if not isinstance(node, dict):
        return False
    call = node.get("FuncCall")
    if call is not None and call["funcname"][-1]["String"]["sval"] in {"nextval", "currval"}:
        arg = call["args"][0]
        arg = arg.get("TypeCast", {}).get("arg", arg)
        text = arg.get("A_Const", {}).get("sval", {}).get("sval")
        if text is not None:
            found = names.sequence(*split_qualified(text))
            return found is not None and found.key == sequence.key
    return any(_names_sequence(names, part, sequence) for part in node.values())


def _of_type(names: Names, item: Object) -> Iterator[Object]:
    oid = FIRST_OID + item.noun.id
    kinds = {oid, t.BY_OID[oid].array}
    yield from _users_of_type(names, item.noun, kinds)


def _users_of_type(names: Names, owner: Noun, kinds: set[int]) -> Iterator[Object]:
    for noun in names.objects.relations.values():
        for column in noun.columns:
            facts = column.extra.get(EXTRA, {})
            if noun.id != owner.id and (facts.get("oid") in kinds or facts.get("domain") in kinds):
                yield Object("column", noun, column.name)
    for number in names.objects.types.values():
        noun_of_type = names.catalog.by_id.get(number - FIRST_OID)
        if noun_of_type is not None and facts_of(noun_of_type).get("base") in kinds:
            yield Object("type", noun_of_type)
    for functions in names.objects.functions.values():
        for noun in functions:
            facts = facts_of(noun)
            if kinds & {facts["result"], *facts["arguments"], *(facts.get("all_arguments") or ())}:
                yield Object("function", noun)


def _calls(tree: Any, name: str) -> bool:
    """Tell whether a parse tree calls a function of that name."""
    if isinstance(tree, list):
        return any(_calls(part, name) for part in tree)
    if not isinstance(tree, dict):
        return False
    call = tree.get("FuncCall")
    if isinstance(call, dict) and call["funcname"][-1]["String"].get("sval") == name:
        return True
    return any(_calls(part, name) for part in tree.values() if isinstance(part, (dict, list)))


def _calls_of(item: Object) -> list[tuple[str, int]]:
    """Return the functions that a view or a default calls, with how many arguments."""
    if item.kind == "relation":
        return _calls_in(facts_of(item.noun).get("query"))
    column = item.noun.column(item.name)
    return [] if column is None else _calls_in(column.extra.get(EXTRA, {}).get("default"))


def _calls_in(tree: Any) -> list[tuple[str, int]]:
    if isinstance(tree, list):
        return [call for part in tree for call in _calls_in(part)]
    if not isinstance(tree, dict):
        return []
    found = [call for part in tree.values() for call in _calls_in(part)]
    call = tree.get("FuncCall")
    if isinstance(call, dict):
        found.append((call["funcname"][-1]["String"].get("sval", ""), len(call.get("args", ()))))
    return found


def _of_extension(names: Names, item: Object) -> Iterator[Object]:
    """Yield views and defaults that call a function of an extension; users' functions of the same name go before."""
    own = _own_functions(names, item.name)
    for noun in names.objects.relations.values():
        parts = [Object("default", noun, column.name) for column in noun.columns]
        for one in (Object("relation", noun), *parts):
            if any(name in own for name, _ in _calls_of(one)):
                yield one


def _own_functions(names: Names, extension: str) -> set[str]:
    return functions_of(extension).keys() - {name for _, name in names.objects.functions}


def require_uncalled(names: Names, extension: str, gone: set[int]) -> None:
    """See that no index, check, generated column, domain, policy or trigger calls a function of an extension that is dropped.

    Args:
        names: The objects there are.
        extension: Its name.
        gone: Numbers of the nouns that are dropped with it.

    Raises:
        PostgresError: one does (0A000), and would go on doing so.
    """
    own, compiled = _own_functions(names, extension), sql_names_of(extension)
    types = frozenset(BY_EXTENSION.get(extension, ()))
    for noun in names.catalog.by_id.values():
        if noun.id in gone:
            continue
        if types & {column_type(column)[0] for column in noun.columns}:
            raise not_supported("dropping an extension whose types columns have")
        generated = [column.generated for column in noun.columns]
        text = repr((noun.checks, noun.indexes, noun.uniques, generated))
        trees = [part for key, part in facts_of(noun).items() if key != "query"]
        if any(name in text for name in compiled) or any(
            name in own for name, _ in _calls_in(trees)
        ):
            raise not_supported("dropping an extension whose functions a definition calls")


def _callers(names: Names, item: Object) -> Iterator[Object]:
    """Yield views and defaults that call a function which is the only one of its name."""
    _, schema, signed = split_definition(item.noun.name)
    name = signed.partition("(")[0]
    if len(names.objects.functions.get((schema, name), ())) > 1:
        return
    for noun in names.objects.relations.values():
        if _calls(facts_of(noun).get("query"), name):
            yield Object("relation", noun)
        for column in noun.columns:
            if _calls(column.extra.get(EXTRA, {}).get("default"), name):
                yield Object("default", noun, column.name)


def _of_function(names: Names, item: Object) -> Iterator[Object]:
    yield from _callers(names, item)
    for noun in names.objects.relations.values():
        for name, facts in facts_of(noun).get("triggers", {}).items():
            if facts["function"] == item.noun.id:
                yield Object("trigger", noun, name)
        if any(number == item.noun.id for number, _ in facts_of(noun).get("depends", ())):
            yield Object("relation", noun)


def _of_schema(names: Names, item: Object) -> Iterator[Object]:
    objects = names.objects
    for (schema, _), noun in objects.relations.items():
        if schema == item.name:
            yield Object("relation", noun)
    for (schema, _), sequence in objects.sequences.items():
        if schema == item.name and sequence.column is None:
            yield Object("sequence", sequence.noun)
    for (schema, _), number in objects.types.items():
        noun_of_type = names.catalog.by_id.get(number - FIRST_OID)
        if schema == item.name and noun_of_type is not None:
            yield Object("type", noun_of_type)
    for (schema, _), functions in objects.functions.items():
        if schema == item.name:
            for noun in functions:
                yield Object("function", noun)
    yield from _extensions_in(names, item.name)


def _extensions_in(names: Names, schema: str) -> Iterator[Object]:
    for name, noun in names.objects.extensions.items():
        if facts_of(noun)["schema"] == schema:
            yield Object("extension", noun, name)


def _nothing(names: Names, item: Object) -> Iterator[Object]:  # noqa: ARG001 -- called as its kin
    return iter(())


_DEPENDENTS = {
    "relation": _of_relation, "column": _of_column, "constraint": _of_constraint, "sequence": _of_sequence, "type": _of_type,
    "function": _of_function, "schema": _of_schema, "extension": _of_extension, "default": _nothing, "trigger": _nothing, "policy": _nothing,
}  # fmt: skip
