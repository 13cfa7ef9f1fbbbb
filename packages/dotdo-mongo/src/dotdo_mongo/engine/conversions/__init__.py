"""Values of one BSON type made into another."""

from dotdo_mongo.engine.conversions.table import convert, id_seconds
from dotdo_mongo.engine.conversions.target import Target, Unconvertible

__all__ = ["Target", "Unconvertible", "convert", "id_seconds"]
