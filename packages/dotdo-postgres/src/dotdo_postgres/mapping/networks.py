"""inet, cidr, macaddr and macaddr8: byte strings that order as PostgreSQL orders the addresses."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from dotdo_postgres.errors import error
from dotdo_postgres.mapping.forms import Codec

V4, V6 = 4, 6
_CLASSES = ((240, 32), (224, 8), (192, 24), (128, 16), (0, 8))
_PAIRS = tuple(sum(((byte >> bit & 1) + 1) << (2 * bit) for bit in range(8)) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Address:
    """An address with the length of its network's prefix.

    Args:
        family: 4 or 6.
        number: The address.
        bits: Length of the prefix.
    """

    family: int
    number: int
    bits: int

    @property
    def size(self) -> int:
        """Bits of an address of the family."""
        return 32 if self.family == V4 else 128

    @property
    def mask(self) -> int:
        """The network's bits set."""
        return ((1 << self.bits) - 1) << (self.size - self.bits)

    @property
    def network(self) -> int:
        """The address without the bits of the host."""
        return self.number & self.mask


def encode(address: Address) -> bytes:
    """Return bytes that order by family, then by network (a network before those within it), then by address."""
    width = address.size // 8
    network = address.network.to_bytes(width, "big")
    key = 0
    for byte in network:
        key = key << 16 | _PAIRS[byte]
    kept = 2 * address.bits
    key = key >> (width * 16 - kept) << (width * 16 - kept) if kept else 0
    head = bytes([address.family]) + key.to_bytes(width * 2, "big") + b"\0"
    return head + address.number.to_bytes(width, "big") + bytes([address.bits])


def decode(stored: bytes) -> Address:
    """Return the address behind its bytes."""
    family = stored[0]
    width = 4 if family == V4 else 16
    return Address(family, int.from_bytes(stored[-1 - width : -1], "big"), stored[-1])


def read(text: str, *, is_network: bool) -> Address:
    """Read an address, for cidr with parts left out.

    Raises:
        PostgresError: no address (22P02), for cidr bits of a host (22P02).
    """
    kind = "cidr" if is_network else "inet"
    failure = error("22P02", f'invalid input syntax for type {kind}: "{text}"')
    host, slash, length = text.strip().partition("/")
    found = _six(host) if ":" in host else _four(host, is_network=is_network)
    if found is None or (slash and not (length.isascii() and length.isdigit())):
        raise failure
    family, number, implied = found
    bits = int(length) if slash else implied
    address = Address(family, number, bits)
    if bits > address.size:
        raise failure
    if is_network and address.network != number:
        detail = "Value has bits set to right of mask."
        raise error("22P02", f'invalid cidr value: "{text}"', detail=detail)
    return address


def _four(host: str, *, is_network: bool) -> tuple[int, int, int] | None:
    parts = host.split(".")
    if parts and parts[-1] == "" and len(parts) > 1 and is_network:
        parts.pop()
    if not 1 <= len(parts) <= 4 or (len(parts) < 4 and not is_network):
        return None
    if not all(part.isascii() and part.isdigit() and int(part) < 256 for part in parts):
        return None
    octets = [int(part) for part in parts] + [0] * (4 - len(parts))
    number = int.from_bytes(bytes(octets), "big")
    if not is_network:
        return V4, number, 32
    first = octets[0]
    by_class = next(bits for least, bits in _CLASSES if first >= least)
    bits = max(by_class, 8 * len(parts))
    return V4, number, 4 if bits == 8 and first == 224 else bits


def _six(host: str) -> tuple[int, int, int] | None:
    try:
        return V6, int(IPv6Address(host)), 128
    except ValueError:
        return None


def shown(address: Address, *, with_bits: bool) -> str:
    """Write an address, with the length of its prefix when asked for."""
    if address.family == V4:
        text = str(IPv4Address(address.number))
    else:
        text = _six_text(address.number)
    return f"{text}/{address.bits}" if with_bits else text


def _six_text(number: int) -> str:
    if number and number >> 32 in {0, 0xFFFF} and number >> 16:
        low = str(IPv4Address(number & 0xFFFFFFFF))
        return f"::ffff:{low}" if number >> 32 else f"::{low}"
    return str(IPv6Address(number))


def inet_text(stored: bytes) -> str:
    """Write an inet: the prefix only where it is not the whole address."""
    address = decode(stored)
    return shown(address, with_bits=address.bits != address.size)


def cidr_text(stored: bytes) -> str:
    """Write a cidr."""
    return shown(decode(stored), with_bits=True)


def _binary(stored: bytes, *, is_network: bool) -> bytes:
    address = decode(stored)
    width = address.size // 8
    family = 2 if address.family == V4 else 3
    head = bytes([family, address.bits, int(is_network), width])
    return head + address.number.to_bytes(width, "big")


def _from_binary(data: bytes) -> bytes:
    if len(data) < 4 or data[0] not in {2, 3} or len(data) != 4 + data[3]:
        raise error("22P03", "invalid address family in external inet value")
    number = int.from_bytes(data[4:], "big")
    return encode(Address(V4 if data[0] == 2 else V6, number, data[1]))


INET = Codec(
    lambda text: encode(read(text, is_network=False)),
    inet_text,
    _from_binary,
    lambda stored: _binary(stored, is_network=False),
    inet_text,
)
CIDR = Codec(
    lambda text: encode(read(text, is_network=True)),
    cidr_text,
    _from_binary,
    lambda stored: _binary(stored, is_network=True),
    cidr_text,
)

# --- hardware addresses --------------------------------------------------------------------

_MAC = re.compile(
    r"(?:[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}|[0-9a-f]{1,2}(-[0-9a-f]{1,2}){5}"
    r"|[0-9a-f]{6}[:-][0-9a-f]{6}|[0-9a-f]{4}([.-])[0-9a-f]{4}\3[0-9a-f]{4}|[0-9a-f]{12})"
)
_MAC8 = re.compile(r"[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}(?:[:.-]?[0-9a-f]{2}){0,2}")


def mac_from_text(text: str) -> bytes:
    """Read a hardware address of six bytes.

    Raises:
        PostgresError: none (22P02).
    """
    word = text.strip().lower()
    if not _MAC.fullmatch(word):
        raise error("22P02", f'invalid input syntax for type macaddr: "{text}"')
    parts = re.split(r"[:-]", word)
    if len(parts) == 6:
        return bytes(int(part, 16) for part in parts)
    return bytes.fromhex(re.sub(r"[:.-]", "", word))


def mac8_from_text(text: str) -> bytes:
    """Read a hardware address of eight bytes; one of six gets FF:FE in its middle.

    Raises:
        PostgresError: none (22P02).
    """
    word = text.strip().lower()
    digits = re.sub(r"[:.-]", "", word)
    if not _MAC8.fullmatch(word) or len(digits) not in {12, 16}:
        raise error("22P02", f'invalid input syntax for type macaddr8: "{text}"')
    data = bytes.fromhex(digits)
    return data if len(data) == 8 else data[:3] + b"\xff\xfe" + data[3:]


def mac_text(stored: bytes) -> str:
    """Write a hardware address."""
    return stored.hex(":")


MACADDR = Codec(mac_from_text, mac_text, bytes, bytes, mac_text)
MACADDR8 = Codec(mac8_from_text, mac_text, bytes, bytes, mac_text)
