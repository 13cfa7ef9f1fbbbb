"""SCRAM verifiers and the server's side of the exchange (RFC 5802, 7677), without channel binding.

Written here because libpq sends an empty user name, which the library for it refuses.
"""

import base64
import binascii
import hashlib
import hmac
import re
import stringprep
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from dotdo.serving.errors import AuthenticationFailed, ProtocolViolation

MIN_ITERATIONS = 4096
SALT_BYTES = 16
_NONCE_BYTES = 18


class Mechanism(Enum):
    """A SCRAM mechanism by its SASL name."""

    SHA_1 = "SCRAM-SHA-1"
    SHA_256 = "SCRAM-SHA-256"

    @property
    def digest(self) -> str:
        """Name of the hash, as hashlib has it."""
        return "sha1" if self is Mechanism.SHA_1 else "sha256"


@dataclass(frozen=True, slots=True)
class Verifier:
    """What proves a password without holding it.

    Args:
        mechanism: Whose hash it uses.
        salt: Random bytes of this user.
        iterations: Of PBKDF2; at least 4096.
        stored_key: Hash of the client's key.
        server_key: Key with which the server proves itself.
    """

    mechanism: Mechanism
    salt: bytes
    iterations: int
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)

    @classmethod
    def derive(cls, mechanism: Mechanism, secret: bytes, salt: bytes, iterations: int) -> Self:
        """Make the verifier of a secret (see `password_secret`).

        Raises:
            ValueError: Fewer iterations than are safe.
        """
        if iterations < MIN_ITERATIONS:
            message = f"at least {MIN_ITERATIONS} iterations are required"
            raise ValueError(message)
        salted = hashlib.pbkdf2_hmac(mechanism.digest, secret, salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", mechanism.digest)
        stored_key = hashlib.new(mechanism.digest, client_key).digest()
        server_key = hmac.digest(salted, b"Server Key", mechanism.digest)
        return cls(mechanism, salt, iterations, stored_key, server_key)

    def matches(self, secret: bytes) -> bool:
        """Tell whether the secret is the one; takes milliseconds, so run it off the loop."""
        other = self.derive(self.mechanism, secret, self.salt, self.iterations)
        return hmac.compare_digest(self.stored_key, other.stored_key)


def password_secret(mechanism: Mechanism, user: str, password: str) -> bytes:
    """Return what a mechanism hashes: the prepared password, or MongoDB's digest for SHA-1.

    Source: https://github.com/mongodb/specifications, auth, SCRAM-SHA-1.
    """
    if mechanism is Mechanism.SHA_1:
        text = f"{user}:mongo:{password}".encode()
        return hashlib.md5(text, usedforsecurity=False).hexdigest().encode()
    return saslprep(password).encode()


_PROHIBITED = (
    stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3,
    stringprep.in_table_c4, stringprep.in_table_c5, stringprep.in_table_c6,
    stringprep.in_table_c7, stringprep.in_table_c8, stringprep.in_table_c9,
    stringprep.in_table_a1,
)  # fmt: skip


def saslprep(text: str) -> str:
    """Prepare a password (RFC 4013); one that cannot be prepared stays as it is, as in PostgreSQL."""
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in text if not stringprep.in_table_b1(c)
    )
    prepared = unicodedata.normalize("NFKC", mapped)
    if not prepared or any(refuses(c) for c in prepared for refuses in _PROHIBITED):
        return text
    if any(map(stringprep.in_table_d1, prepared)) and not _is_right_to_left(prepared):
        return text
    return prepared


def _is_right_to_left(text: str) -> bool:
    ends_well = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends_well and not any(map(stringprep.in_table_d2, text))


# --- the exchange --------------------------------------------------------------------------

_CLIENT_FIRST = re.compile(
    r"(?P<header>[ny],(?:a=(?P<authzid>[^,\0]+))?,)"
    r"(?P<bare>n=(?P<user>[^,\0]*),r=(?P<nonce>[!-+\--~]+)(?:,[A-Za-z]=[^,\0]+)*)"
)
_CLIENT_FINAL = re.compile(
    r"(?P<unproved>c=(?P<header>[A-Za-z0-9+/=]+),r=(?P<nonce>[!-+\--~]+)(?:,[A-Za-z]=[^,\0]+)*)"
    r",p=(?P<proof>[A-Za-z0-9+/=]+)"
)
_BAD_ESCAPE = re.compile(r"=(?!2C|3D)")


class ScramExchange:
    """The server's side of one authentication: `first`, then `final`.

    Args:
        find_verifier: Gives the verifier of a user, a false one if there is no such user.
        randomness: Gives n random bytes.
        user: The name when the protocol told it before; else the client's first message tells it.
    """

    __slots__ = (
        "_client_first",
        "_find_verifier",
        "_randomness",
        "_server_first",
        "_verifier",
        "user",
    )

    def __init__(
        self,
        find_verifier: Callable[[str], Verifier],
        randomness: Callable[[int], bytes],
        user: str | None = None,
    ) -> None:
        self.user = user
        self._find_verifier = find_verifier
        self._randomness = randomness
        self._client_first: re.Match[str] | None = None
        self._verifier: Verifier | None = None
        self._server_first = ""

    def first(self, message: bytes) -> bytes:
        """Answer the client's first message with nonce, salt and iterations.

        Raises:
            ProtocolViolation: It is malformed, or asks for channel binding or another identity.
        """
        match = self._client_first = _parse(_CLIENT_FIRST, message)
        told = _unescape(match["user"])
        self.user = told if self.user is None else self.user
        if match["authzid"] is not None and _unescape(match["authzid"]) != self.user:
            raise ProtocolViolation("SCRAM: another identity is not supported")
        verifier = self._verifier = self._find_verifier(self.user)
        nonce = match["nonce"] + _encode_nonce(self._randomness(_NONCE_BYTES))
        self._server_first = f"r={nonce},s={_encode(verifier.salt)},i={verifier.iterations}"
        return self._server_first.encode()

    def final(self, message: bytes) -> bytes:
        """Check the client's proof; return the server's.

        Raises:
            ProtocolViolation: It is malformed or out of turn.
            AuthenticationFailed: No such user, or the password is wrong.
        """
        first, verifier = self._client_first, self._verifier
        if first is None or verifier is None:
            raise ProtocolViolation("SCRAM: the first message is missing")
        self._verifier = None
        match = _parse(_CLIENT_FINAL, message)
        if _decode(match["header"]) != first["header"].encode():
            raise ProtocolViolation("SCRAM: channel binding does not match")
        if not self._server_first.startswith(f"r={match['nonce']},"):
            raise ProtocolViolation("SCRAM: nonce does not match")
        spoken = ",".join((first["bare"], self._server_first, match["unproved"])).encode()
        _check_proof(verifier, spoken, _decode(match["proof"]))
        signature = hmac.digest(verifier.server_key, spoken, verifier.mechanism.digest)
        return b"v=" + _encode(signature).encode()


def _check_proof(verifier: Verifier, spoken: bytes, proof: bytes) -> None:
    digest = verifier.mechanism.digest
    signature = hmac.digest(verifier.stored_key, spoken, digest)
    if len(proof) != len(signature):
        raise ProtocolViolation("SCRAM: malformed proof")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    if not hmac.compare_digest(hashlib.new(digest, client_key).digest(), verifier.stored_key):
        raise AuthenticationFailed("authentication failed")


def _parse(pattern: re.Pattern[str], message: bytes) -> re.Match[str]:
    try:
        match = pattern.fullmatch(message.decode())
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise ProtocolViolation("SCRAM: malformed message")
    return match


def _unescape(name: str) -> str:
    if _BAD_ESCAPE.search(name):
        raise ProtocolViolation("SCRAM: malformed user name")
    return name.replace("=2C", ",").replace("=3D", "=")


def _encode_nonce(value: bytes) -> str:
    return _encode(value)


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ProtocolViolation("SCRAM: malformed base64") from None
