"""SORT: elements by their own weight or that of other keys; it refuses types without single elements."""

from collections.abc import Callable, Iterator

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import LIST
from dotdo_redis.engine.types.hashes import Hash
from dotdo_redis.engine.types.lists import List
from dotdo_redis.engine.types.sets import Set
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import WrongType, syntax
from dotdo_redis.mapping.replies import Reply

FAMILY = Family()
NOT_A_NUMBER = "One or more scores can't be converted into double"


class _Pattern:
    """What BY or GET names for an element: itself, a string key, or a field of a hash key."""

    __slots__ = ("after", "before", "field", "has_star", "is_element")

    def __init__(self, text: bytes) -> None:
        self.is_element = text == b"#"
        self.before, star, rest = text.partition(b"*")
        self.has_star = bool(star)
        self.after, arrow, self.field = rest.partition(b"->")
        if arrow and not self.field:
            self.after = rest

    def look_up(self, ctx: Context, element: bytes) -> bytes | None:
        """What is there for an element, null when nothing."""
        if self.is_element:
            return element
        if not self.has_star:
            return None
        value = ctx.db.find(self.before + element + self.after)
        if self.field:
            return value.fields.get(self.field) if isinstance(value, Hash) else None
        return bytes(value) if isinstance(value, bytes | bytearray) else None


class _Request:
    """The words of a call after the key."""

    __slots__ = ("alpha", "by", "count", "descending", "gets", "offset", "target")

    def __init__(self, args: list[bytes], *, stores: bool) -> None:
        self.alpha = self.descending = False
        self.by: _Pattern | None = None
        self.gets: list[_Pattern] = []
        self.offset, self.count = 0, -1
        self.target: bytes | None = None
        words = iter(args)
        for word in words:
            option = word.upper()
            if option in {b"ASC", b"DESC"}:
                self.descending = option == b"DESC"
            elif option == b"ALPHA":
                self.alpha = True
            else:
                self._read(option, words, stores=stores)

    def _read(self, option: bytes, words: Iterator[bytes], *, stores: bool) -> None:
        value = next(words, None)
        if value is None:
            raise syntax()
        if option == b"BY":
            self.by = _Pattern(value)
        elif option == b"GET":
            self.gets.append(_Pattern(value))
        elif option == b"LIMIT" and (count := next(words, None)) is not None:
            self.offset, self.count = integer(value), integer(count)
        elif option == b"STORE" and stores:
            self.target = value
        else:
            raise syntax()

    def part(self, length: int) -> slice:
        """What LIMIT leaves of so many elements."""
        start = max(self.offset, 0)
        return slice(start, length if self.count < 0 else start + self.count)


def _elements(ctx: Context, key: bytes, request: _Request) -> list[bytes]:
    value = ctx.db.find(key)
    if value is None:
        return []
    if isinstance(value, List):
        backward = request.descending and _is_unsorted(request)
        return list(reversed(value) if backward else value)
    if isinstance(value, Set):
        return value.listed()
    if isinstance(value, SortedSet):
        value.is_listpack = False  # Redis unpacks it to sort it, and leaves it so
        backward = request.descending and _is_unsorted(request)
        return [member for _, member in value.slice(0, len(value), reverse=backward)]
    raise WrongType


def _is_unsorted(request: _Request) -> bool:
    return request.by is not None and not request.by.has_star


def _sorted(ctx: Context, elements: list[bytes], request: _Request) -> list[bytes]:
    by = request.by
    weigh: Callable[[bytes], bytes | None] = lambda element: (  # noqa: E731 - one of two ways
        element if by is None else by.look_up(ctx, element)
    )
    if request.alpha:
        texts = {element: weigh(element) for element in elements}
        return sorted(  # equal ones stay as they came, whichever way it goes
            elements,
            key=lambda e: (texts[e] is not None, texts[e] or b""),
            reverse=request.descending,
        )
    if by is None and all(map(bytes.isdigit, elements)):
        ordered = sorted(sorted(elements), key=float)
    else:
        numbers = {element: _number(weigh(element)) for element in elements}
        ordered = sorted(sorted(elements), key=numbers.__getitem__)
    return ordered[::-1] if request.descending else ordered


def _number(text: bytes | None) -> float:
    number = (text or b"").partition(b"\0")[0].lstrip()  # C reads a text up to there
    return floating(number, NOT_A_NUMBER) if number else 0.0


@FAMILY.command("SORT", "SORT_RO")
def sort(ctx: Context, args: list[bytes]) -> Reply:
    """Sort a list, set or sorted set, and read or store what belongs to its elements."""
    request = _Request(args[1:], stores=ctx.command.name == "SORT")
    elements = _elements(ctx, args[0], request)
    is_set = isinstance(ctx.db.find(args[0]), Set)
    if _is_unsorted(request) and is_set and (request.target is not None or ctx.is_nested):
        request.by, request.alpha = None, True
    if not _is_unsorted(request):
        elements = _sorted(ctx, elements, request)
    chosen = elements[request.part(len(elements))]
    found: list[bytes | None] = list(chosen)
    if request.gets:
        found = [pattern.look_up(ctx, e) for e in chosen for pattern in request.gets]
    if request.target is None:
        return found
    return _store(ctx, request.target, found)


def _store(ctx: Context, key: bytes, found: list[bytes | None]) -> int:
    if not found:
        ctx.drop(key)
        return 0
    ctx.db.replace(key, List(ctx.engine.config, (element or b"" for element in found)))
    ctx.changed(key, b"sortstore", LIST, len(found))
    return len(found)
