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

_CITEXT_MISSING = frozenset({
    "citext_hash", "citext_hash_extended", "citext_larger", "citext_smaller", "citext_pattern_cmp", "citext_pattern_ge",
    "citext_pattern_gt", "citext_pattern_le", "citext_pattern_lt", "texticlike", "texticnlike", "texticregexeq", "texticregexne",
})  # fmt: skip
_VECTOR_MISSING = frozenset({"hamming_distance", "jaccard_distance", "vector_spherical_distance"})

EXTENSIONS = {
    one.name: one
    for one in (
        Extension("citext", "1.6", "data type for case-insensitive character strings", _CITEXT_MISSING),
        Extension("pg_trgm", "1.6", "text similarity measurement and index searching based on trigrams"),
        Extension("vector", "0.8.0", "vector data type and ivfflat and hnsw access methods", _VECTOR_MISSING),
        Extension("pgcrypto", "1.3", "cryptographic functions", _PGCRYPTO_MISSING),
        Extension("uuid-ossp", "1.1", "generate universally unique identifiers (UUIDs)"),
    )
}
