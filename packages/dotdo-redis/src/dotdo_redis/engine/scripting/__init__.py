"""Lua 5.1 in a sandbox, with the libraries scripts of Redis have; it refuses files, processes and other tenants."""

from dotdo_redis.engine.scripting.functions import FunctionError, Functions
from dotdo_redis.engine.scripting.runs import Runner
from dotdo_redis.engine.scripting.scripts import Scripts

__all__ = ["FunctionError", "Functions", "Runner", "Scripts"]
