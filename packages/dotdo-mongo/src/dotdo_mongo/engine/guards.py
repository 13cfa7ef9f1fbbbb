"""Locks as the engine sees them: it starts no thread, so whoever runs it in threads gives it locks of their kind."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Guard(Protocol):
    """A lock that its owner may take again."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take it; False when others have it and it is not to be waited for."""

    def release(self) -> None:
        """Give it back."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


NewLock = Callable[[], Guard]


class Free:
    """No lock: one thread runs the engine."""

    def acquire(self, blocking: bool = True) -> bool:  # noqa: ARG002
        """Take it."""
        return True

    def release(self) -> None:
        """Give it back."""

    def __enter__(self) -> bool:
        return True

    def __exit__(self, *_: object) -> None: ...
