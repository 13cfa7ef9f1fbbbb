"""Variants of a noun's name: the same word in another case, singular or plural."""

import re
from functools import lru_cache

from inflection import pluralize, singularize

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W_a-zA-Z\d]+")


@lru_cache(maxsize=4096)
def variants(name: str) -> tuple[str, str]:
    """Return the name folded to snake case, singular and plural (`InvoiceLines` -> `invoice_line`, `invoice_lines`)."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words:
        return name.lower(), name.lower()
    singular = singularize(words[-1])
    head = words[:-1]
    return "_".join([*head, singular]), "_".join([*head, pluralize(singular)])
