"""Out-of-band cancel: sessions of one protocol by a number and a secret that only their peers know."""

import hmac
from collections.abc import Callable


class CancelRegistry:
    """Lets a second connection cancel the request of a first one by its key."""

    __slots__ = ("_entries", "_randomness")

    def __init__(self, randomness: Callable[[int], bytes]) -> None:
        self._randomness = randomness
        self._entries: dict[int, tuple[bytes, Callable[[], None]]] = {}

    def register(self, number: int, cancel: Callable[[], None], secret_bytes: int = 32) -> bytes:
        """Enter a session under its connection's number; return the secret to tell its peer.

        The host removes the entry when the connection ends.
        """
        secret = self._randomness(secret_bytes)
        self._entries[number] = (secret, cancel)
        return secret

    def forget(self, number: int) -> None:
        """Remove the session of a connection, if it was registered."""
        self._entries.pop(number, None)

    def cancel(self, number: int, secret: bytes) -> bool:
        """Cancel the session's present request; return whether the key was right."""
        entry = self._entries.get(number)
        if entry is None or not hmac.compare_digest(entry[0], secret):
            return False
        entry[1]()
        return True
