"""A body made ready: parsed with the names of its arguments, types of variables looked up, RETURNs held against the result."""

from __future__ import annotations

import re
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from typing import TYPE_CHECKING, Any

from dotdo_postgres.engine.bind.domains import base_type
from dotdo_postgres.engine.functions.registry import FAMILIES
from dotdo_postgres.engine.objects.rowtypes import fields_of
from dotdo_postgres.engine.parse import parse
from dotdo_postgres.engine.plpgsql import nodes as p
from dotdo_postgres.engine.plpgsql.declarations import REFCURSOR
from dotdo_postgres.engine.plpgsql.parser import read_block
from dotdo_postgres.engine.plpgsql.parts import Into, Namespace, Sql, Target, Variable
from dotdo_postgres.engine.plpgsql.reader import Reader
from dotdo_postgres.engine.udf.definition import written_type
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dotdo_postgres.engine.objects.names import Names


@dataclass(slots=True, frozen=True)
class Shape:
    """What a body is called with and has to give.

    Args:
        name: Name of the function, which labels its arguments.
        arguments: Names and types of all arguments, those that come out included.
        outs: Places among them of those that come out.
        result: OID of the result.
        returns_set: The result is many.
        kind: `f`unction, `p`rocedure, `t`rigger, `d`o.
        has_rows: The result has several columns.
    """

    name: str = ""
    arguments: tuple[tuple[str, int], ...] = ()
    outs: tuple[int, ...] = ()
    result: int = t.VOID
    returns_set: bool = False
    kind: str = "f"


TRIGGER_VARIABLES: tuple[tuple[str, int], ...] = (
    ("tg_name", t.NAME), ("tg_when", t.TEXT), ("tg_level", t.TEXT), ("tg_op", t.TEXT), ("tg_relid", t.OID), ("tg_relname", t.NAME),
    ("tg_table_name", t.NAME), ("tg_table_schema", t.NAME), ("tg_nargs", t.INT4), ("tg_argv", 1009),
)  # fmt: skip


def compile_body(text: str, shape: Shape, names: Names | None) -> p.Body:
    """Parse a body and look its types up.

    Args:
        text: The body.
        shape: What it is called with.
        names: How names resolve; None: types are not looked up.

    Raises:
        PostgresError: syntax error (42601), unknown types (42704) and the like; `body_line` is where.
    """
    reader = Reader(text)
    conflict = _options(reader)
    reader.space = Namespace(None, shape.name)
    arguments, named = _arguments(reader, shape)
    found = reader.declare(reader.add("found", "boolean"))
    found.type = t.BOOL
    block = _outermost(reader)
    body = p.Body(
        block,
        reader.variables,
        arguments,
        found,
        named,
        conflict,
        reader.ends_transactions,
        texts=reader.texts,
    )
    _check_returns(shape, block)
    if names is not None:
        for variable in reader.variables:
            _resolve(names, variable)
    body.writes = _writes(body, names)
    return body


def _options(reader: Reader) -> str:
    conflict = "error"
    while reader.skip_mark("#"):
        option, value = reader.name(), reader.name()
        if option == "variable_conflict" and value in {"error", "use_variable", "use_column"}:
            conflict = value
        elif option not in {"option", "print_strict_params"}:
            raise reader.unexpected()
    return conflict


def _arguments(reader: Reader, shape: Shape) -> tuple[list[Variable], dict[str, Variable]]:
    made, named = [], {}
    for at, (name, oid) in enumerate(shape.arguments, 1):
        variable = reader.add(name or f"${at}")
        variable.type = oid
        reader.declare(variable, *([name] if name else []), f"${at}")
        made.append(variable)
    if shape.kind == "t":
        for label in ("new", "old"):
            row = reader.declare(reader.add(label, "record"))
            row.is_record = True
            named[label] = row
        for label, oid in TRIGGER_VARIABLES:
            variable = reader.declare(reader.add(label))
            variable.type = oid
            named[label] = variable
    if shape.kind == "e":
        for label in ("tg_event", "tg_tag"):
            variable = reader.declare(reader.add(label))
            variable.type = t.TEXT
            named[label] = variable
    return made, named


def _outermost(reader: Reader) -> p.Block:
    label = ""
    if reader.skip_mark("<<"):
        label = reader.name()
        reader.require_mark(">>")
    line = reader.line(reader.token.start)
    if not reader.is_word("declare", "begin"):
        raise reader.unexpected()
    reader.take()
    block = read_block(reader, line, label)
    reader.skip_mark(";")
    if reader.token.kind != "end":
        raise reader.unexpected()
    return block


# --- types -----------------------------------------------------------------------------------


def _resolve(names: Names, variable: Variable) -> None:
    """Look up what a variable was declared as."""
    if variable.type_text:
        try:
            _by_text(names, variable)
        except PostgresError as failure:
            failure.position = None
            failure.body_line = variable.line  # type: ignore[attr-defined]  # for whoever names the function
            raise
    row = fields_of(names, variable.type) if variable.type and not variable.is_record else None
    if row is not None:
        variable.is_record, variable.fields = True, row
    elif not variable.is_record and variable.type:
        variable.type, variable.typmod, variable.domain = base_type(variable.type, variable.typmod)
        kind = t.BY_OID.get(variable.type)
        if kind is not None and kind.kind == "p" and variable.type not in _PSEUDO:
            raise error(
                "0A000",
                f'variable "{variable.name}" has pseudo-type {t.format_type(variable.type)}',
            )


_PSEUDO = frozenset({t.RECORD, t.UNKNOWN, t.VOID, 2275})


def _by_text(names: Names, variable: Variable) -> None:
    text = variable.type_text.strip()
    lowered = text.lower()
    if lowered in {"record", "pg_catalog.record"}:
        variable.is_record = True
        return
    if lowered == "refcursor":
        variable.type = REFCURSOR
        return
    if lowered.replace(" ", "").endswith("%rowtype"):
        relation = text[: text.rindex("%")].strip()
        variable.is_record = True
        variable.type, _ = _typed(names, relation)
        variable.fields = fields_of(names, variable.type)
        if variable.fields is None:
            raise error("42P01", f'relation "{relation}" does not exist')
        return
    if lowered.replace(" ", "").endswith("%type"):
        variable.type, variable.typmod = column_or_variable(names, text)
        return
    variable.type, variable.typmod = _typed(names, text)


def _typed(names: Names, text: str) -> tuple[int, int]:
    (statement,) = parse(f"select null::{text}")
    target = statement["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"]
    if "TypeCast" not in target:
        raise error("42601", f'invalid type name "{text}"')
    return written_type(names, target["TypeCast"]["typeName"])


def column_or_variable(names: Names, text: str) -> tuple[int, int]:
    """Return the type of the column that `%TYPE` names, with its modifier."""
    from dotdo_postgres.engine.objects.search_path import split_identifiers
    from dotdo_postgres.engine.relations import relation_of

    parts = [part.strip('"') for part in re.findall(r'"[^"]+"|[^.\s]+', text[: text.rindex("%")])]
    del split_identifiers
    if len(parts) < 2:
        raise error("42704", f'type "{text}" does not exist')
    noun = names.noun(parts[-3] if len(parts) > 2 else None, parts[-2])
    if noun is None:
        raise error("42P01", f'relation "{".".join(parts[:-1])}" does not exist')
    column = relation_of(noun).column(parts[-1])
    if column is None:
        raise error("42703", f'column "{parts[-1]}" of relation "{parts[-2]}" does not exist')
    return column.domain or column.type, column.typmod


# --- checks ----------------------------------------------------------------------------------


def walk(item: Any) -> Iterator[Any]:
    """Yield every statement, expression and handler inside."""
    if isinstance(item, (list, tuple)):
        for one in item:
            yield from walk(one)
    elif is_dataclass(item) and not isinstance(item, type):
        yield item
        if isinstance(item, (Variable, Namespace)):
            return
        for one in dataclass_fields(item):
            value = getattr(item, one.name)
            if isinstance(value, (list, tuple, p.Statement, Sql, p.Handler, Into, Target)):
                yield from walk(value)


def _check_returns(shape: Shape, block: p.Block) -> None:
    for one in walk(block):
        message, code = "", "42804"
        if isinstance(one, p.Return):
            message, code = _return_fault(shape, one)
        elif isinstance(one, p.ReturnNext):
            if not shape.returns_set:
                message = "cannot use RETURN NEXT in a non-SETOF function"
            elif shape.outs and one.value is not None:
                message = "RETURN NEXT cannot have a parameter in function with OUT parameters"
            elif not shape.outs and one.value is None:
                message, code = "RETURN NEXT must have a parameter", "42601"
        elif isinstance(one, p.ReturnQuery) and not shape.returns_set:
            message = "cannot use RETURN QUERY in a non-SETOF function"
        if message:
            failure = error(code, message)
            failure.body_line = one.line  # type: ignore[attr-defined]  # for whoever names the function
            raise failure


def _return_fault(shape: Shape, one: p.Return) -> tuple[str, str]:
    if one.value is None:
        needs = not (
            shape.returns_set or shape.outs or shape.kind in {"p", "d"} or shape.result == t.VOID
        )
        return (
            ('missing expression at or near ";"', "42601")
            if needs and shape.kind != "e"
            else ("", "")
        )
    if shape.returns_set:
        return "RETURN cannot have a parameter in function returning set", "42804"
    if shape.kind == "p":
        return "RETURN cannot have a parameter in a procedure", "42804"
    if shape.outs:
        return "RETURN cannot have a parameter in function with OUT parameters", "42804"
    if shape.result == t.VOID and shape.kind != "t":
        return "RETURN cannot have a parameter in function returning void", "42804"
    return "", ""


_CALLED = re.compile(r"([A-Za-z_][\w$]*)\s*\(")


def _writes(body: p.Body, names: Names | None) -> bool:
    """Tell whether a body may change something, or undo what it did."""
    for one in walk(body.block):
        if isinstance(one, (p.Execute, p.EndTransaction)) or (
            isinstance(one, p.Block) and one.handlers
        ):
            return True
        if isinstance(one, p.ForRows) and one.dynamic is not None:
            return True
        if isinstance(one, (p.ReturnQuery, p.Open)) and one.dynamic is not None:
            return True
        if isinstance(one, p.RunSql) and not one.query.text.lstrip("( \n\t").lower().startswith(
            ("select", "values", "table")
        ):
            return True
    return any(text_writes(sql.text, names) for sql in body.texts)


def text_writes(text: str, names: Names | None) -> bool:
    """Tell whether a query may change something by what it calls or locks."""
    lowered = text.lower()
    if (
        " for update" in lowered
        or " for share" in lowered
        or " for no key" in lowered
        or " for key" in lowered
    ):
        return True
    if lowered.lstrip().startswith("with") and any(
        f" {word} " in lowered for word in ("insert", "update", "delete")
    ):
        return True
    called = {name.lower() for name in _CALLED.findall(text)}
    if called & _writing():
        return True
    made = () if names is None else {name for _, name in names.objects.functions}
    return any(name in called for name in made)


def _writing() -> frozenset[str]:
    global _WRITING  # noqa: PLW0603 -- computed once from the declarations
    if _WRITING is None:
        _WRITING = frozenset(
            routine.name for family in FAMILIES for routine in family.routines if routine.writes
        )
        _WRITING |= {"nextval", "setval"}
    return _WRITING


_WRITING: frozenset[str] | None = None


def check_syntax(texts: Sequence[Sql]) -> None:
    """See that every piece of SQL in a body is well formed.

    Raises:
        PostgresError: one is not (SQLSTATE 42601); `body_line` is where.
    """
    from dotdo_postgres.engine.plpgsql.embedding import tree_of

    for sql in texts:
        try:
            tree_of(sql)
        except PostgresError as failure:
            if failure.position is not None and sql.start >= 0:
                before = 0 if sql.is_statement else len("SELECT ")
                place = sql.start + failure.position - 1 - before
                failure.body_position = place  # type: ignore[attr-defined]  # for whoever knows the statement
            failure.position = None
            failure.body_line = sql.line  # type: ignore[attr-defined]  # for whoever names the function
            raise
