"""What a codec is: the forms of one type's values, and how to get from each to the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Codec:  # type: ignore[explicit-any]  # each type has its own
    """The forms of one type's values.

    Args:
        from_text: PostgreSQL's text to the storage value; raises PostgreSQL's input errors.
        to_text: Storage value to PostgreSQL's text.
        from_binary: PostgreSQL's binary form to the storage value.
        to_binary: Storage value to PostgreSQL's binary form.
        to_python: Storage value to what psycopg's stock loader gives; None when they are the same.
        from_python: The reverse; None when they are the same.
        from_texts: Reads many texts at once where nothing about them is special, gives None where something is.
    """

    from_text: Callable[[str], Any]  # type: ignore[explicit-any]  # each type has its own
    to_text: Callable[[Any], str]  # type: ignore[explicit-any]  # each type has its own
    from_binary: Callable[[bytes], Any]  # type: ignore[explicit-any]  # each type has its own
    to_binary: Callable[[Any], bytes]  # type: ignore[explicit-any]  # each type has its own
    to_python: Callable[[Any], Any] | None = None  # type: ignore[explicit-any]  # each type has its own
    from_python: Callable[[Any], Any] | None = None  # type: ignore[explicit-any]  # each type has its own
    from_texts: Callable[[Sequence[str]], list[Any] | None] | None = None  # type: ignore[explicit-any]  # each type has its own
