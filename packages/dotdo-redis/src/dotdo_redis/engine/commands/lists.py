"""Lists: elements at the ends and in the middle; it refuses waiting, which is in `list_moves`."""

from itertools import islice

from dotdo_redis.engine.arguments import integer, negatable
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import LIST
from dotdo_redis.engine.types.lists import List
from dotdo_redis.errors import ReplyError, no_such_key, syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, OK, Reply

FAMILY = Family()


def list_to_write(ctx: Context, key: bytes) -> List:
    """The list at a key, a new one when there is none."""
    value = ctx.db.get(key, List)
    if value is None:
        value = List(ctx.engine.config)
        ctx.db.put(key, value)
    return value


def push(ctx: Context, key: bytes, elements: list[bytes], *, left: bool) -> int:
    """Push elements one after the other; return the length."""
    value = ctx.db.get(key, List)
    if value is None:
        value = list_to_write(ctx, key)
    add = value.push_left if left else value.push_right
    for element in elements:
        add(element)
    ctx.changed(key, b"lpush" if left else b"rpush", LIST, len(elements))
    return value.length


@FAMILY.command("LPUSH", "LPUSHX")
def lpush(ctx: Context, args: list[bytes]) -> Reply:
    """Push at the head; LPUSHX only to a list that is there."""
    if ctx.command.name == "LPUSHX" and ctx.db.get(args[0], List) is None:
        return 0
    return push(ctx, args[0], args[1:], left=True)


@FAMILY.command("RPUSH", "RPUSHX")
def rpush(ctx: Context, args: list[bytes]) -> Reply:
    """Push at the tail; RPUSHX only to a list that is there."""
    if ctx.command.name == "RPUSHX" and ctx.db.get(args[0], List) is None:
        return 0
    return push(ctx, args[0], args[1:], left=False)


def pop(ctx: Context, key: bytes, value: List, count: int, *, left: bool) -> list[bytes]:
    """Take up to `count` elements from one end of the list at a key."""
    count = min(count, len(value))
    take = value.pop_left if left else value.pop_right
    taken = [take() for _ in range(count)]
    if taken:
        ctx.changed(key, b"lpop" if left else b"rpop", LIST, count)
        ctx.discard_empty(key, value)
    return taken


@FAMILY.command("LPOP", "RPOP")
def pop_end(ctx: Context, args: list[bytes]) -> Reply:
    """Take one element, or up to a count, from an end."""
    if len(args) > 2:
        raise ReplyError(f"wrong number of arguments for '{ctx.command.shown_name}' command")
    count = _positive(args[1]) if len(args) == 2 else None
    value = ctx.db.get(args[0], List)
    if value is None:
        return None if count is None else NULL_ARRAY
    is_left = ctx.command.name == "LPOP"
    if count is not None:
        return pop(ctx, args[0], value, count, left=is_left)
    element = value.pop_left() if is_left else value.pop_right()
    ctx.changed(args[0], b"lpop" if is_left else b"rpop", LIST)
    if not value.length:
        ctx.discard_empty(args[0], value)
    return element


def _positive(word: bytes) -> int:
    count = integer(word, "value is out of range, must be positive")
    if count < 0:
        raise ReplyError("value is out of range, must be positive")
    return count


@FAMILY.command("LLEN")
def llen(ctx: Context, args: list[bytes]) -> Reply:
    """Count the elements."""
    return len(ctx.db.get(args[0], List) or ())


@FAMILY.command("LINDEX")
def lindex(ctx: Context, args: list[bytes]) -> Reply:
    """Read the element at an index, counted from the end when negative."""
    value = ctx.db.get(args[0], List)
    if value is None:
        return None
    index = integer(args[1])
    place = index + len(value) if index < 0 else index
    return value[place] if 0 <= place < len(value) else None


@FAMILY.command("LSET")
def lset(ctx: Context, args: list[bytes]) -> Reply:
    """Replace the element at an index."""
    value = ctx.db.get(args[0], List)
    if value is None:
        raise no_such_key()
    index = integer(args[1])
    place = index + len(value) if index < 0 else index
    if not 0 <= place < len(value):
        raise ReplyError("index out of range")
    value[place] = args[2]
    ctx.changed(args[0], b"lset", LIST)
    return OK


def span(start: int, end: int, length: int) -> tuple[int, int]:
    """Turn first and last index, counted from the end when negative, into a slice within the list."""
    first = max(start + length, 0) if start < 0 else start
    stop = (end + length if end < 0 else min(end, length - 1)) + 1
    return first, max(stop, first)


@FAMILY.command("LRANGE")
def lrange(ctx: Context, args: list[bytes]) -> Reply:
    """Read the elements between two indexes."""
    start, end = integer(args[1]), integer(args[2])
    value = ctx.db.get(args[0], List)
    if value is None:
        return []
    first, stop = span(start, end, len(value))
    return value.slice(first, stop)


@FAMILY.command("LTRIM")
def ltrim(ctx: Context, args: list[bytes]) -> Reply:
    """Keep only the elements between two indexes."""
    key = args[0]
    start, end = integer(args[1]), integer(args[2])
    value = ctx.db.get(key, List)
    if value is None:
        return OK
    before = len(value)
    first, stop = span(start, end, before)
    value.trim(first, stop)
    ctx.changed(key, b"ltrim", LIST, before - len(value))
    ctx.discard_empty(key, value)
    return OK


@FAMILY.command("LINSERT")
def linsert(ctx: Context, args: list[bytes]) -> Reply:
    """Insert an element before or after the first one equal to a pivot."""
    key, where, pivot, element = args[0], args[1].upper(), args[2], args[3]
    if where not in {b"BEFORE", b"AFTER"}:
        raise syntax()
    value = ctx.db.get(key, List)
    if value is None:
        return 0
    place = next((at for at, candidate in enumerate(value) if candidate == pivot), None)
    if place is None:
        return -1
    if where == b"BEFORE":
        value.insert(place, element)
    elif place + 1 == len(value):
        value.push_right(element)
    else:
        value.insert(place + 1, element)
    ctx.changed(key, b"linsert", LIST)
    return len(value)


@FAMILY.command("LREM")
def lrem(ctx: Context, args: list[bytes]) -> Reply:
    """Remove elements equal to one."""
    count = (negatable if ctx.engine.config.shows(7, 2) else integer)(args[1])
    value = ctx.db.get(args[0], List)
    if value is None:
        return 0
    removed = value.remove(args[2], count)
    if removed:
        ctx.changed(args[0], b"lrem", LIST, removed)
        ctx.discard_empty(args[0], value)
    return removed


class _PosOptions:
    """What follows the element in LPOS."""

    __slots__ = ("count", "longest", "rank")

    def __init__(self, ctx: Context, args: list[bytes]) -> None:
        self.rank = 1
        self.count: int | None = None
        self.longest = 0
        words = iter(args)
        for word in words:
            option, number = word.upper(), next(words, None)
            if number is None or option not in {b"RANK", b"COUNT", b"MAXLEN"}:
                raise syntax()
            if option == b"RANK":
                self.rank = self._rank(ctx, number)
            elif option == b"COUNT":
                self.count = self._natural(number, "COUNT can't be negative")
            else:
                self.longest = self._natural(number, "MAXLEN can't be negative")

    @staticmethod
    def _rank(ctx: Context, word: bytes) -> int:
        rank = (negatable if ctx.engine.config.shows(7, 2) else integer)(word)
        if rank == 0:
            raise ReplyError(
                "RANK can't be zero: use 1 to start from the first match, "
                "2 from the second ... or use negative to start from the end of the list"
            )
        return rank

    @staticmethod
    def _natural(word: bytes, error: str) -> int:
        number = integer(word, error)
        if number < 0:
            raise ReplyError(error)
        return number


@FAMILY.command("LPOS")
def lpos(ctx: Context, args: list[bytes]) -> Reply:
    """Find where elements equal to one stand."""
    options = _PosOptions(ctx, args[2:])
    value = ctx.db.get(args[0], List)
    if value is None:
        return None if options.count is None else []
    backward = options.rank < 0
    length = len(value)
    elements = islice(reversed(value) if backward else iter(value), options.longest or None)
    found = (
        length - 1 - at if backward else at
        for at, element in enumerate(elements)
        if element == args[1]
    )
    matching = islice(found, abs(options.rank) - 1, None)
    if options.count is None:
        return next(matching, None)
    return list(islice(matching, options.count or None))
