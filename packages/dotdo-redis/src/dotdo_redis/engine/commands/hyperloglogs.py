"""PFADD, PFCOUNT, PFMERGE and PFDEBUG; it refuses the representation, which is in `types.hyperloglogs`."""

from dotdo_redis.engine.context import Context
from dotdo_redis.engine.declaration import Family
from dotdo_redis.engine.notifications import STRING
from dotdo_redis.engine.types import hyperloglogs as hll
from dotdo_redis.errors import InvalidObject, ReplyError, WrongType, wrong_arity
from dotdo_redis.mapping.replies import OK, Reply, Status

FAMILY = Family()

SAMPLES = 1000


def _find(ctx: Context, key: bytes) -> bytearray | None:
    """A copy of the HyperLogLog at a key, None without one.

    Raises:
        WrongType: it is something else.
    """
    value = ctx.db.string(key)
    if value is None:
        return None
    if not hll.is_valid(value):
        raise WrongType("Key is not a valid HyperLogLog string value.")
    return bytearray(value)


def _sparse_max(ctx: Context) -> int:
    return ctx.engine.instance.parameters.number("hll-sparse-max-bytes")


def _corrupted() -> InvalidObject:
    return InvalidObject("Corrupted HLL object detected")


@FAMILY.command("PFADD")
def pfadd(ctx: Context, args: list[bytes]) -> Reply:
    """Add elements; whether the estimate may have changed."""
    key = args[0]
    data = _find(ctx, key)
    has_changed = data is None
    if data is None:
        data = hll.new()
    limit = _sparse_max(ctx)
    try:
        for element in args[1:]:
            data, is_higher = hll.set_register(data, *hll.place_of(element), limit)
            has_changed = has_changed or is_higher
    except hll.CorruptedError:
        raise _corrupted() from None
    if has_changed:
        hll.invalidate(data)
        ctx.db.put(key, data)
        ctx.changed(key, b"pfadd", STRING)
    return int(has_changed)


@FAMILY.command("PFCOUNT")
def pfcount(ctx: Context, args: list[bytes]) -> Reply:
    """Estimate how many different elements were added, to all of the keys together."""
    try:
        if len(args) > 1:
            return hll.count(_merged(ctx, args)[0])
        data = _find(ctx, args[0])
        if data is None:
            return 0
        if not data[15] & 0x80:
            return int.from_bytes(data[8:16], "little")
        estimate = hll.count(hll.registers(data))
    except hll.CorruptedError:
        raise _corrupted() from None
    data[8:16] = estimate.to_bytes(8, "little")
    ctx.db.put(args[0], data)
    ctx.touched(args[0])
    return estimate


def _merged(ctx: Context, keys: list[bytes]) -> tuple[list[int], bool]:
    """The highest value of each register, and whether one of the keys is dense."""
    values, is_dense = [0] * hll.REGISTERS, False
    for key in keys:
        data = _find(ctx, key)
        if data is not None:
            is_dense = is_dense or data[4] == hll.DENSE
            values = list(map(max, values, hll.registers(data)))
    return values, is_dense


@FAMILY.command("PFMERGE")
def pfmerge(ctx: Context, args: list[bytes]) -> Reply:
    """Make the first key the union of all."""
    key = args[0]
    data = _find(ctx, key)
    try:
        values, is_dense = _merged(ctx, args)
        data = hll.new() if data is None else data
        if is_dense and data[4] == hll.SPARSE:
            data = hll.to_dense(data)
        limit = _sparse_max(ctx)
        for index, value in enumerate(values):
            if value:
                data, _ = hll.set_register(data, index, value, limit)
    except hll.CorruptedError:
        raise _corrupted() from None
    hll.invalidate(data)
    ctx.db.put(key, data)
    ctx.changed(key, b"pfadd", STRING)
    return OK


@FAMILY.command("PFDEBUG")
def pfdebug(ctx: Context, args: list[bytes]) -> Reply:
    """Look into a HyperLogLog, or make it dense."""
    name, key = args[0].upper(), args[1]
    data = _find(ctx, key)
    if data is None:
        raise ReplyError("The specified key does not exist")
    if len(args) != 2:
        raise wrong_arity("pfdebug")
    try:
        if name == b"GETREG":
            return hll.registers(data)
        if name == b"DECODE":
            if data[4] != hll.SPARSE:
                raise ReplyError("HLL encoding is not sparse")
            return " ".join(_shown(*run) for run in hll.runs(data)).encode()
        if name == b"ENCODING":
            return Status((b"dense", b"sparse")[data[4]])
        if name == b"TODENSE":
            if data[4] == hll.DENSE:
                return 0
            ctx.db.put(key, hll.to_dense(data))
            ctx.touched(key)
            return 1
    except hll.CorruptedError:
        raise _corrupted() from None
    raise ReplyError(f"Unknown PFDEBUG subcommand '{args[0].decode('utf-8', 'replace')}'")


def _shown(size: int, run: int, value: int) -> str:
    if value:
        return f"v:{value},{run}"
    return f"{'z' if size == 1 else 'Z'}:{run}"


@FAMILY.command("PFSELFTEST")
def pfselftest(_ctx: Context, _args: list[bytes]) -> Reply:
    """Set registers of a sparse and a dense one alike, and compare."""
    sparse, dense = hll.new(), hll.to_dense(hll.new())
    for number in range(SAMPLES):
        place = hll.place_of(b"%d" % number)
        sparse, _ = hll.set_register(sparse, *place, hll.DENSE_BYTES)
        dense, _ = hll.set_register(dense, *place, hll.DENSE_BYTES)
    estimate = hll.count(hll.registers(dense))
    if hll.registers(sparse) != hll.registers(dense) or abs(estimate - SAMPLES) > SAMPLES // 20:
        raise ReplyError("TESTFAILED dense and sparse registers differ")
    return OK
