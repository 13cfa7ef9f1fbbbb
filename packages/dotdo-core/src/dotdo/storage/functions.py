"""SQL functions that definitions use and SQLite does not have: made known to each connection that meets such definitions."""

import re
from collections.abc import Iterable
from functools import lru_cache

import apsw

from dotdo.registry import find_function
from dotdo.storage.schema import Noun

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]")
_CALLED = re.compile(r"([^\W\d][\w$]*)\s*\(")


def functions_of(nouns: Iterable[Noun]) -> frozenset[str]:
    """Return the names, in lower case, of the functions that definitions use beyond SQLite's own."""
    return frozenset(
        name
        for noun in nouns
        for text in _expressions(noun)
        for name in map(str.lower, _CALLED.findall(_QUOTED.sub("x", text)))
        if name not in _native()
    )


def _expressions(noun: Noun) -> Iterable[str]:
    for column in noun.columns:
        yield column.default or ""
        yield column.generated or ""
    for check in noun.checks:
        yield check.sql
    for index in noun.indexes:
        yield from index.terms
        yield index.where or ""


def provide(connection: apsw.Connection, names: Iterable[str]) -> None:
    """Make those of the functions known to a connection that installed packages offer; the others fail where they are used."""
    for name in names:
        found = find_function(name)
        if found is not None:
            connection.create_scalar_function(name, found.call, found.n_args, deterministic=True)


@lru_cache(maxsize=1)
def _native() -> frozenset[str]:
    """Return SQLite's own functions, and words that are followed by a parenthesis likewise."""
    connection = apsw.Connection(":memory:")
    try:
        names = connection.execute("select distinct lower(name) from pragma_function_list")
        found = {str(name) for (name,) in names}
    finally:
        connection.close()
    return frozenset(found | {"and", "or", "not", "in", "is", "like", "glob", "match", "between", "cast", "case", "when", "then", "else", "exists", "select", "values", "over", "filter", "raise", "collate"})  # fmt: skip
