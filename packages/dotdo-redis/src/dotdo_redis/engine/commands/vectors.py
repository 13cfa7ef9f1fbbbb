"""Vector sets: VADD, VEMB, VREM, attributes and facts; it refuses to look for what is similar."""

from math import log
from typing import Any

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.newer import SILENT, truth
from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.vectors import Quantization, VectorSet
from dotdo_redis.engine.vectors.arrays import numpy
from dotdo_redis.engine.vectors.sets import DEFAULT_LINKS
from dotdo_redis.errors import ReplyError
from dotdo_redis.mapping.replies import NULL_ARRAY, Reply, Status

FAMILY = Family()
LEVEL = 4
"""How many times fewer elements Redis' graph has on each further level."""
MOST_DIMENSIONS = 1 << 16
BAD_VECTOR = "invalid vector specification"
_QUANTIZATIONS = {
    b"NOQUANT": Quantization.NONE,
    b"Q8": Quantization.INT8,
    b"BIN": Quantization.BINARY,
}


def expect(ctx: Context, args: list[bytes], least: int, most: int | None = None) -> None:
    """Check how many words stand behind the command's name, which this family spells in capitals."""
    if len(args) < least or (most is not None and len(args) > most):
        raise ReplyError(f"wrong number of arguments for '{ctx.command.name}' command")


def read_vector(args: list[bytes], at: int) -> tuple[Any, int]:
    """Read `FP32 blob` or `VALUES count number ...`; return the vector and where it ends.

    Raises:
        ReplyError: it is neither.
    """
    np = numpy()
    kind = args[at].upper()
    if kind == b"FP32" and at + 1 < len(args):
        blob = args[at + 1]
        if not blob or len(blob) % 4:
            raise ReplyError(BAD_VECTOR)
        return np.frombuffer(blob, "<f4").astype(np.float32), at + 2
    if kind != b"VALUES" or at + 1 >= len(args):
        raise ReplyError(BAD_VECTOR)
    count = integer(args[at + 1], BAD_VECTOR)
    end = at + 2 + count
    if not 1 <= count <= MOST_DIMENSIONS or end > len(args):
        raise ReplyError(BAD_VECTOR)
    numbers = [floating(word, BAD_VECTOR) for word in args[at + 2 : end]]
    return np.array(numbers, np.float32), end


# -- VADD


class _AddOptions:
    """What follows the element in VADD."""

    __slots__ = ("attributes", "links", "quantization")

    def __init__(self, words: list[bytes]) -> None:
        self.attributes: bytes | None = None
        self.quantization: Quantization | None = None
        self.links: int | None = None
        rest = iter(words)
        for word in rest:
            option = word.upper()
            if option in _QUANTIZATIONS:
                self.quantization = _QUANTIZATIONS[option]
            elif option in {b"EF", b"M", b"SETATTR"}:
                value = next(rest, None)
                if value is None:
                    raise ReplyError("invalid option after element")
                self._read(option, value)
            elif option != b"CAS":
                raise ReplyError("invalid option after element")

    def _read(self, option: bytes, word: bytes) -> None:
        if option == b"SETATTR":
            self.attributes = word
        elif option == b"EF":
            if not 1 <= integer(word, "invalid EF") <= 1_000_000:
                raise ReplyError("invalid EF")
        else:
            self.links = integer(word, "invalid M")
            if not 4 <= self.links <= 4096:
                raise ReplyError("invalid M")


@FAMILY.command("VADD")
def vadd(ctx: Context, args: list[bytes]) -> Reply:
    """Set an element's vector, in a new set when there is none; whether the element is new."""
    expect(ctx, args, 4)
    key, at, reduced = args[0], 1, 0
    if args[1].upper() == b"REDUCE":
        reduced = integer(args[2], BAD_VECTOR)
        if not 1 <= reduced <= MOST_DIMENSIONS:
            raise ReplyError(BAD_VECTOR)
        at = 3
    vector, at = read_vector(args, at)
    if at >= len(args):
        expect(ctx, args, len(args) + 1)
    options = _AddOptions(args[at + 1 :])
    found = ctx.db.get(key, VectorSet)
    if found is None:
        quantization = options.quantization or Quantization.INT8
        given = len(vector) if reduced else 0
        links = options.links or DEFAULT_LINKS
        found = VectorSet(reduced or len(vector), quantization, links, given)
        ctx.db.put(key, found)
    else:
        _check(found, vector, reduced, options)
    is_new = found.put(args[at], found.projected(vector))
    if options.attributes:
        found.attributes[args[at]] = options.attributes
    ctx.changed(key, b"vadd", SILENT)
    return truth(ctx, is_new)


def _check(found: VectorSet, vector: Any, reduced: int, options: _AddOptions) -> None:
    given = found.input_dimension or found.dimension
    expected = given if reduced in {0, found.dimension} else found.dimension
    is_projected = bool(found.input_dimension) and reduced == 0 and len(vector) == found.dimension
    if (len(vector) != expected or (reduced and reduced != found.dimension)) and not is_projected:
        raise ReplyError(
            f"Vector dimension mismatch - got {len(vector)} but set has {found.dimension}"
        )
    if (options.quantization or Quantization.INT8) is not found.quantization:
        raise ReplyError("asked quantization mismatch with existing vector set")
    if options.links is not None and options.links != found.links:
        raise ReplyError("asked M value mismatch with existing vector set")


# -- one element


@FAMILY.command("VEMB")
def vemb(ctx: Context, args: list[bytes]) -> Reply:
    """An element's vector, as numbers or as it is kept."""
    expect(ctx, args, 2, 3)
    if len(args) == 3 and args[2].upper() != b"RAW":
        raise ReplyError("invalid option")
    found = ctx.db.get(args[0], VectorSet)
    if found is None or args[1] not in found:
        return None
    if len(args) == 2:
        return [float(number) for number in found.vector(args[1])]
    data, norm, largest = found.raw(args[1])
    shown: list[Reply] = [Status(found.quantization.value.encode()), data, norm]
    return [*shown, largest] if found.quantization is Quantization.INT8 else shown


@FAMILY.command("VREM")
def vrem(ctx: Context, args: list[bytes]) -> Reply:
    """Remove an element; whether it was there."""
    expect(ctx, args, 2, 2)
    found = ctx.db.get(args[0], VectorSet)
    if found is None or not found.remove(args[1]):
        return truth(ctx, value=False)
    ctx.changed(args[0], b"vrem", SILENT)
    ctx.discard_empty(args[0], found)
    return truth(ctx, value=True)


@FAMILY.command("VGETATTR")
def vgetattr(ctx: Context, args: list[bytes]) -> Reply:
    """An element's attributes."""
    expect(ctx, args, 2, 2)
    found = ctx.db.get(args[0], VectorSet)
    return None if found is None else found.attributes.get(args[1])


@FAMILY.command("VSETATTR")
def vsetattr(ctx: Context, args: list[bytes]) -> Reply:
    """Set an element's attributes, or drop them with an empty text; whether the element is there."""
    expect(ctx, args, 3, 3)
    found = ctx.db.get(args[0], VectorSet)
    if found is None or args[1] not in found:
        return truth(ctx, value=False)
    if args[2]:
        found.attributes[args[1]] = args[2]
    else:
        found.attributes.pop(args[1], None)
    ctx.changed(args[0], b"vsetattr", SILENT)
    return truth(ctx, value=True)


@FAMILY.command("VISMEMBER")
def vismember(ctx: Context, args: list[bytes]) -> Reply:
    """Whether an element is there."""
    expect(ctx, args, 2, 2)
    found = ctx.db.get(args[0], VectorSet)
    return truth(ctx, found is not None and args[1] in found)


# -- the whole set


@FAMILY.command("VCARD")
def vcard(ctx: Context, args: list[bytes]) -> Reply:
    """Count the elements."""
    expect(ctx, args, 1, 1)
    return len(ctx.db.get(args[0], VectorSet) or ())


@FAMILY.command("VDIM")
def vdim(ctx: Context, args: list[bytes]) -> Reply:
    """The dimension of the vectors kept."""
    expect(ctx, args, 1, 1)
    found = ctx.db.get(args[0], VectorSet)
    if found is None:
        raise ReplyError("key does not exist")
    return found.dimension


@FAMILY.command("VINFO")
def vinfo(ctx: Context, args: list[bytes]) -> Reply:
    """Describe a set."""
    expect(ctx, args, 1, 1)
    found = ctx.db.get(args[0], VectorSet)
    if found is None:
        return NULL_ARRAY
    return {
        Status(b"quant-type"): Status(found.quantization.value.encode()),
        Status(b"hnsw-m"): found.links,
        Status(b"vector-dim"): found.dimension,
        Status(b"projection-input-dim"): found.input_dimension,
        Status(b"size"): len(found),
        Status(b"max-level"): int(log(len(found), LEVEL)),
        Status(b"attributes-count"): len(found.attributes),
        Status(b"vset-uid"): 1,
        Status(b"hnsw-max-node-uid"): found.added,
    }
