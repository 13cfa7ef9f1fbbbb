"""MongoDB's collations: read and checked, and the keys by which they order strings."""

from dotdo_mongo.engine.collation.spec import Collation, parse_collation

__all__ = ["Collation", "parse_collation"]
