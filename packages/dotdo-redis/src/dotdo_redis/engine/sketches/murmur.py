"""The MurmurHash2 functions of 32 and 64 bits, which place items in sketches; it refuses anything secret."""

_M32, _MASK32 = 0x5BD1E995, 0xFFFFFFFF
_M64, _MASK64 = 0xC6A4A7935BD1E995, 0xFFFFFFFFFFFFFFFF
FIRST_SEED = _M64


def murmur32(data: bytes, seed: int) -> int:
    """Hash to 32 bits."""
    size = len(data)
    value = seed ^ size
    whole = size & ~3
    for at in range(0, whole, 4):
        part = int.from_bytes(data[at : at + 4], "little") * _M32 & _MASK32
        part = (part ^ part >> 24) * _M32 & _MASK32
        value = value * _M32 & _MASK32 ^ part
    if whole < size:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _M32 & _MASK32
    value = (value ^ value >> 13) * _M32 & _MASK32
    return value ^ value >> 15


def murmur64(data: bytes, seed: int) -> int:
    """Hash to 64 bits."""
    size = len(data)
    value = seed ^ size * _M64 & _MASK64
    whole = size & ~7
    for at in range(0, whole, 8):
        part = int.from_bytes(data[at : at + 8], "little") * _M64 & _MASK64
        part = (part ^ part >> 47) * _M64 & _MASK64
        value = (value ^ part) * _M64 & _MASK64
    if whole < size:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _M64 & _MASK64
    value = (value ^ value >> 47) * _M64 & _MASK64
    return value ^ value >> 47
