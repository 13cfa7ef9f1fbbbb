"""FT.PROFILE: a query with what was done for it; it refuses to measure, for its steps are sets and take no time of their own."""

from dotdo_redis.engine.arity import expect
from dotdo_redis.engine.commands.search_aggregations import aggregate_reply
from dotdo_redis.engine.commands.search_definitions import Words
from dotdo_redis.engine.commands.search_queries import search_reply
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.errors import Raw
from dotdo_redis.mapping.replies import Reply, Status

FAMILY = Family()


def _profile(ctx: Context) -> Reply:
    """What a profile tells; times are not measured."""
    facts: dict[object, object] = {
        Status(b"Total profile time"): 0.0,
        Status(b"Parsing time"): 0.0,
        Status(b"Pipeline creation time"): 0.0,
        Status(b"Warning"): Status(b"None"),
        Status(b"Iterators profile"): {
            Status(b"Type"): Status(b"SET"),
            Status(b"Time"): 0.0,
            Status(b"Counter"): 0,
        },
        Status(b"Result processors profile"): [
            {Status(b"Type"): Status(b"Index"), Status(b"Time"): 0.0, Status(b"Counter"): 0}
        ],
    }
    if ctx.resp == 3:
        return {Status(b"Shards"): [facts], Status(b"Coordinator"): {}}
    flat = [part for pair in facts.items() for part in pair]
    return [Status(b"Shards"), [flat], Status(b"Coordinator"), []]


@FAMILY.command("FT.PROFILE")
def ft_profile(ctx: Context, args: list[bytes]) -> Reply:
    """Run a query and tell of it."""
    expect(ctx, args, 4)
    words = Words(args[1:])
    kind = words.take().upper()
    if kind not in {"SEARCH", "AGGREGATE"}:
        raise Raw("No `SEARCH` or `AGGREGATE` provided")
    words.skip("LIMITED")
    if not words.skip("QUERY"):
        raise Raw("The QUERY keyword is expected")
    rest = [args[0], *words.words[words.at :]]
    reply = search_reply(ctx, rest) if kind == "SEARCH" else aggregate_reply(ctx, rest)
    if ctx.resp == 3:
        return {Status(b"Results"): reply, Status(b"Profile"): _profile(ctx)}
    return [reply, _profile(ctx)]
