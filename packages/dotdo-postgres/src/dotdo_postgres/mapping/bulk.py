"""Columns of texts read at once: whole numbers, decimals with the places of their column, texts that are short enough."""

import re
from collections.abc import Callable, Sequence
from typing import Any

FromTexts = Callable[[Sequence[str]], list[Any] | None]  # type: ignore[explicit-any]  # each type has its own
"""Returns None where a text wants the reading of its own."""
_DIGITS = {16: 4, 32: 9, 64: 18}  # so many are in range whatever they are


def integers(bits: int) -> FromTexts:
    """Return what reads whole numbers of a type."""
    plain = _plain_lines(f"-?[0-9]{{1,{_DIGITS[bits]}}}")

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # whole numbers
        return None if plain(texts) is None else list(map(int, texts))

    return read


def scaled(precision: int, scale: int) -> FromTexts:
    """Return what reads decimals that have all their places into integers scaled by 10**scale."""
    point = f"\\.[0-9]{{{scale}}}" if scale else ""
    plain = _plain_lines(f"-?[0-9]{{1,{precision - scale}}}{point}")

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # whole numbers
        lines = plain(texts)
        return None if lines is None else list(map(int, lines.replace(".", "").split("\n")))

    return read


def short_texts(length: int) -> FromTexts:
    """Return what takes texts of at most so many characters as they are."""

    def read(texts: Sequence[str]) -> list[Any] | None:  # type: ignore[explicit-any]  # texts
        return list(texts) if max(map(len, texts), default=0) <= length else None

    return read


def _plain_lines(pattern: str) -> Callable[[Sequence[str]], str | None]:
    """Return what joins texts to lines when each is of a pattern, and gives None when one is not."""
    are_plain = re.compile(f"{pattern}(?:\\n{pattern})*").fullmatch

    def join(texts: Sequence[str]) -> str | None:
        lines = "\n".join(texts)
        has_inner_lines = lines.count("\n") >= len(texts)
        return None if has_inner_lines or are_plain(lines) is None else lines

    return join
