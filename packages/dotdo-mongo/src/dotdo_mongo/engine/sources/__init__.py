"""First stages that read from the store itself."""

from dotdo_mongo.engine.sources.registry import SOURCES, sources

__all__ = ["SOURCES", "sources"]
