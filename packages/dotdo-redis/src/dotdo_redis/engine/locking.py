"""What keeps threads apart in an engine, which makes no such thing itself; it refuses to wait."""

from contextlib import AbstractContextManager
from typing import Protocol, Self


class Lock(AbstractContextManager[object], Protocol):
    """Whoever has it may take it again."""

    def acquire(self) -> bool:
        """Take it."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class NoLock:
    """The lock of an engine that one thread calls."""

    def acquire(self) -> bool:
        """Take what is always free."""
        return True

    def release(self) -> None:
        """Give it back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        """Give it back."""
