"""The table of all commands, built from the families listed here; it refuses registration by import."""

from dotdo_redis.engine.commands import (
    acl,
    bitfields,
    bitmaps,
    bloom,
    caching,
    client,
    command,
    configuration,
    connection,
    count_min,
    cuckoo,
    debugging,
    digests,
    expiry,
    geo,
    hash_bundles,
    hash_expiry,
    hashes,
    helps,
    hyperloglogs,
    info,
    introspection,
    json_arrays,
    json_facts,
    json_reads,
    json_writes,
    keys,
    list_moves,
    lists,
    numbers,
    objects,
    pubsub,
    ranges,
    scripting,
    search_aggregations,
    search_config,
    search_indexes,
    search_profiles,
    search_queries,
    search_words,
    server,
    set_algebra,
    sets,
    sorting,
    stream_groups,
    stream_info,
    stream_reads,
    stream_references,
    streams,
    strings,
    timeseries,
    timeseries_info,
    timeseries_ranges,
    timeseries_rules,
    topk,
    transactions,
    vector_searches,
    vectors,
    zset_algebra,
    zset_pops,
    zset_ranges,
    zsets,
)
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Command, Family, Function
from dotdo_redis.mapping.replies import Reply
from dotdo_redis.spec.facts import facts

FAMILIES: tuple[Family, ...] = (
    acl.FAMILY,
    caching.FAMILY,
    client.FAMILY,
    command.FAMILY,
    configuration.FAMILY,
    connection.FAMILY,
    debugging.FAMILY,
    helps.FAMILY,
    info.FAMILY,
    introspection.FAMILY,
    pubsub.FAMILY,
    scripting.FAMILY,
    server.FAMILY,
    transactions.FAMILY,
    keys.FAMILY,
    expiry.FAMILY,
    objects.FAMILY,
    strings.FAMILY,
    numbers.FAMILY,
    ranges.FAMILY,
    bitmaps.FAMILY,
    bitfields.FAMILY,
    hashes.FAMILY,
    hash_expiry.FAMILY,
    hash_bundles.FAMILY,
    lists.FAMILY,
    list_moves.FAMILY,
    sets.FAMILY,
    set_algebra.FAMILY,
    zsets.FAMILY,
    sorting.FAMILY,
    zset_ranges.FAMILY,
    zset_pops.FAMILY,
    zset_algebra.FAMILY,
    geo.FAMILY,
    hyperloglogs.FAMILY,
    streams.FAMILY,
    stream_groups.FAMILY,
    stream_reads.FAMILY,
    stream_references.FAMILY,
    stream_info.FAMILY,
    json_reads.FAMILY,
    json_facts.FAMILY,
    json_writes.FAMILY,
    json_arrays.FAMILY,
    bloom.FAMILY,
    cuckoo.FAMILY,
    count_min.FAMILY,
    topk.FAMILY,
    digests.FAMILY,
    timeseries.FAMILY,
    timeseries_rules.FAMILY,
    timeseries_ranges.FAMILY,
    timeseries_info.FAMILY,
    vectors.FAMILY,
    vector_searches.FAMILY,
    search_indexes.FAMILY,
    search_queries.FAMILY,
    search_profiles.FAMILY,
    search_aggregations.FAMILY,
    search_words.FAMILY,
    search_config.FAMILY,
)


def build(families: tuple[Family, ...] = FAMILIES) -> dict[bytes, Command]:
    """Join declarations and facts: upper-case name -> command.

    Raises:
        LookupError: a declaration that no fact describes, or a command declared twice.
    """
    known = facts()
    functions: dict[str, Function] = {}
    for family in families:
        for declaration in family.declarations:
            if declaration.name not in known or declaration.name in functions:
                raise LookupError(declaration.name)
            functions[declaration.name] = declaration.function
    table: dict[bytes, Command] = {}
    for name in sorted(known):
        parent, _, child = name.partition("|")
        function = functions.get(name)
        if not child and (function or any(other.startswith(f"{name}|") for other in functions)):
            command = Command(name, known[name], function)
            if name in NAME_KEYS_ONLY and function is not None:
                command.function = _counting(function)
            table[name.encode()] = command
        elif child and function:
            owner = table[parent.encode()]
            owner.is_plain = False
            owner.subcommands[child.encode()] = Command(name, known[name], function)
            owner.is_plain = False
    return table


NAME_KEYS_ONLY = frozenset({"EXISTS", "MGET", "PFCOUNT", "SDIFF", "SINTER", "SUNION", "TOUCH"})
"""Reading commands whose arguments are keys, all of them."""


def _counting(function: Function) -> Function:
    """Let a command count how many keys it looks up."""

    def counted(ctx: Context, args: list[bytes]) -> Reply:
        ctx.command.looked_up += len(args)
        return function(ctx, args)

    return counted


def unsupported(table: dict[bytes, Command]) -> list[str]:
    """The commands that are described but not declared."""
    declared = {command.name for command in table.values()}
    for known in table.values():
        declared |= {child.name for child in known.subcommands.values()}
    return sorted(facts().keys() - declared)
