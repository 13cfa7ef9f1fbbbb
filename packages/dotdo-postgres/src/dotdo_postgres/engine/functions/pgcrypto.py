"""Functions of the extension pgcrypto: digests, keyed digests, salts, bcrypt and random bytes; no ciphers, no PGP, no older password hashes."""

import hashlib
import hmac
import secrets

from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error, not_supported

FAMILY = Family("F.28")

_DIGESTS = {
    "md5": "md5", "sha1": "sha1", "sha-1": "sha1",
    **{f"{prefix}{bits}": f"sha{bits}" for prefix in ("sha", "sha-", "sha2-") for bits in (224, 256, 384, 512)},
    **{f"sha3-{bits}": f"sha3_{bits}" for bits in (224, 256, 384, 512)},
    "sha512-224": "sha512_224", "sha512-256": "sha512_256", "blake2b512": "blake2b", "blake2s256": "blake2s", "sm3": "sm3",
    "rmd160": "ripemd160", "ripemd160": "ripemd160", "ripemd": "ripemd160",
}  # fmt: skip
_LETTERS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BCRYPT_LETTERS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_LENGTH, _BCRYPT_BYTES = 29, 72
_MOST_RANDOM = 1024


def _algorithm(name: str) -> str:
    """Return Python's name of a digest.

    Raises:
        PostgresError: there is no such digest (22023), or OpenSSL is built without it (0A000).
    """
    known = _DIGESTS.get(name.lower())
    if known is None:
        raise error("22023", f'Cannot use "{name}": No such hash algorithm')
    if known not in hashlib.algorithms_available:
        raise not_supported(f"the digest {name.lower()}")
    return known


@FAMILY.function("digest(bytea, text)", returns="bytea")
def digest(data: bytes, name: str) -> bytes:
    """Return a digest of bytes."""
    return hashlib.new(_algorithm(name), data, usedforsecurity=False).digest()


@FAMILY.function("digest(text, text)", returns="bytea")
def digest_text(data: str, name: str) -> bytes:
    """Return a digest of text in UTF-8."""
    return digest(data.encode(), name)


@FAMILY.function("hmac(bytea, bytea, text)", returns="bytea")
def keyed(data: bytes, key: bytes, name: str) -> bytes:
    """Return a keyed digest of bytes."""
    return hmac.new(key, data, _algorithm(name)).digest()


@FAMILY.function("hmac(text, text, text)", returns="bytea")
def keyed_text(data: str, key: str, name: str) -> bytes:
    """Return a keyed digest of text in UTF-8."""
    return keyed(data.encode(), key.encode(), name)


@FAMILY.function("gen_random_bytes(integer)", returns="bytea", is_volatile=True)
def random_bytes(count: int) -> bytes:
    """Return random bytes.

    Raises:
        PostgresError: not between 1 and 1024 (39000).
    """
    if not 1 <= count <= _MOST_RANDOM:
        raise error("39000", "Length not in range")
    return secrets.token_bytes(count)


@FAMILY.function("gen_salt(text)", returns="text", is_volatile=True)
def salt(kind: str) -> str:
    """Return a salt for `crypt` with as many rounds as are usual."""
    return salt_of_rounds(kind, 0)


@FAMILY.function("gen_salt(text, integer)", returns="text", is_volatile=True)
def salt_of_rounds(kind: str, rounds: int) -> str:
    """Return a salt for `crypt`; 0 is for as many rounds as are usual.

    Raises:
        PostgresError: an unknown kind, or rounds that it has not (22023).
    """
    make = _SALTS.get(kind.lower())
    if make is None:
        raise error("22023", "gen_salt: Unknown salt algorithm")
    made = make(rounds)
    if made is None:
        raise error("22023", "gen_salt: Incorrect number of rounds")
    return made


def _random_letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _des_salt(rounds: int) -> str | None:
    return _random_letters(2) if rounds in {0, 25} else None


def _md5_salt(rounds: int) -> str | None:
    return f"$1${_random_letters(8)}" if rounds in {0, 1000} else None


def _extended_des_salt(rounds: int) -> str | None:
    rounds = rounds or 29 * 25
    if rounds % 2 == 0 or not 1 <= rounds < 1 << 24:
        return None
    written = "".join(_LETTERS[rounds >> shift & 63] for shift in (0, 6, 12, 18))
    return f"_{written}{_random_letters(4)}"


def _bcrypt_salt(rounds: int) -> str | None:
    rounds = rounds or 6
    if not 4 <= rounds <= 31:
        return None
    bits = secrets.randbits(128) << 4  # 22 letters of 6 bits
    written = "".join(_BCRYPT_LETTERS[bits >> shift & 63] for shift in range(126, -1, -6))
    return f"$2a${rounds:02d}${written}"


_SALTS = {
    "des": _des_salt, "md5": _md5_salt, "xdes": _extended_des_salt, "bf": _bcrypt_salt,
}  # fmt: skip


@FAMILY.function("crypt(text, text)", returns="text")
def crypt(password: str, setting: str) -> str:
    """Return the hash of a password, salted as a salt or an earlier hash says.

    Raises:
        PostgresError: not a salt (22023), one of another kind than `bf` (0A000).
    """
    if len(setting) < 2:
        raise error("22023", "invalid salt")
    if not setting.startswith("$2a$"):
        raise not_supported("crypt with a salt of another kind than bf")
    given = setting[:_BCRYPT_LENGTH]
    is_whole = len(given) == _BCRYPT_LENGTH and given[6] == "$" and given[4:6].isdecimal()
    if not is_whole or not set(given[7:]) <= set(_BCRYPT_LETTERS) or not 4 <= int(given[4:6]) <= 31:
        raise error("22023", "invalid salt")
    try:
        import bcrypt
    except ImportError:
        raise not_supported("crypt without the extra pgcrypto") from None
    last = _BCRYPT_LETTERS[_BCRYPT_LETTERS.index(given[-1]) & 0x30]  # 16 bytes end within it
    made = bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], (given[:-1] + last).encode())
    return made.decode()
