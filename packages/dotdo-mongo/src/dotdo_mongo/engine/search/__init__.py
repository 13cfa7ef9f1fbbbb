"""Search indexes: text by terms and their places, values, vectors; refuses what has no index."""

from dotdo_mongo.engine.search.definitions import check_definition
from dotdo_mongo.engine.search.running import listed, searched

__all__ = ["check_definition", "listed", "searched"]
