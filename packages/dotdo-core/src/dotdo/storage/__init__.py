"""The only room that touches SQLite: files, sessions, transactions, the log, definitions."""

from dotdo.storage import system
from dotdo.storage.catalog import Catalog
from dotdo.storage.connection import Durability
from dotdo.storage.counters import sequence_counter
from dotdo.storage.ddl import index_name, key_index
from dotdo.storage.definitions import alter_noun, create_noun, drop_noun
from dotdo.storage.files import compact_file, free_bytes
from dotdo.storage.flow import current_flow
from dotdo.storage.locks import Blocked, Mode, Waiter
from dotdo.storage.names import literal, physical_column, physical_table, quoted
from dotdo.storage.owners import Owner
from dotdo.storage.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Noun,
    Retention,
    Unique,
    decode_noun,
    encode_noun,
)
from dotdo.storage.session import CatalogChanged, Params, Row, Session, State, TurnOver, Value
from dotdo.storage.store import Store
from dotdo.storage.template import create_file
from dotdo.storage.virtual import ComputedRows
from dotdo.storage.writer import Isolation

__all__ = [
    "Blocked",
    "Catalog",
    "CatalogChanged",
    "Check",
    "Column",
    "ComputedRows",
    "Durability",
    "ForeignKey",
    "Index",
    "Isolation",
    "Mode",
    "Noun",
    "Owner",
    "Params",
    "Retention",
    "Row",
    "Session",
    "State",
    "Store",
    "TurnOver",
    "Unique",
    "Value",
    "Waiter",
    "alter_noun",
    "compact_file",
    "create_file",
    "create_noun",
    "current_flow",
    "decode_noun",
    "drop_noun",
    "encode_noun",
    "free_bytes",
    "index_name",
    "key_index",
    "literal",
    "physical_column",
    "physical_table",
    "quoted",
    "sequence_counter",
    "system",
]
