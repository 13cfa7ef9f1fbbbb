"""Projections, compiled once to functions from a document to a new one."""

from dotdo_mongo.engine.projection.compiling import compile_project, compile_projection

__all__ = ["compile_project", "compile_projection"]
