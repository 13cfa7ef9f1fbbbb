"""What is known of each command: arity, flags, keys, categories; it refuses behaviour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dotdo_redis.spec.additions import ADDITIONS
from dotdo_redis.spec.commands import COMMANDS
from dotdo_redis.spec.families import COMMANDS as FAMILIES
from dotdo_redis.spec.modules import categories_of


@dataclass(frozen=True, slots=True)
class Facts:
    """One command or subcommand (`NAME` or `NAME|SUBCOMMAND`) as `COMMAND` describes it."""

    name: str
    arity: int
    flags: frozenset[str]
    first_key: int
    last_key: int
    step: int
    categories: tuple[str, ...]
    tips: tuple[str, ...]
    key_specifications: tuple[dict[str, Any], ...]

    def accepts(self, count: int) -> bool:
        """Whether `count` words, the name included, satisfy the arity."""
        return count == self.arity if self.arity > 0 else count >= -self.arity

    def keys(self, words: Sequence[bytes]) -> list[bytes]:
        """The keys in the words of a call whose keys stand at fixed places."""
        if not self.first_key:
            return []
        last = self.last_key if self.last_key >= 0 else len(words) + self.last_key
        return list(words[self.first_key : last + 1 : self.step])


def facts() -> dict[str, Facts]:
    """All commands by upper-case name."""
    return {found.name: found for found in _read()}


def _read() -> Iterator[Facts]:
    for name, row in {**COMMANDS, **ADDITIONS, **FAMILIES}.items():
        arity, flags, first, last, step, categories, tips, keys = row
        if name in FAMILIES:
            categories = categories_of(name, flags)
        yield Facts(name, arity, frozenset(flags), first, last, step, categories, tips, keys)
