"""All commands by name, put together from the families' tuples."""

from collections.abc import Mapping
from functools import cache

from dotdo_mongo.engine.commands import (
    administration,
    aggregation,
    bulk,
    capped,
    changes,
    cursors,
    deletes,
    explaining,
    find_and_modify,
    handshake,
    indexes,
    listings,
    map_reduce,
    namespaces,
    parameters,
    plan_cache,
    reads,
    replication,
    search_indexes,
    session_commands,
    statistics,
    test_commands,
    users,
    writes,
)
from dotdo_mongo.engine.commands.declaration import Command

_FAMILIES = (
    reads.COMMANDS,
    writes.COMMANDS,
    deletes.COMMANDS,
    find_and_modify.COMMANDS,
    aggregation.COMMANDS,
    cursors.COMMANDS,
    namespaces.COMMANDS,
    listings.COMMANDS,
    map_reduce.COMMANDS,
    indexes.COMMANDS,
    handshake.COMMANDS,
    session_commands.COMMANDS,
    bulk.COMMANDS,
    changes.COMMANDS,
    capped.COMMANDS,
    statistics.COMMANDS,
    explaining.COMMANDS,
    administration.COMMANDS,
    parameters.COMMANDS,
    plan_cache.COMMANDS,
    users.COMMANDS,
    replication.COMMANDS,
    search_indexes.COMMANDS,
    test_commands.COMMANDS,
)


@cache
def commands_by_name() -> Mapping[str, Command]:
    """Return every command under its name and its aliases."""
    found: dict[str, Command] = {}
    for family in _FAMILIES:
        for declared in family:
            for name in (declared.name, *declared.aliases):
                assert name not in found, name
                found[name] = declared
    return found
