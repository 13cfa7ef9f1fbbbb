"""Columns of texts read at once: whole numbers, decimals with the places of their column, texts that are short enough."""

import re
from collections.abc import Callable, Sequence
from typing import Any

FromTexts = Callable[[Sequence[str]], list[Any] | None]  # type: ignore[explicit-any]  # each type has its own
"""Returns None where a text wants the reading of its own."""
_DIGITS = {16: 4, 32: 9, 64: 18}  # so many are in range whatever they are


def integers(bits: int) -> FromTexts:
    """Return what reads whole numbers of a type."""
    is_plain = _lines(f"-?[0-9]{{1,{_DIGITS[bits]}}}")

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # whole numbers
        return list(map(int, texts)) if is_plain("\n".join(texts)) else None

    return read


def scaled(precision: int, scale: int) -> FromTexts:
    """Return what reads decimals that have all their places into integers scaled by 10**scale."""
    point = f"\\.[0-9]{{{scale}}}" if scale else ""
    is_plain = _lines(f"-?[0-9]{{1,{precision - scale}}}{point}")

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # whole numbers
        listed = "\n".join(texts)
        return list(map(int, listed.replace(".", "").split("\n"))) if is_plain(listed) else None

    return read


def short_texts(length: int) -> FromTexts:
    """Return what takes texts of at most so many characters as they are."""

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # texts
        return list(texts) if max(map(len, texts), default=0) <= length else None

    return read


def _lines(pattern: str) -> Callable[[str], object]:
    return re.compile(f"{pattern}(?:\n{pattern})*").fullmatch
