"""Network address functions and operators (9.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import networks
from dotdo_postgres.mapping.networks import Network, address_text, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable

FAMILY = Family("9.12")


# --- parts ---------------------------------------------------------------------------------


@FAMILY.function("abbrev(inet)", returns="text")
def abbrev(stored: bytes) -> str:
    """Return the text form."""
    return networks.inet_to_text(stored)


@FAMILY.function("abbrev(cidr)", returns="text")
def abbrev_network(stored: bytes) -> str:
    """Return the text without the bytes that the prefix leaves out."""
    made = decode(stored)
    if made.family == 6:
        text = address_text(6, made.address)
        whole_groups = -(-made.bits // 16)
        groups = text.removesuffix("::").split(":")
        is_cut = text.endswith("::") and text != "::" and len(groups) <= whole_groups
        return f"{text.removesuffix('::') if is_cut else text}/{made.bits}"
    octets = address_text(4, made.address).split(".")
    return f"{'.'.join(octets[: max(1, -(-made.bits // 8))])}/{made.bits}"


@FAMILY.function("broadcast(inet)", returns="inet")
def broadcast(stored: bytes) -> bytes:
    """Return the last address of the network."""
    made = decode(stored)
    return encode(made._replace(address=made.address | made.host_mask))


@FAMILY.function("family(inet)", returns="integer")
def family(stored: bytes) -> int:
    """Return 4 or 6."""
    return stored[0]


@FAMILY.function("host(inet)", returns="text")
def host(stored: bytes) -> str:
    """Return the address without its prefix."""
    made = decode(stored)
    return address_text(made.family, made.address)


@FAMILY.function("hostmask(inet)", returns="inet")
def hostmask(stored: bytes) -> bytes:
    """Return the bits beyond the prefix."""
    made = decode(stored)
    return encode(Network(made.family, made.host_mask, made.width))


@FAMILY.function("netmask(inet)", returns="inet")
def netmask(stored: bytes) -> bytes:
    """Return the bits of the prefix."""
    made = decode(stored)
    whole = (1 << made.width) - 1
    return encode(Network(made.family, whole ^ made.host_mask, made.width))


@FAMILY.function("masklen(inet)", returns="integer")
def masklen(stored: bytes) -> int:
    """Return the length of the prefix."""
    return decode(stored).bits


@FAMILY.function("network(inet)", returns="cidr")
@FAMILY.cast("inet as cidr")
def network(stored: bytes) -> bytes:
    """Return the network of an address."""
    made = decode(stored)
    return encode(made._replace(address=made.first))


def _with_bits(stored: bytes, bits: int) -> Network:
    made = decode(stored)
    if not -1 <= bits <= made.width:
        raise error("22023", f"invalid mask length: {bits}")
    return made._replace(bits=made.width if bits < 0 else bits)


@FAMILY.function("set_masklen(inet, integer)", returns="inet")
def set_masklen(stored: bytes, bits: int) -> bytes:
    """Change the prefix; -1 is the whole address.

    Raises:
        PostgresError: too long (22023).
    """
    return encode(_with_bits(stored, bits))


@FAMILY.function("set_masklen(cidr, integer)", returns="cidr")
def set_network_masklen(stored: bytes, bits: int) -> bytes:
    """Change the prefix, and drop what is beyond.

    Raises:
        PostgresError: too long (22023).
    """
    made = _with_bits(stored, bits)
    return encode(made._replace(address=made.first))


@FAMILY.function("text(inet)", returns="text")
@FAMILY.cast("inet as text", "cidr as text")
def to_text(stored: bytes) -> str:
    """Write address and prefix."""
    return networks.cidr_to_text(stored)


@FAMILY.function("inet_same_family(inet, inet)", returns="boolean")
def inet_same_family(left: bytes, right: bytes) -> int:
    """Return whether both are of one family."""
    return int(left[0] == right[0])


@FAMILY.function("inet_merge(inet, inet)", returns="cidr")
def inet_merge(left: bytes, right: bytes) -> bytes:
    """Return the smallest network that holds both.

    Raises:
        PostgresError: they are of different families (22023).
    """
    one, other = decode(left), decode(right)
    if one.family != other.family:
        raise error("22023", "cannot merge addresses from different families")
    common = one.width - (one.address ^ other.address).bit_length()
    made = one._replace(bits=min(one.bits, other.bits, common))
    return encode(made._replace(address=made.first))


# --- containment ---------------------------------------------------------------------------


def _holds(outer: Network, inner: Network) -> bool:
    return (
        outer.family == inner.family
        and outer.bits <= inner.bits
        and outer.first == inner.address & ~outer.host_mask
    )


def _relating(op: str, relate: Callable[[Network, Network], bool]) -> None:
    @FAMILY.operator(f"inet {op} inet", returns="boolean")
    def related(left: bytes, right: bytes) -> int:
        return int(relate(decode(left), decode(right)))


_relating("<<", lambda left, right: left.bits > right.bits and _holds(right, left))
_relating("<<=", lambda left, right: _holds(right, left))
_relating(">>", lambda left, right: left.bits < right.bits and _holds(left, right))
_relating(">>=", _holds)
_relating("&&", lambda left, right: _holds(left, right) or _holds(right, left))


# --- bits and numbers ----------------------------------------------------------------------


@FAMILY.operator("~ inet", returns="inet")
def inverted(stored: bytes) -> bytes:
    """Invert every bit of the address."""
    made = decode(stored)
    return encode(made._replace(address=made.address ^ ((1 << made.width) - 1)))


def _combining(op: str, word: str, combine: Callable[[int, int], int]) -> None:
    @FAMILY.operator(f"inet {op} inet", returns="inet")
    def combined(left: bytes, right: bytes) -> bytes:
        one, other = decode(left), decode(right)
        if one.family != other.family:
            raise error("22023", f"cannot {word} inet values of different sizes")
        address = combine(one.address, other.address)
        return encode(Network(one.family, address, max(one.bits, other.bits)))


_combining("&", "AND", int.__and__)
_combining("|", "OR", int.__or__)


def _moved(stored: bytes, by: int) -> bytes:
    made = decode(stored)
    address = made.address + by
    if not 0 <= address < 1 << made.width:
        raise error("22003", "result is out of range")
    return encode(made._replace(address=address))


@FAMILY.operator("inet + bigint", returns="inet")
def plus(stored: bytes, by: int) -> bytes:
    """Return the address so many further."""
    return _moved(stored, by)


@FAMILY.operator("bigint + inet", returns="inet")
def plus_address(by: int, stored: bytes) -> bytes:
    """Return the address so many further."""
    return _moved(stored, by)


@FAMILY.operator("inet - bigint", returns="inet")
def minus(stored: bytes, by: int) -> bytes:
    """Return the address so many before."""
    return _moved(stored, -by)


@FAMILY.operator("inet - inet", returns="bigint")
def distance(left: bytes, right: bytes) -> int:
    """Return how many addresses lie between.

    Raises:
        PostgresError: different families (22023); more than 64 bits (22003).
    """
    one, other = decode(left), decode(right)
    if one.family != other.family:
        raise error("22023", "cannot subtract inet values of different sizes")
    gap = one.address - other.address
    if not -(1 << 63) <= gap < 1 << 63:
        raise error("22003", "result is out of range")
    return gap


# --- hardware addresses --------------------------------------------------------------------


@FAMILY.function("trunc(macaddr)", returns="macaddr")
@FAMILY.function("trunc(macaddr8)", returns="macaddr8")
def trunc(stored: bytes) -> bytes:
    """Keep the manufacturer's part."""
    return stored[:3] + bytes(len(stored) - 3)


@FAMILY.function("macaddr8_set7bit(macaddr8)", returns="macaddr8")
def set_seventh_bit(stored: bytes) -> bytes:
    """Set the bit that tells a modified EUI-64."""
    return bytes((stored[0] | 2,)) + stored[1:]


@FAMILY.cast("macaddr as macaddr8")
def widen(stored: bytes) -> bytes:
    """Put ff:fe into the middle."""
    return networks.widened(stored)


@FAMILY.cast("macaddr8 as macaddr")
def narrow(stored: bytes) -> bytes:
    """Take ff:fe out of the middle.

    Raises:
        PostgresError: it is not there (22003).
    """
    if stored[3:5] != b"\xff\xfe":
        raise error(
            "22003",
            "macaddr8 data out of range to convert to macaddr",
            hint="Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, "
            "for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.",
        )
    return stored[:3] + stored[5:]


def _bytewise(kind: str) -> None:
    @FAMILY.operator(f"~ {kind}", returns=kind)
    def invert(stored: bytes) -> bytes:
        return bytes(255 - byte for byte in stored)

    @FAMILY.operator(f"{kind} & {kind}", returns=kind)
    def both(left: bytes, right: bytes) -> bytes:
        return bytes(a & b for a, b in zip(left, right, strict=True))

    @FAMILY.operator(f"{kind} | {kind}", returns=kind)
    def either(left: bytes, right: bytes) -> bytes:
        return bytes(a | b for a, b in zip(left, right, strict=True))


_bytewise("macaddr")
_bytewise("macaddr8")
