"""Which of PostgreSQL 15's statements, types, functions and operators there are, as the engine's own registries tell it."""

import re
from collections.abc import Iterable, Mapping

from pglast import ast

from dotdo_postgres.engine.functions.registry import routines
from dotdo_postgres.engine.functions.session import CLOCK_FUNCTIONS
from dotdo_postgres.engine.statements import statement_kinds
from dotdo_postgres.mapping import types as t
from dotdo_postgres.mapping.codecs import codec_of
from dotdo_postgres.spec.functions import FUNCTIONS
from dotdo_postgres.spec.operators import OPERATORS

Declared = Mapping[str, list[str]]
YES, PARTLY, NO = "supported", "supported for some types", "not supported"
_WITHIN = frozenset(
    {"RawStmt", "ReturnStmt", "PLAssignStmt", "SetOperationStmt"}
)  # parts of others
_KINDS = "bcdemr"  # of types that columns may have


def declared() -> Mapping[str, Declared]:
    """Return by title and state the names of what there is and what there is not."""
    return {
        "Statements": _statements(),
        "Types": _types(),
        "Functions": _functions(),
        "Operators": _by_overload("operator", {k: _operands(v) for k, v in OPERATORS.items()}),
    }


def _statements() -> Declared:
    known = {name for name in vars(ast) if name.endswith("Stmt")} - _WITHIN
    there = known & statement_kinds()
    return {YES: [_words(name) for name in there], NO: [_words(name) for name in known - there]}


def _words(name: str) -> str:
    """Return a kind of parse tree as words: `CreateTableAs`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Stmt"))


def _types() -> Declared:
    names: dict[str, list[str]] = {YES: [], NO: []}
    for pg_type in t.BY_OID.values():
        if pg_type.oid < t.FIRST_USER_OID and pg_type.kind in _KINDS and pg_type.category != "A":
            names[NO if codec_of(pg_type.oid) is None else YES].append(pg_type.sql_name)
    return names


def _functions() -> Declared:
    """Return the functions that there are; of pg_proc's others most serve types, operators and the server, not statements."""
    found = _by_overload("function", {k: [o[1] for o in v] for k, v in FUNCTIONS.items()})
    return {YES: sorted({*found[YES], *CLOCK_FUNCTIONS}), PARTLY: found[PARTLY]}


def _operands(overloads: Iterable[tuple[int, int, int]]) -> list[tuple[int, ...]]:
    return [tuple(oid for oid in operands if oid) for *operands, _ in overloads]


def _by_overload(group: str, named: Mapping[str, list[tuple[int, ...]]]) -> Declared:
    there = routines()
    names: dict[str, list[str]] = {YES: [], PARTLY: [], NO: []}
    for name, overloads in named.items():
        count = sum((group, name, arguments) in there for arguments in overloads)
        names[YES if count == len(overloads) else PARTLY if count else NO].append(name)
    return names
