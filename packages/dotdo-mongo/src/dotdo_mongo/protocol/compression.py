"""OP_COMPRESSED: messages packed by zlib, snappy or zstd, whichever are installed; it refuses what unpacks beyond its bounds."""

import struct
import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from dotdo_mongo.protocol.messages import MAX_MESSAGE_BYTES, OP_COMPRESSED, MalformedMessage

_PACKED = struct.Struct("<iib")
_HEADER = struct.Struct("<iiii")
NOOP, SNAPPY, ZLIB, ZSTD = range(4)
_NAMES = {"snappy": SNAPPY, "zlib": ZLIB, "zstd": ZSTD}


def installed() -> tuple[str, ...]:
    """Return the names of the compressors that can be used."""
    found = ["zlib"]
    if find_spec("snappy") is not None:
        found.append("snappy")
    if _zstd_module() is not None:
        found.append("zstd")
    return tuple(found)


def agreed(wanted: object) -> tuple[str, ...]:
    """Return those of a peer's compressors that can be used, in its order."""
    known = installed()
    return tuple(n for n in wanted if n in known) if isinstance(wanted, list) else ()


def number_of(name: str) -> int:
    """Return a compressor's number."""
    return _NAMES[name]


def unpack(data: bytes, start: int, end: int) -> tuple[int, int, bytes]:
    """Return the opcode, the compressor and the body of the message within an OP_COMPRESSED.

    Raises:
        MalformedMessage: It is none, or too large.
    """
    if end - start < _PACKED.size:
        raise MalformedMessage("a compressed message is cut off")
    opcode, size, compressor = _PACKED.unpack_from(data, start)
    packed = data[start + _PACKED.size : end]
    if not 0 <= size <= MAX_MESSAGE_BYTES:
        raise MalformedMessage(f"a message cannot unpack to {size} bytes")
    if compressor not in _UNPACK:
        raise MalformedMessage(f"unknown compressor {compressor}")
    try:
        body = _UNPACK[compressor](packed, size)
    except MalformedMessage:
        raise
    except Exception as error:  # each library has errors of its own
        raise MalformedMessage("a compressed message cannot be unpacked") from error
    if len(body) != size:
        raise MalformedMessage("a compressed message has another size than it says")
    return opcode, compressor, body


def pack(message: bytes, compressor: int) -> bytes:
    """Return a whole message as an OP_COMPRESSED."""
    _, request_id, response_to, opcode = _HEADER.unpack_from(message)
    body = message[_HEADER.size :]
    packed = _PACK[compressor](body)
    header = _HEADER.pack(
        _HEADER.size + _PACKED.size + len(packed), request_id, response_to, OP_COMPRESSED
    )
    return b"".join((header, _PACKED.pack(opcode, len(body), compressor), packed))


def _unpack_zlib(packed: bytes, size: int) -> bytes:
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(packed, size + 1)
    if unpacker.unconsumed_tail or len(body) > size:
        raise MalformedMessage("a compressed message has another size than it says")
    return body


def _unpack_snappy(packed: bytes, size: int) -> bytes:
    del size  # the format itself begins with it
    return bytes(import_module("snappy").decompress(packed))


def _zstd_module() -> str | None:
    return next(
        (name for name in ("compression.zstd", "backports.zstd", "zstandard") if _has(name)), None
    )


def _has(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _unpack_zstd(packed: bytes, size: int) -> bytes:
    name = _zstd_module()
    assert name is not None
    module = import_module(name)
    if name == "zstandard":
        return bytes(module.ZstdDecompressor().decompress(packed, max_output_size=size))
    return bytes(module.ZstdDecompressor().decompress(packed, max_length=size + 1))


def _pack_zstd(body: bytes) -> bytes:
    name = _zstd_module()
    assert name is not None
    module = import_module(name)
    return bytes(
        module.ZstdCompressor().compress(body) if name == "zstandard" else module.compress(body)
    )


_UNPACK: dict[int, Callable[[bytes, int], bytes]] = {
    NOOP: lambda packed, _: packed,
    SNAPPY: _unpack_snappy,
    ZLIB: _unpack_zlib,
    ZSTD: _unpack_zstd,
}
_PACK: dict[int, Callable[[bytes], bytes]] = {
    NOOP: lambda body: body,
    SNAPPY: lambda body: bytes(import_module("snappy").compress(body)),
    ZLIB: zlib.compress,
    ZSTD: _pack_zstd,
}
