"""GEOADD, GEODIST, GEOSEARCH and their kin on sorted sets; it refuses to reckon, which is in `engine.geo`."""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.zsets import add
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.geo import (
    LATITUDE_MAX,
    LONGITUDE_MAX,
    Circle,
    Rectangle,
    Shape,
    cells_around,
    distance_m,
    hash_text,
    place_of,
    score_of,
)
from dotdo_redis.engine.notifications import ZSET
from dotdo_redis.engine.types.sorted_sets import SortedSet
from dotdo_redis.errors import ReplyError, syntax
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply

FAMILY = Family()

UNITS = {b"m": 1.0, b"km": 1000.0, b"ft": 0.3048, b"mi": 1609.34}
Place = tuple[float, float]


class Found(NamedTuple):
    """A member within the shape."""

    member: bytes
    distance_m: float
    score: float


def _unit(word: bytes) -> float:
    unit = UNITS.get(word.lower())
    if unit is None:
        raise ReplyError("unsupported unit provided. please use M, KM, FT, MI")
    return unit


def _place(longitude: bytes, latitude: bytes) -> Place:
    x, y = floating(longitude), floating(latitude)
    if not (-LONGITUDE_MAX <= x <= LONGITUDE_MAX and -LATITUDE_MAX <= y <= LATITUDE_MAX):
        raise ReplyError(f"invalid longitude,latitude pair {x:f},{y:f}")
    return x, y


def _shown_coordinate(ctx: Context, number: float) -> Reply:
    if ctx.resp == 3:
        return number
    return f"{number:.17f}".rstrip("0").rstrip(".").encode()


def _shown_place(ctx: Context, score: float) -> Reply:
    return [_shown_coordinate(ctx, number) for number in place_of(score)]


def _shown_distance(metres: float, unit: float) -> bytes:
    return b"%.4f" % (metres / unit)


@FAMILY.command("GEOADD")
def geoadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add places, or move them; return how many are new, or changed with CH."""
    at, flags = 1, list[bytes]()
    while at < len(args) and args[at].upper() in {b"NX", b"XX", b"CH"}:
        flags.append(args[at].upper())
        at += 1
    words = args[at:]
    if len(words) % 3 or {b"NX", b"XX"} <= set(flags):
        raise syntax()
    pairs: list[bytes] = []
    for x, y, member in zip(words[::3], words[1::3], words[2::3], strict=True):
        pairs += (b"%d" % score_of(*_place(x, y)), member)
    if not pairs:
        raise syntax()
    addition = add(ctx, args[0], [*flags, *pairs])
    return addition.added + (addition.updated if b"CH" in flags else 0)


@FAMILY.command("GEODIST")
def geodist(ctx: Context, args: list[bytes]) -> Reply:
    """How far two members are apart, null when one is not there."""
    if len(args) > 4:
        raise syntax()
    unit = _unit(args[3]) if len(args) == 4 else 1.0
    value = ctx.db.get(args[0], SortedSet)
    if value is None:
        return None
    first, second = value.scores.get(args[1]), value.scores.get(args[2])
    if first is None or second is None:
        return None
    return _shown_distance(distance_m(place_of(first), place_of(second)), unit)


@FAMILY.command("GEOHASH")
def geohash(ctx: Context, args: list[bytes]) -> Reply:
    """The standard geohash of members, null for those that are not there."""
    value = ctx.db.get(args[0], SortedSet)
    scores = [value.scores.get(member) if value is not None else None for member in args[1:]]
    return [None if score is None else hash_text(score) for score in scores]


@FAMILY.command("GEOPOS")
def geopos(ctx: Context, args: list[bytes]) -> Reply:
    """The places of members, null for those that are not there."""
    value = ctx.db.get(args[0], SortedSet)
    scores = [value.scores.get(member) if value is not None else None for member in args[1:]]
    return [NULL_ARRAY if score is None else _shown_place(ctx, score) for score in scores]


class _Search:
    """What a search asks for."""

    def __init__(self, ctx: Context, key: bytes) -> None:
        self.value = ctx.db.get(key, SortedSet)
        self.center: Place | None = None
        self.has_member = False
        self.size: tuple[float, ...] = ()
        """The radius, or width and height, in `unit`."""
        self.unit = 1.0
        self.order = b""
        self.count = 0
        self.is_any = False
        self.with_distance = self.with_hash = self.with_place = False
        self.stores_distance = False
        self.store: bytes | None = None

    def take(
        self,
        args: list[bytes],
        options: dict[bytes, tuple[int, Callable[["_Search", list[bytes]], None]]],
    ) -> None:
        """Read options: name -> how many words follow, and what takes them.

        Raises:
            ReplyError: an unknown one, or too few words.
        """
        at = 0
        while at < len(args):
            known = options.get(args[at].upper())
            if known is None or at + known[0] >= len(args):
                raise syntax()
            known[1](self, args[at + 1 : at + 1 + known[0]])
            at += 1 + known[0]
        if self.count and not self.order and not self.is_any:
            self.order = b"ASC"

    def take_count(self, words: list[bytes]) -> None:
        """COUNT n."""
        self.count = integer(words[0])
        if self.count <= 0:
            raise ReplyError("COUNT must be > 0")

    def take_radius(self, words: list[bytes]) -> None:
        """BYRADIUS radius unit."""
        self._check_alone()
        radius = floating(words[0], "need numeric radius")
        if radius < 0:
            raise ReplyError("radius cannot be negative")
        self.size, self.unit = (radius,), _unit(words[1])

    def take_box(self, words: list[bytes]) -> None:
        """BYBOX width height unit."""
        self._check_alone()
        width = floating(words[0], "need numeric width")
        height = floating(words[1], "need numeric height")
        if width < 0 or height < 0:
            raise ReplyError("height or width cannot be negative")
        self.size, self.unit = (width, height), _unit(words[2])

    def _check_alone(self) -> None:
        if self.size:
            raise syntax()

    def take_place(self, words: list[bytes]) -> None:
        """FROMLONLAT longitude latitude."""
        self._check_from()
        self.center = _place(*words)

    def take_member(self, words: list[bytes]) -> None:
        """FROMMEMBER member, which has to be there when the key is."""
        self._check_from()
        self.has_member = True
        if self.value is not None:
            score = self.value.scores.get(words[0])
            if score is None:
                raise ReplyError("could not decode requested zset member")
            self.center = place_of(score)

    def _check_from(self) -> None:
        if self.center is not None or self.has_member:
            raise syntax()

    def check_any(self) -> None:
        """Refuse ANY without COUNT."""
        if self.is_any and not self.count:
            raise ReplyError("the ANY argument requires COUNT argument")

    def set_any(self, _words: list[bytes]) -> None:
        """ANY."""
        self.is_any = True

    def set_ascending(self, _words: list[bytes]) -> None:
        """ASC."""
        self.order = b"ASC"

    def set_descending(self, _words: list[bytes]) -> None:
        """DESC."""
        self.order = b"DESC"

    def set_distance(self, _words: list[bytes]) -> None:
        """WITHDIST."""
        self.with_distance = True

    def set_hash(self, _words: list[bytes]) -> None:
        """WITHHASH."""
        self.with_hash = True

    def set_coordinates(self, _words: list[bytes]) -> None:
        """WITHCOORD."""
        self.with_place = True

    def set_stored_distance(self, _words: list[bytes]) -> None:
        """STOREDIST of GEOSEARCHSTORE."""
        self.stores_distance = True

    def take_store(self, words: list[bytes]) -> None:
        """STORE key."""
        self.store, self.stores_distance = words[0], False

    def take_store_distance(self, words: list[bytes]) -> None:
        """STOREDIST key."""
        self.store, self.stores_distance = words[0], True

    @property
    def shows_more(self) -> bool:
        """Whether more than the members is asked for."""
        return self.with_distance or self.with_hash or self.with_place

    def shape(self, center: Place) -> Shape:
        """What is searched around a place."""
        if len(self.size) == 1:
            return Circle(center, self.size[0] * self.unit)
        return Rectangle(center, self.size[0] * self.unit, self.size[1] * self.unit)


Options = dict[bytes, tuple[int, Callable[[_Search, list[bytes]], None]]]
_RESULT: Options = {
    b"COUNT": (1, _Search.take_count),
    b"ANY": (0, _Search.set_any),
    b"ASC": (0, _Search.set_ascending),
    b"DESC": (0, _Search.set_descending),
    b"WITHDIST": (0, _Search.set_distance),
    b"WITHHASH": (0, _Search.set_hash),
    b"WITHCOORD": (0, _Search.set_coordinates),
}
_SHAPE: Options = {
    **_RESULT,
    b"FROMLONLAT": (2, _Search.take_place),
    b"FROMMEMBER": (1, _Search.take_member),
    b"BYRADIUS": (2, _Search.take_radius),
    b"BYBOX": (3, _Search.take_box),
}
_STORING: Options = {**_SHAPE, b"STOREDIST": (0, _Search.set_stored_distance)}
_RADIUS: Options = {
    **_RESULT,
    b"STORE": (1, _Search.take_store),
    b"STOREDIST": (1, _Search.take_store_distance),
}


def _find(search: _Search) -> list[Found]:
    value = search.value
    if value is None:
        return []
    assert search.center is not None
    shape = search.shape(search.center)
    enough = search.count if search.is_any else 0
    found: list[Found] = []
    for low, high in cells_around(shape):
        if enough and len(found) >= enough:
            break
        start = value.before_score(low, including=False)
        stop = value.before_score(high, including=False)
        for score, member in value.slice(start, stop):
            distance = shape.distance_m(place_of(score))
            if distance is not None:
                found.append(Found(member, distance, score))
                if enough and len(found) >= enough:
                    break
    if search.order:
        found.sort(key=lambda one: one.distance_m, reverse=search.order == b"DESC")
    return list(islice(found, search.count or None))


def _shown(ctx: Context, search: _Search, found: list[Found]) -> Reply:
    if not search.shows_more:
        return [one.member for one in found]
    rows: list[Reply] = []
    for one in found:
        row: list[Reply] = [one.member]
        if search.with_distance:
            row.append(_shown_distance(one.distance_m, search.unit))
        if search.with_hash:
            row.append(int(one.score))
        if search.with_place:
            row.append(_shown_place(ctx, one.score))
        rows.append(row)
    return rows


def _store(ctx: Context, target: bytes, search: _Search, found: list[Found]) -> int:
    if not found:
        ctx.drop(target)
        return 0
    made = SortedSet(ctx.engine.config)
    for one in found:
        made.set(one.member, one.distance_m / search.unit if search.stores_distance else one.score)
    ctx.db.replace(target, made)
    event = b"geosearchstore" if ctx.command.name == "GEOSEARCHSTORE" else b"georadiusstore"
    ctx.changed(target, event, ZSET)
    return len(found)


def _run(ctx: Context, search: _Search) -> Reply:
    found = _find(search)
    if search.store is not None:
        return _store(ctx, search.store, search, found)
    return _shown(ctx, search, found)


@FAMILY.command("GEOSEARCH")
def geosearch(ctx: Context, args: list[bytes]) -> Reply:
    """The members within a circle or a box."""
    search = _Search(ctx, args[0])
    search.take(args[1:], _SHAPE)
    _check_whole(ctx, search)
    return _run(ctx, search)


@FAMILY.command("GEOSEARCHSTORE")
def geosearchstore(ctx: Context, args: list[bytes]) -> Reply:
    """Keep the members within a circle or a box in another sorted set; return how many."""
    search = _Search(ctx, args[1])
    search.take(args[2:], _STORING)
    if search.shows_more:
        raise ReplyError(
            "GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        )
    _check_whole(ctx, search)
    search.store = args[0]
    return _run(ctx, search)


def _check_whole(ctx: Context, search: _Search) -> None:
    name = ctx.words[0].decode("utf-8", "replace")
    if search.center is None and not search.has_member:
        raise ReplyError(f"exactly one of FROMMEMBER or FROMLONLAT can be specified for {name}")
    if not search.size:
        raise ReplyError(f"exactly one of BYRADIUS and BYBOX can be specified for {name}")
    search.check_any()


@FAMILY.command("GEORADIUS", "GEORADIUS_RO")
def georadius(ctx: Context, args: list[bytes]) -> Reply:
    """The members within a circle around a place."""
    search = _Search(ctx, args[0])
    search.take_place(args[1:3])
    search.take_radius(args[3:5])
    return _by_radius(ctx, search, args[5:])


@FAMILY.command("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO")
def georadiusbymember(ctx: Context, args: list[bytes]) -> Reply:
    """The members within a circle around one of them."""
    search = _Search(ctx, args[0])
    search.take_member(args[1:2])
    if search.value is not None:  # else the words behind are not looked at
        search.take_radius(args[2:4])
    return _by_radius(ctx, search, args[4:])


def _by_radius(ctx: Context, search: _Search, words: list[bytes]) -> Reply:
    search.take(words, _RESULT if ctx.command.name.endswith("_RO") else _RADIUS)
    if search.store is not None and search.shows_more:
        raise ReplyError(
            "STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
        )
    search.check_any()
    return _run(ctx, search)
