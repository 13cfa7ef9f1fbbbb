"""Network addresses (9.12): containment, arithmetic, parts, casts."""

from __future__ import annotations

from dataclasses import replace

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import networks as forms
from dotdo_postgres.mapping.networks import V4, Address, decode, encode

FAMILY = Family("9.12")


def _contains(outer: Address, inner: Address, *, is_strict: bool) -> bool:
    if outer.family != inner.family or outer.bits > inner.bits:
        return False
    return (inner.number & outer.mask) == outer.network and not (
        is_strict and outer.bits == inner.bits
    )


@FAMILY.operator("inet << inet", returns="boolean")
def is_within(left: bytes, right: bytes) -> int:
    """Tell whether a network is strictly within another."""
    return int(_contains(decode(right), decode(left), is_strict=True))


@FAMILY.operator("inet <<= inet", returns="boolean")
def is_within_or_equal(left: bytes, right: bytes) -> int:
    """Tell whether a network is within another or the same."""
    return int(_contains(decode(right), decode(left), is_strict=False))


@FAMILY.operator("inet >> inet", returns="boolean")
def has_within(left: bytes, right: bytes) -> int:
    """Tell whether a network strictly contains another."""
    return is_within(right, left)


@FAMILY.operator("inet >>= inet", returns="boolean")
def has_within_or_equal(left: bytes, right: bytes) -> int:
    """Tell whether a network contains another or is the same."""
    return is_within_or_equal(right, left)


@FAMILY.operator("inet && inet", returns="boolean")
def overlap(left: bytes, right: bytes) -> int:
    """Tell whether one of two networks contains the other."""
    return int(is_within_or_equal(left, right) or is_within_or_equal(right, left))


def _pair(word: str, left: bytes, right: bytes) -> tuple[Address, Address]:
    one, other = decode(left), decode(right)
    if one.family != other.family:
        raise error("22023", f"cannot {word} inet values of different sizes")
    return one, other


@FAMILY.operator("~ inet", returns="inet")
def inverted(stored: bytes) -> bytes:
    """Return the address with all bits turned."""
    address = decode(stored)
    return encode(replace(address, number=~address.number & ((1 << address.size) - 1)))


@FAMILY.operator("inet & inet", returns="inet")
def both(left: bytes, right: bytes) -> bytes:
    """Return the bits set in both (22023 for different families)."""
    one, other = _pair("AND", left, right)
    return encode(Address(one.family, one.number & other.number, max(one.bits, other.bits)))


@FAMILY.operator("inet | inet", returns="inet")
def either(left: bytes, right: bytes) -> bytes:
    """Return the bits set in either (22023 for different families)."""
    one, other = _pair("OR", left, right)
    return encode(Address(one.family, one.number | other.number, max(one.bits, other.bits)))


@FAMILY.operator("inet + bigint", returns="inet")
def plus(stored: bytes, count: int) -> bytes:
    """Move an address up (22003 past the last)."""
    address = decode(stored)
    number = address.number + count
    if not 0 <= number < 1 << address.size:
        raise error("22003", "result is out of range")
    return encode(replace(address, number=number))


@FAMILY.operator("bigint + inet", returns="inet")
def added_to(count: int, stored: bytes) -> bytes:
    """Move an address up (22003 past the last)."""
    return plus(stored, count)


@FAMILY.operator("inet - bigint", returns="inet")
def minus(stored: bytes, count: int) -> bytes:
    """Move an address down (22003 past the first)."""
    return plus(stored, -count)


@FAMILY.operator("inet - inet", returns="bigint")
def distance(left: bytes, right: bytes) -> int:
    """Return how far addresses are apart (22003 when too far, 22023 for different families)."""
    one, other = decode(left), decode(right)
    if one.family != other.family:
        raise error("22023", "cannot subtract inet values of different sizes")
    found = one.number - other.number
    if not -(1 << 63) <= found < 1 << 63:
        raise error("22003", "result is out of range")
    return found


# --- parts -----------------------------------------------------------------------------------


@FAMILY.function("family(inet)", returns="integer")
def family(stored: bytes) -> int:
    """Return 4 or 6."""
    return decode(stored).family


@FAMILY.function("masklen(inet)", returns="integer")
def mask_length(stored: bytes) -> int:
    """Return the length of the prefix."""
    return decode(stored).bits


@FAMILY.function("host(inet)", returns="text")
def host(stored: bytes) -> str:
    """Write the address alone."""
    return forms.shown(decode(stored), with_bits=False)


@FAMILY.function("text(inet)", returns="text")
@FAMILY.cast("inet as text", "cidr as text")
def text(stored: bytes) -> str:
    """Write the address with its prefix."""
    return forms.shown(decode(stored), with_bits=True)


@FAMILY.function("abbrev(inet)", returns="text")
def abbreviated(stored: bytes) -> str:
    """Write an address as short as its type may be."""
    return forms.inet_text(stored)


@FAMILY.function("abbrev(cidr)", returns="text")
def abbreviated_network(stored: bytes) -> str:
    """Write a network without the bytes that its prefix leaves out."""
    address = decode(stored)
    if address.family != V4:
        shown = forms.shown(address, with_bits=False)
        groups = shown.removesuffix("::").split(":")
        is_cut = shown.endswith("::") and shown != "::" and len(groups) <= -(-address.bits // 16)
        return f"{shown.removesuffix('::') if is_cut else shown}/{address.bits}"
    octets = forms.shown(address, with_bits=False).split(".")
    count = max((address.bits + 7) // 8, 1)
    return f"{'.'.join(octets[:count])}/{address.bits}"


@FAMILY.function("netmask(inet)", returns="inet")
def net_mask(stored: bytes) -> bytes:
    """Return the mask of the network's bits."""
    address = decode(stored)
    return encode(Address(address.family, address.mask, address.size))


@FAMILY.function("hostmask(inet)", returns="inet")
def host_mask(stored: bytes) -> bytes:
    """Return the mask of the host's bits."""
    address = decode(stored)
    number = ~address.mask & ((1 << address.size) - 1)
    return encode(Address(address.family, number, address.size))


@FAMILY.function("broadcast(inet)", returns="inet")
def broadcast(stored: bytes) -> bytes:
    """Return the last address of the network."""
    address = decode(stored)
    number = address.network | (~address.mask & ((1 << address.size) - 1))
    return encode(replace(address, number=number))


@FAMILY.function("network(inet)", returns="cidr")
@FAMILY.cast("inet as cidr")
def network(stored: bytes) -> bytes:
    """Return the network of an address."""
    address = decode(stored)
    return encode(replace(address, number=address.network))


def _with_bits(stored: bytes, bits: int) -> Address:
    address = decode(stored)
    bits = address.size if bits == -1 else bits
    if not 0 <= bits <= address.size:
        raise error("22023", f"invalid mask length: {bits}")
    return replace(address, bits=bits)


@FAMILY.function("set_masklen(inet, integer)", returns="inet")
def set_mask_length(stored: bytes, bits: int) -> bytes:
    """Change the length of the prefix (22023 when it does not fit)."""
    return encode(_with_bits(stored, bits))


@FAMILY.function("set_masklen(cidr, integer)", returns="cidr")
def set_network_length(stored: bytes, bits: int) -> bytes:
    """Change the length of a network's prefix (22023 when it does not fit)."""
    address = _with_bits(stored, bits)
    return encode(replace(address, number=address.network))


@FAMILY.function("inet_same_family(inet, inet)", returns="boolean")
def is_same_family(left: bytes, right: bytes) -> int:
    """Tell whether both are of one family."""
    return int(left[0] == right[0])


@FAMILY.function("inet_merge(inet, inet)", returns="cidr")
def merged(left: bytes, right: bytes) -> bytes:
    """Return the smallest network that contains both (22023 for different families)."""
    one, other = decode(left), decode(right)
    if one.family != other.family:
        raise error("22023", "cannot merge addresses from different families")
    differing = (one.number ^ other.number).bit_length()
    bits = min(one.bits, other.bits, one.size - differing)
    whole = Address(one.family, one.number, bits)
    return encode(replace(whole, number=whole.network))


@FAMILY.cast("text as inet")
def read_inet(value: str) -> bytes:
    """Read an address (22P02)."""
    return encode(forms.read(value, is_network=False))


@FAMILY.cast("text as cidr")
def read_cidr(value: str) -> bytes:
    """Read a network (22P02)."""
    return encode(forms.read(value, is_network=True))


# --- hardware addresses ----------------------------------------------------------------------


@FAMILY.cast("text as macaddr")
def read_mac(value: str) -> bytes:
    """Read six bytes (22P02)."""
    return forms.mac_from_text(value)


@FAMILY.cast("text as macaddr8")
def read_mac8(value: str) -> bytes:
    """Read eight bytes (22P02)."""
    return forms.mac8_from_text(value)


@FAMILY.cast("macaddr as text", "macaddr8 as text")
def write_mac(stored: bytes) -> str:
    """Write the bytes."""
    return forms.mac_text(stored)


@FAMILY.cast("macaddr as macaddr8")
def widened(stored: bytes) -> bytes:
    """Put FF:FE in the middle."""
    return stored[:3] + b"\xff\xfe" + stored[3:]


@FAMILY.cast("macaddr8 as macaddr")
def narrowed(stored: bytes) -> bytes:
    """Take FF:FE out of the middle (22003 when it is not there)."""
    if stored[3:5] != b"\xff\xfe":
        hint = (
            "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left,"
            " for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr."
        )
        raise error("22003", "macaddr8 data out of range to convert to macaddr", hint=hint)
    return stored[:3] + stored[5:]


@FAMILY.function("trunc(macaddr)", returns="macaddr")
def truncated(stored: bytes) -> bytes:
    """Keep the maker's three bytes."""
    return stored[:3] + b"\0\0\0"


@FAMILY.function("trunc(macaddr8)", returns="macaddr8")
def truncated8(stored: bytes) -> bytes:
    """Keep the maker's three bytes."""
    return stored[:3] + b"\0" * 5


@FAMILY.function("macaddr8_set7bit(macaddr8)", returns="macaddr8")
def with_local_bit(stored: bytes) -> bytes:
    """Set the bit that marks an address made for IPv6."""
    return bytes([stored[0] | 2]) + stored[1:]


def _hardware(kind: str) -> None:
    @FAMILY.operator(f"~ {kind}", returns=kind)
    def invert(stored: bytes) -> bytes:
        return bytes(~byte & 0xFF for byte in stored)

    @FAMILY.operator(f"{kind} & {kind}", returns=kind)
    def conjoin(left: bytes, right: bytes) -> bytes:
        return bytes(a & b for a, b in zip(left, right, strict=True))

    @FAMILY.operator(f"{kind} | {kind}", returns=kind)
    def disjoin(left: bytes, right: bytes) -> bytes:
        return bytes(a | b for a, b in zip(left, right, strict=True))


_hardware("macaddr")
_hardware("macaddr8")
