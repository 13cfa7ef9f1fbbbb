"""Users, their SCRAM verifiers and the tenants they may open; holds no password, tells no name."""

import hmac
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec

from dotdo.serving.errors import AuthenticationFailed, CredentialsError
from dotdo.serving.files import write_private
from dotdo.serving.scram import MIN_ITERATIONS, SALT_BYTES, Mechanism, Verifier, password_secret

ITERATIONS = 15_000
"""Of new verifiers: a few milliseconds for each login of a client that does not cache its key."""


class _StoredVerifier(msgspec.Struct, forbid_unknown_fields=True):
    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


class _User(msgspec.Struct, forbid_unknown_fields=True):
    tenants: Literal["*"] | list[str]
    verifiers: dict[Mechanism, _StoredVerifier]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal[1]
    secret: bytes
    iterations: int
    users: dict[str, _User]


class Credentials:
    """The users of a host.

    Args:
        randomness: Gives n random bytes.
        iterations: Of PBKDF2 for new verifiers; at least 4096.
    """

    __slots__ = ("_iterations", "_randomness", "_secret", "_users")

    def __init__(
        self, randomness: Callable[[int], bytes] = os.urandom, iterations: int = ITERATIONS
    ) -> None:
        if iterations < MIN_ITERATIONS:
            message = f"at least {MIN_ITERATIONS} iterations are required"
            raise ValueError(message)
        self._randomness = randomness
        self._iterations = iterations
        self._secret = randomness(32)
        self._users: dict[str, _User] = {}

    @property
    def users(self) -> tuple[str, ...]:
        """Names of all users."""
        return tuple(self._users)

    def set_password(
        self,
        user: str,
        password: str,
        *,
        tenants: Literal["*"] | Iterable[str] = "*",
        mechanisms: Iterable[Mechanism] = (Mechanism.SHA_256,),
    ) -> None:
        """Add a user or replace the password and grants of one.

        Args:
            user: Name, not empty.
            password: Forgotten at once; only verifiers are kept.
            tenants: Names of tenants the user may open, "*" for all.
            mechanisms: SHA_1 is only for MongoDB clients that know nothing better.

        Raises:
            ValueError: The name or the password is empty.
        """
        if not user or not password:
            raise ValueError("user and password must not be empty")
        verifiers = {
            mechanism: self._derive(mechanism, user, password)
            for mechanism in {Mechanism.SHA_256, *mechanisms}
        }
        granted: Literal["*"] | list[str] = "*" if tenants == "*" else sorted(set(tenants))
        self._users[user] = _User(granted, verifiers)

    def remove(self, user: str) -> None:
        """Remove a user; sessions already open stay."""
        self._users.pop(user, None)

    def verifier(self, user: str, mechanism: Mechanism = Mechanism.SHA_256) -> Verifier:
        """Return the user's verifier; for nobody a false one, the same each time, never matched."""
        stored = self._false_verifier(user, mechanism)  # made in any case: takes the same time
        known = self._users.get(user)
        if known is not None:
            stored = known.verifiers.get(mechanism, stored)
        return Verifier(
            mechanism, stored.salt, stored.iterations, stored.stored_key, stored.server_key
        )

    def check_password(self, user: str, password: str) -> None:
        """Check a password sent in clear; takes milliseconds, so run it as Work.

        Raises:
            AuthenticationFailed: No such user, or the password is wrong.
        """
        mechanism = Mechanism.SHA_256
        secret = password_secret(mechanism, user, password)
        if not self.verifier(user, mechanism).matches(secret):
            raise AuthenticationFailed("authentication failed")

    def allows(self, user: str | None, tenant: str) -> bool:
        """Tell whether the user may open the tenant; a reference counts as its tenant's name."""
        known = self._users.get(user) if user is not None else None
        if known is None:
            return False
        return known.tenants == "*" or tenant.partition("@")[0] in known.tenants

    def _derive(self, mechanism: Mechanism, user: str, password: str) -> _StoredVerifier:
        secret = password_secret(mechanism, user, password)
        salt = self._randomness(SALT_BYTES)
        made = Verifier.derive(mechanism, secret, salt, self._iterations)
        return _StoredVerifier(made.salt, made.iterations, made.stored_key, made.server_key)

    def _false_verifier(self, user: str, mechanism: Mechanism) -> _StoredVerifier:
        def derived(purpose: str) -> bytes:
            text = f"{purpose}\0{mechanism.value}\0{user}".encode(errors="surrogatepass")
            return hmac.digest(self._secret, text, mechanism.digest)

        salt = derived("salt")[:SALT_BYTES]
        return _StoredVerifier(salt, self._iterations, derived("stored"), derived("server"))

    # --- the file --------------------------------------------------------------------------

    @classmethod
    def load(cls, path: Path, randomness: Callable[[int], bytes] = os.urandom) -> "Credentials":
        """Read the users of a file.

        Raises:
            CredentialsError: No such file, it is damaged, or others can read it.
        """
        try:
            if path.stat().st_mode & 0o077:
                message = f"{path} can be read by others; chmod it to 0600"
                raise CredentialsError(message)
            file = msgspec.json.decode(path.read_bytes(), type=_File)
            made = cls(randomness, file.iterations)
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read as credentials"
            raise CredentialsError(message) from error
        made._secret, made._users = file.secret, file.users
        return made

    def save(self, path: Path) -> None:
        """Write all users, atomically and readable only by the owner.

        Raises:
            CredentialsError: The file cannot be written.
        """
        file = _File(1, self._secret, self._iterations, self._users)
        try:
            write_private(path, msgspec.json.format(msgspec.json.encode(file), indent=1))
        except OSError as error:
            message = f"{path} cannot be written"
            raise CredentialsError(message) from error
