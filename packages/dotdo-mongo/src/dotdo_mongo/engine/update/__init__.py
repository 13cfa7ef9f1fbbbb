"""Updates: operators, replacements and pipelines, compiled once to functions from a document to its new state."""

from dotdo_mongo.engine.update.compiling import compile_update, is_replacement
from dotdo_mongo.engine.update.upsert import build_upsert

__all__ = ["build_upsert", "compile_update", "is_replacement"]
