"""Functions of the extension uuid-ossp; version 1 carries a random node instead of the address of a network card."""

import secrets
import uuid

from dotdo_postgres.engine.functions.session import random_uuid
from dotdo_postgres.engine.routines.declare import Family

FAMILY = Family("F.49")

_MULTICAST, _LOCAL = 1 << 40, 2 << 40


def _random_node() -> int:
    return secrets.randbits(48) | _MULTICAST | _LOCAL


_NODE = _random_node()


@FAMILY.function("uuid_nil()", returns="uuid")
def nil() -> bytes:
    """Return the uuid that is all zeros."""
    return bytes(16)


@FAMILY.function("uuid_ns_dns()", returns="uuid")
def ns_dns() -> bytes:
    """Return the namespace of domain names."""
    return uuid.NAMESPACE_DNS.bytes


@FAMILY.function("uuid_ns_url()", returns="uuid")
def ns_url() -> bytes:
    """Return the namespace of URLs."""
    return uuid.NAMESPACE_URL.bytes


@FAMILY.function("uuid_ns_oid()", returns="uuid")
def ns_oid() -> bytes:
    """Return the namespace of ISO object identifiers."""
    return uuid.NAMESPACE_OID.bytes


@FAMILY.function("uuid_ns_x500()", returns="uuid")
def ns_x500() -> bytes:
    """Return the namespace of X.500 distinguished names."""
    return uuid.NAMESPACE_X500.bytes


@FAMILY.function("uuid_generate_v1()", returns="uuid", is_volatile=True)
def generate_v1() -> bytes:
    """Return a uuid of the time and of a node that is the process's own."""
    return uuid.uuid1(node=_NODE).bytes


@FAMILY.function("uuid_generate_v1mc()", returns="uuid", is_volatile=True)
def generate_v1mc() -> bytes:
    """Return a uuid of the time and of a random multicast node."""
    return uuid.uuid1(node=_random_node()).bytes


@FAMILY.function("uuid_generate_v3(uuid, text)", returns="uuid")
def generate_v3(namespace: bytes, name: str) -> bytes:
    """Return the uuid of a name, by MD5."""
    return uuid.uuid3(uuid.UUID(bytes=namespace), name).bytes


@FAMILY.function("uuid_generate_v5(uuid, text)", returns="uuid")
def generate_v5(namespace: bytes, name: str) -> bytes:
    """Return the uuid of a name, by SHA-1."""
    return uuid.uuid5(uuid.UUID(bytes=namespace), name).bytes


FAMILY.function("uuid_generate_v4()", returns="uuid", is_volatile=True)(random_uuid)
