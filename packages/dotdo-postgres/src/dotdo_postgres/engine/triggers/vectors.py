"""PostgreSQL's own triggers tsvector_update_trigger and its kin: a vector kept in step with columns of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions.text_dictionaries import config_name
from dotdo_postgres.engine.functions.text_search import vector
from dotdo_postgres.engine.udf.rowvalues import Row
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import types as t

if TYPE_CHECKING:
    from dotdo_postgres.engine.objects.names import Names
    from dotdo_postgres.engine.session import Session

REGCONFIG = 3734
_TEXTS = frozenset({t.TEXT, t.VARCHAR, t.BPCHAR})
BY_NAME, BY_COLUMN = -1, -2
"""Numbers of the two functions: the configuration is named, or a column has it."""
NUMBERS = {"tsvector_update_trigger": BY_NAME, "tsvector_update_trigger_column": BY_COLUMN}


def updated(
    session: Session, function: int, arguments: list[str], old: Row | None, new: Row
) -> Row:
    """Return the new row with its vector made of its texts.

    Args:
        session: Whose statement fires the trigger.
        function: One of the numbers.
        arguments: The column of the vector, the configuration or its column, the columns of text.
        old: The row before an UPDATE.
        new: The row.

    Raises:
        PostgresError: a column is missing or of a wrong type (42703, 42804), there is no such configuration (42704).
    """
    if len(arguments) < 3:
        raise error(
            "39P01",
            "tsvector_update_trigger: arguments must be tsvector_field, ts_config, text_field1, ...)",
        )
    target = _place(new, arguments[0], "tsvector column", frozenset({t.TSVECTOR}))
    config = config_name(_config(session.names, function, arguments[1], new))
    places = [_place(new, name, "column", _TEXTS) for name in arguments[2:]]
    if old is not None and all(old.values[at] == new.values[at] for at in places):
        return new
    texts = [str(new.values[at]) for at in places if new.values[at] is not None]
    values = list(new.values)
    values[target] = vector(config, texts, gap=0)
    return Row(new.fields, tuple(values))


def _place(row: Row, name: str, what: str, kinds: frozenset[int]) -> int:
    at = row.place(name)
    if at is None:
        raise error("42703", f'{what} "{name}" does not exist')
    if row.fields[at][1] not in kinds:
        wanted = "tsvector" if t.TSVECTOR in kinds else "a character"
        raise error("42804", f'column "{name}" is not of {wanted} type')
    return at


def _config(names: Names, function: int, told: str, row: Row) -> int:
    if function == BY_NAME:
        return names.read_reg(REGCONFIG, told)
    at = _place(row, told, "configuration column", frozenset({REGCONFIG}))
    found = row.values[at]
    if found is None:
        raise error("22004", f'configuration column "{told}" must not be null')
    return int(str(found))
