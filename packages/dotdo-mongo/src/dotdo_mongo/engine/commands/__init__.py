"""The database commands, each declared beside its function; `run_command` is the one way in."""

from dotdo_mongo.engine.commands.dispatch import run_command
from dotdo_mongo.engine.commands.registry import commands_by_name

__all__ = ["commands_by_name", "run_command"]
