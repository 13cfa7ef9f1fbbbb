"""inet, cidr, macaddr and macaddr8: byte strings that order as PostgreSQL orders the addresses."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from typing import Any

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
    """Read an address, or for cidr a network.

    Raises:
        PostgresError: no address (22P02), for cidr bits of a host (22P02).
    """
    address = _six(text) if ":" in text else _four(text, is_network=is_network)
    if address is None or address.bits > address.size:
        kind = "cidr" if is_network else "inet"
        raise error("22P02", f'invalid input syntax for type {kind}: "{text}"')
    if is_network and address.network != address.number:
        detail = "Value has bits set to right of mask."
        raise error("22P02", f'invalid cidr value: "{text}"', detail=detail)
    return address


_FOUR = re.compile(r"([0-9]+(?:\.[0-9]+){0,3})(?:/([0-9]+))?")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]+)(?:/([0-9]+))?")
_SIX_BITS = re.compile(r"0|[1-9][0-9]*")


def _four(text: str, *, is_network: bool) -> Address | None:
    match = _HEX.fullmatch(text) if is_network else None
    if match is not None:
        octets = list(bytes.fromhex(match[1] + "0" * (len(match[1]) % 2)))
    else:
        match = _FOUR.fullmatch(text)
        octets = [int(part) for part in match[1].split(".")] if match else []
    if match is None or len(octets) > 4 or max(octets) > 255:
        return None
    if match[2] is not None:
        bits = int(match[2])
    elif is_network:
        bits = _class_bits(octets)
    elif len(octets) == 4:
        bits = 32
    else:
        return None
    return Address(V4, int.from_bytes(bytes(octets + [0] * (4 - len(octets))), "big"), bits)


def _class_bits(octets: list[int]) -> int:
    """Return the prefix that the class of an address means; what is written out belongs to it."""
    by_class = next(bits for least, bits in _CLASSES if octets[0] >= least)
    bits = max(by_class, 8 * len(octets))
    return 4 if bits == 8 and octets[0] == 224 else bits


def _six(text: str) -> Address | None:
    host, slash, bits = text.partition("/")
    if "%" in host or (slash and not _SIX_BITS.fullmatch(bits)):
        return None
    try:
        return Address(V6, int(IPv6Address(host)), int(bits) if slash else 128)
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


def _from_binary(data: bytes, kind: str) -> Address:
    family = {2: V4, 3: V6}.get(data[0]) if len(data) >= 4 else None
    if family is None:
        raise error("22P03", f'invalid address family in external "{kind}" value')
    address = Address(family, int.from_bytes(data[4:], "big"), data[1])
    if address.bits > address.size:
        raise error("22P03", f'invalid bits in external "{kind}" value')
    if data[3] != address.size // 8 or len(data) != 4 + data[3]:
        raise error("22P03", f'invalid length in external "{kind}" value')
    return address


def _inet_from_binary(data: bytes) -> bytes:
    return encode(_from_binary(data, "inet"))


def _cidr_from_binary(data: bytes) -> bytes:
    address = _from_binary(data, "cidr")
    if address.number & ((1 << (address.size - address.bits)) - 1):
        detail = "Value has bits set to right of mask."
        raise error("22P03", 'invalid external "cidr" value', detail=detail)
    return encode(address)


def _inet_to_python(stored: bytes) -> Any:  # type: ignore[explicit-any]  # an address or an interface
    text = inet_text(stored)
    return ip_interface(text) if "/" in text else ip_address(text)


def _cidr_to_python(stored: bytes) -> Any:  # type: ignore[explicit-any]  # of either family
    return ip_network(cidr_text(stored))


INET = Codec(
    lambda text: encode(read(text, is_network=False)),
    inet_text,
    _inet_from_binary,
    lambda stored: _binary(stored, is_network=False),
    _inet_to_python,
)
CIDR = Codec(
    lambda text: encode(read(text, is_network=True)),
    cidr_text,
    _cidr_from_binary,
    lambda stored: _binary(stored, is_network=True),
    _cidr_to_python,
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


def _mac_from_binary(data: bytes) -> bytes:
    if len(data) != 6:
        raise error("22P03", "incorrect binary data format for type macaddr")
    return bytes(data)


def _mac8_from_binary(data: bytes) -> bytes:
    if len(data) not in {6, 8}:
        raise error("22P03", "incorrect binary data format for type macaddr8")
    return data[:3] + b"\xff\xfe" + data[3:] if len(data) == 6 else bytes(data)


MACADDR = Codec(mac_from_text, mac_text, _mac_from_binary, bytes, mac_text)
MACADDR8 = Codec(mac8_from_text, mac_text, _mac8_from_binary, bytes, mac_text)
