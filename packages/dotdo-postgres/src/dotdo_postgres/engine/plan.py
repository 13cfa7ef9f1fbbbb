"""Prepared statements and results: what the client sees of them, and how they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dotdo_postgres.mapping.codecs import Codec, StorageValue

if TYPE_CHECKING:
    from dotdo.graph import Shape
    from dotdo.storage import Catalog, Noun
    from dotdo_postgres.engine.compile.compiler import PythonCall, SessionKey
    from dotdo_postgres.engine.copy.incoming import CopyIn
    from dotdo_postgres.engine.copy.outgoing import CopyOut
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.mapping.types import PgType

Row = tuple[StorageValue, ...]


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result.

    Args:
        name: Name.
        type: Type.
        oid: OID of the type.
        typmod: Type modifier, -1 without.
        size: Bytes of a value, -1 when it varies.
        table_oid: Table the column comes from, 0 when from none.
        column_number: Its number there.
        codec: Forms of its values.
        scale: Of a numeric that is an integer scaled by 10**scale; None for all else.
    """

    name: str
    type: PgType
    oid: int
    typmod: int
    size: int
    table_oid: int
    column_number: int
    codec: Codec
    scale: int | None = None


@dataclass(slots=True)
class Result:
    """What a statement gave.

    Args:
        columns: Result columns, None when the statement returns no rows.
        rows: Rows of storage values.
        tag: Command tag (`INSERT 0 1`).
        row_count: Rows returned or changed, None when that means nothing.
        is_binary: The rows are told in binary, whatever was asked for.
        copy: The data that is to come or to be sent before the statement is through.
    """

    columns: tuple[ResultColumn, ...] | None
    rows: list[Row]
    tag: str
    row_count: int | None = None
    is_binary: bool = False
    copy: CopyIn | CopyOut | None = None


Execute = Callable[["Session", "Prepared", Sequence[StorageValue], bool], Result]


@dataclass(slots=True)
class Prepared:
    """A statement ready to run.

    Args:
        columns: Result columns, None when it returns no rows.
        param_types: Types of the parameters.
        tag_kind: First word or words of the command tag.
        execute: Runs it.
        sql: SQLite text.
        catalog: Definitions it was compiled for; None when it depends on none.
        python_calls: Python routines the text calls.
        session_values: Values of the session that follow the parameters.
        is_read: It changes nothing.
        ends_failed_transaction: It may run in a failed transaction.
        rebuild: Compiles it with wide numerics, None when it is so already.
        detail: What the way of running needs beyond.
        source: Text and OIDs of the parameters it was made from.
        codecs: How some parameters are read, by place from 0: then as the column they go to keeps them.
        parameters: How many parameters the text takes, values of the session included.
        is_registered: Its session has made the routines known to SQLite.
        is_kept: The plan may be used again for the same text.
        lifted: The plan that is run instead, and the values of its parameters, where literals were taken out of the text.
        touched: Relations that it touches, each with the mode in which it locks them.
        is_long: It has taken so long before that it is not to hold up others.
        shapes: The nouns of documents that it names, each with what it was planned for.
    """

    columns: tuple[ResultColumn, ...] | None
    param_types: tuple[PgType, ...]
    tag_kind: str
    execute: Execute
    sql: str = ""
    catalog: Catalog | None = None
    python_calls: tuple[PythonCall, ...] = ()
    session_values: tuple[SessionKey, ...] = ()
    is_read: bool = False
    ends_failed_transaction: bool = False
    rebuild: Callable[[], Prepared] | None = None
    detail: Any = None
    source: tuple[str, tuple[int, ...]] = field(default=("", ()))
    codecs: dict[int, Codec] = field(default_factory=dict)
    parameters: int = 0
    is_registered: bool = False
    is_long: bool = False
    is_kept: bool = True
    lifted: tuple[Prepared, list[StorageValue]] | None = None
    shapes: tuple[tuple[Noun, Shape], ...] = ()
    touched: tuple[tuple[int, int], ...] = ()


def is_outdated(prepared: Prepared, result: Result) -> bool:
    """Tell whether a query of documents was planned anew while it ran: its columns may be others now."""
    return prepared.is_read and bool(prepared.shapes) and result.columns is not prepared.columns
