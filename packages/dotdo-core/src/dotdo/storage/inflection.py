"""Variants of a noun's name: the same word in another case, singular or plural."""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import inflect

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W_a-zA-Z\d]+")


@lru_cache(maxsize=1)
def _engine() -> "inflect.engine":
    import inflect  # takes 60 ms, and most programs use exact names only

    return inflect.engine()


@lru_cache(maxsize=4096)
def variants(name: str) -> tuple[str, str]:
    """Return the name folded to snake case, singular and plural (`InvoiceLines` -> `invoice_line`, `invoice_lines`)."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return name.lower(), name.lower()
    singular = singular_of(words[-1])
    head = words[:-1]
    return "_".join([*head, singular]), "_".join([*head, plural_of(singular)])


@lru_cache(maxsize=4096)
def singular_of(word: str) -> str:
    """Return the singular of an English noun; a singular is returned as it is."""
    return _engine().singular_noun(word) or word


@lru_cache(maxsize=4096)
def plural_of(word: str) -> str:
    """Return the plural of an English noun in the singular."""
    return str(_engine().plural_noun(word))
