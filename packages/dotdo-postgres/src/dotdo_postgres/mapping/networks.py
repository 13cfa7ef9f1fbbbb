"""inet, cidr, macaddr and macaddr8: their text, their binary form, and bytes that sort as PostgreSQL sorts them.

An address is kept as family (4 or 6), address cut to its prefix, length of the prefix, address: memcmp gives the order.
"""

import re
from ipaddress import AddressValueError, IPv6Address, ip_address, ip_interface, ip_network
from typing import Any, NamedTuple

from dotdo_postgres.errors import PostgresError, error

_WIDTHS = {4: 32, 6: 128}
_WIRE_FAMILY = {4: 2, 6: 3}


class Network(NamedTuple):
    """An address with the length of its prefix.

    Args:
        family: 4 or 6.
        address: as a number.
        bits: length of the prefix.
    """

    family: int
    address: int
    bits: int

    @property
    def width(self) -> int:
        """Bits of an address of the family."""
        return _WIDTHS[self.family]

    @property
    def host_mask(self) -> int:
        """The bits beyond the prefix, all set."""
        return (1 << self.width - self.bits) - 1

    @property
    def first(self) -> int:
        """The address with nothing beyond the prefix."""
        return self.address & ~self.host_mask


def encode(made: Network) -> bytes:
    """Return the bytes that keep an address."""
    size = made.width // 8
    first, whole = made.first.to_bytes(size, "big"), made.address.to_bytes(size, "big")
    return bytes((made.family,)) + first + bytes((made.bits,)) + whole


def decode(stored: bytes) -> Network:
    """Return the address that is kept."""
    size = _WIDTHS[stored[0]] // 8
    return Network(stored[0], int.from_bytes(stored[-size:], "big"), stored[1 + size])


# --- text ----------------------------------------------------------------------------------


def address_text(family: int, address: int) -> str:
    """Write an address; the last 32 bits of an embedded IPv4 address as such."""
    if family == 4:
        return str(ip_address(address.to_bytes(4, "big")))
    high = address >> 32
    is_mapped = high == 0xFFFF
    if is_mapped or (high == 0 and address > 0xFFFF) or (high == 0 and 1 < address <= 0xFFFF):
        low = address_text(4, address & 0xFFFFFFFF)
        return f"::ffff:{low}" if is_mapped else f"::{low}"
    return str(IPv6Address(address))


def inet_to_text(stored: bytes) -> str:
    """Write an address, its prefix only where it is not the whole."""
    made = decode(stored)
    text = address_text(made.family, made.address)
    return text if made.bits == made.width else f"{text}/{made.bits}"


def cidr_to_text(stored: bytes) -> str:
    """Write an address with its prefix."""
    made = decode(stored)
    return f"{address_text(made.family, made.address)}/{made.bits}"


def inet_from_text(text: str) -> bytes:
    """Read a host address, with or without a prefix.

    Raises:
        PostgresError: 22P02.
    """
    made = _read_v6(text) if ":" in text else _read_v4(text)
    if made is None:
        raise _unreadable("inet", text)
    return encode(made)


def cidr_from_text(text: str) -> bytes:
    """Read a network.

    Raises:
        PostgresError: 22P02; also for bits beyond the prefix.
    """
    made = _read_v6(text) if ":" in text else _read_network(text)
    if made is None:
        raise _unreadable("cidr", text)
    _require_network(made, text)
    return encode(made)


def _require_network(made: Network, text: str) -> None:
    if made.first != made.address:
        detail = "Value has bits set to right of mask."
        raise error("22P02", f'invalid cidr value: "{text}"', detail=detail)


def _unreadable(kind: str, text: str) -> PostgresError:
    return error("22P02", f'invalid input syntax for type {kind}: "{text}"')


_V4 = re.compile(r"([0-9]+(?:\.[0-9]+){0,3})(?:/([0-9]+))?")
_HEX = re.compile(r"0[xX]([0-9a-fA-F]+)(?:/([0-9]+))?")
_V6_BITS = re.compile(r"0|[1-9][0-9]*")


def _octets(listed: str) -> list[int] | None:
    octets = [int(part) for part in listed.split(".")]
    return None if any(octet > 255 for octet in octets) else octets


def _filled(octets: list[int], bits: int) -> Network | None:
    if bits > 32:
        return None
    data = bytes(octets + [0] * (4 - len(octets)))
    return Network(4, int.from_bytes(data, "big"), bits)


def _read_v4(text: str) -> Network | None:
    match = _V4.fullmatch(text)
    octets = _octets(match[1]) if match else None
    if match is None or octets is None or (match[2] is None and len(octets) < 4):
        return None
    return _filled(octets, 32 if match[2] is None else int(match[2]))


def _read_network(text: str) -> Network | None:
    match = _HEX.fullmatch(text)
    if match is not None:
        digits = match[1] + "0" * (len(match[1]) % 2)
        octets: list[int] | None = list(bytes.fromhex(digits))
    else:
        match = _V4.fullmatch(text)
        octets = _octets(match[1]) if match else None
    if match is None or octets is None or len(octets) > 4:
        return None
    return _filled(octets, _class_bits(octets) if match[2] is None else int(match[2]))


def _class_bits(octets: list[int]) -> int:
    """Return the prefix that the class of an address means; what is written out belongs to it."""
    first = octets[0]
    bits = next(
        bits
        for least, bits in ((240, 32), (224, 8), (192, 24), (128, 16), (0, 8))
        if first >= least
    )
    bits = max(bits, 8 * len(octets))
    return 4 if bits == 8 and first == 224 else bits


def _read_v6(text: str) -> Network | None:
    listed, slash, bits = text.partition("/")
    if "%" in listed or (slash and not _V6_BITS.fullmatch(bits)):
        return None
    try:
        address = int(IPv6Address(listed))
    except AddressValueError:
        return None
    length = int(bits) if slash else 128
    return Network(6, address, length) if length <= 128 else None


# --- binary --------------------------------------------------------------------------------


def _to_binary(stored: bytes, is_cidr: int) -> bytes:
    made = decode(stored)
    size = made.width // 8
    return bytes((_WIRE_FAMILY[made.family], made.bits, is_cidr, size)) + stored[-size:]


def inet_to_binary(stored: bytes) -> bytes:
    """Write family, prefix, kind, size and address."""
    return _to_binary(stored, 0)


def cidr_to_binary(stored: bytes) -> bytes:
    """Write family, prefix, kind, size and address."""
    return _to_binary(stored, 1)


def _from_binary(data: bytes, kind: str) -> Network:
    families = {2: 4, 3: 6}
    family = families.get(data[0]) if len(data) >= 4 else None
    if family is None:
        raise error("22P03", f'invalid address family in external "{kind}" value')
    width = _WIDTHS[family]
    if data[1] > width:
        raise error("22P03", f'invalid bits in external "{kind}" value')
    if data[3] != width // 8 or len(data) != 4 + width // 8:
        raise error("22P03", f'invalid length in external "{kind}" value')
    return Network(family, int.from_bytes(data[4:], "big"), data[1])


def inet_from_binary(data: bytes) -> bytes:
    """Read the binary form.

    Raises:
        PostgresError: 22P03.
    """
    return encode(_from_binary(data, "inet"))


def cidr_from_binary(data: bytes) -> bytes:
    """Read the binary form.

    Raises:
        PostgresError: 22P03; 22P02 for bits beyond the prefix.
    """
    made = _from_binary(data, "cidr")
    if made.first != made.address:
        detail = "Value has bits set to right of mask."
        raise error("22P03", 'invalid external "cidr" value', detail=detail)
    return encode(made)


# --- Python --------------------------------------------------------------------------------


def inet_to_python(stored: bytes) -> Any:  # type: ignore[explicit-any]  # an address or an interface
    """Return psycopg's value: an address, or an interface where there is a prefix."""
    text = inet_to_text(stored)
    return ip_interface(text) if "/" in text else ip_address(text)


def cidr_to_python(stored: bytes) -> Any:  # type: ignore[explicit-any]  # of either family
    """Return psycopg's value, a network."""
    return ip_network(cidr_to_text(stored))


# --- hardware addresses --------------------------------------------------------------------

_MAC = re.compile(
    r"\s*(?:[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}|[0-9a-f]{1,2}(?:-[0-9a-f]{1,2}){5}|[0-9a-f]{6}[:-][0-9a-f]{6}"
    r"|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}|[0-9a-f]{4}(?:-[0-9a-f]{4}){2}|[0-9a-f]{12})\s*",
    re.IGNORECASE,
)
_MAC8 = re.compile(r"\s*[0-9a-f]{2}(?:([:.-]?)[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2})*)\s*", re.IGNORECASE)


def macaddr_from_text(text: str) -> bytes:
    """Read six bytes in one of the usual forms.

    Raises:
        PostgresError: 22P02.
    """
    if not _MAC.fullmatch(text):
        raise _unreadable("macaddr", text)
    parts = re.split(r"[:.-]", text.strip())
    if len(parts) == 6:
        parts = [part.zfill(2) for part in parts]
    return bytes.fromhex("".join(parts))


def macaddr8_from_text(text: str) -> bytes:
    """Read eight bytes, or six with ff:fe put in their middle.

    Raises:
        PostgresError: 22P02.
    """
    used = set(re.findall(r"[:.-]", text))
    data = b""
    if _MAC8.fullmatch(text) and len(used) <= 1:
        data = bytes.fromhex(re.sub(r"[:.\s-]", "", text))
    if len(data) == 6:
        return widened(data)
    if len(data) != 8:
        raise _unreadable("macaddr8", text)
    return data


def widened(mac: bytes) -> bytes:
    """Return eight bytes out of six."""
    return mac[:3] + b"\xff\xfe" + mac[3:]


def mac_to_text(stored: bytes) -> str:
    """Write a hardware address."""
    return stored.hex(":")
