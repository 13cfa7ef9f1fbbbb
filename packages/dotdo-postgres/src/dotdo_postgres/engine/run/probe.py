"""Probes: queries beside a statement that say what it was about to do, for counts and for details of errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotdo_postgres.engine.compile import nodes as n
from dotdo_postgres.engine.run.values import session_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dotdo_postgres.engine.compile.compiler import Compiler, PythonCall, SessionKey
    from dotdo_postgres.engine.plan import Row
    from dotdo_postgres.engine.relations import RelationColumn
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.codecs import StorageValue


@dataclass(slots=True)
class Probe:
    """A compiled query.

    Args:
        sql: SQLite text.
        python_calls: Python routines it calls.
        session_values: Values of the session after the parameters.
        columns: Table columns that its first columns stand for.
        parameters: How many parameters the text takes.
    """

    sql: str
    python_calls: tuple[PythonCall, ...]
    session_values: tuple[SessionKey, ...]
    columns: list[RelationColumn]
    parameters: int


def make_probe(compiler: Compiler, node: n.Node, columns: list[RelationColumn]) -> Probe:
    """Put a compiled query into a probe."""
    calls, values = tuple(compiler.python_calls.values()), tuple(compiler.session_values)
    text = n.to_text(node)
    return Probe(text, calls, values, columns, n.highest_parameter(text))


def run_probe(
    session: Session,
    probe: Probe,
    params: Sequence[StorageValue],
    drawn: Sequence[StorageValue] = (),
) -> list[Row]:
    """Run a probe; sequence numbers in it are those the statement drew, or NULL."""
    session.register(probe.python_calls)
    session.begin_statement()
    numbers = iter(drawn)
    values: list[StorageValue] = []
    for key in probe.session_values:
        if key[0].startswith(("nextval", "rowid")):
            values.append(next(numbers, None))
        else:
            values += session_values(session, [key])
    return session.kernel.read(probe.sql, [*params, *values][: probe.parameters])
