"""The extensions of PostgreSQL 15 that can be created here, and which of their functions there are not."""

from typing import NamedTuple


class Extension(NamedTuple):
    """An extension as its control file describes it.

    Args:
        name: Its name.
        version: The one version that can be created.
        comment: What it is for.
        missing: Functions that it has and this lacks.
    """

    name: str
    version: str
    comment: str
    missing: frozenset[str] = frozenset()


PLPGSQL = Extension("plpgsql", "1.0", "PL/pgSQL procedural language")
"""There from the start, in pg_catalog; it is not dropped."""

_PGCRYPTO_MISSING = frozenset({
    "armor", "dearmor", "encrypt", "encrypt_iv", "decrypt", "decrypt_iv", "pgp_armor_headers", "pgp_key_id",
    "pgp_pub_decrypt", "pgp_pub_decrypt_bytea", "pgp_pub_encrypt", "pgp_pub_encrypt_bytea",
    "pgp_sym_decrypt", "pgp_sym_decrypt_bytea", "pgp_sym_encrypt", "pgp_sym_encrypt_bytea",
})  # fmt: skip

EXTENSIONS = {
    one.name: one
    for one in (
        Extension("pgcrypto", "1.3", "cryptographic functions", _PGCRYPTO_MISSING),
        Extension("uuid-ossp", "1.1", "generate universally unique identifiers (UUIDs)"),
    )
}
