"""Nouns read and written as documents: those of layout `document`, and SQL's with columns."""

from dotdo_mongo.engine.tables.columns import ColumnTable
from dotdo_mongo.engine.tables.documents import Arrival, DocumentTable
from dotdo_mongo.engine.tables.record import EVERYTHING, Condition, Params, Reader, Record, Table

__all__ = [
    "EVERYTHING",
    "Arrival",
    "ColumnTable",
    "Condition",
    "DocumentTable",
    "Params",
    "Reader",
    "Record",
    "Table",
]
