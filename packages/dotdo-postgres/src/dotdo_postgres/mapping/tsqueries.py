"""tsquery: a tree of lexemes joined by operators, kept as PostgreSQL's text of it; what is no such text is refused."""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping.forms import Codec
from dotdo_postgres.mapping.tsvectors import WEIGHTS, quoted, read_word, require_length

NOT, AND, OR, PHRASE = "!", "&", "|", "<->"
PRIORITIES = {OR: 1, AND: 2, PHRASE: 3, NOT: 4}
_MAX_DISTANCE = 16384
_CODES = {NOT: 1, AND: 2, OR: 3, PHRASE: 4}


@dataclass(frozen=True, slots=True)
class Operand:
    """A lexeme.

    Args:
        word: The lexeme.
        weights: Bits of the weights it may have, 0 for any.
        is_prefix: Lexemes that begin so are meant, too.
    """

    word: str
    weights: int = 0
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator on one or two parts; NOT has only the right one.

    Args:
        kind: One of the operators.
        left: Its left side.
        right: Its right side.
        distance: How far apart the sides of PHRASE are.
    """

    kind: str
    left: "Node | None"
    right: "Node | None"
    distance: int = 0


Node = Operand | Operator
Token = tuple[str, int]
_DISTANCE = re.compile(r"<(-|\d*)>")


def malformed(text: str) -> PostgresError:
    """Make the error for a text that is no query (42601)."""
    return error("42601", f'syntax error in tsquery: "{text}"')


class _Parser:
    """Reads a query; operands become what a function makes of them."""

    def __init__(self, text: str, operand: Callable[[str, int, bool], Node | None]) -> None:
        self.text = text
        self.at = 0
        self.operand = operand

    def skip(self) -> str:
        """Go to what is next, and return its first character."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def expression(self, least: int, *, is_first: bool = False) -> Node | None:
        """Read operands joined by operators of at least a priority."""
        left = self.unary(is_first=is_first)
        while (found := self.binary()) is not None:
            kind, distance, size = found
            if PRIORITIES[kind] < least:
                break
            self.at += size
            right = self.expression(PRIORITIES[kind] + 1)
            left = Operator(kind, left, right, distance)
        return left

    def binary(self) -> tuple[str, int, int] | None:
        """Return the operator that is next, its distance and its size."""
        char = self.skip()
        if char in {AND, OR} and char:
            return char, 0, 1
        if char != "<":
            return None
        match = _DISTANCE.match(self.text, self.at)
        if match is None or match[1] == "":
            raise malformed(self.text)
        distance = 1 if match[1] == "-" else int(match[1])
        require_distance(distance)
        return PHRASE, distance, len(match[0])

    def unary(self, *, is_first: bool = False) -> Node | None:
        """Read an operand, a part in parentheses, or what is negated."""
        char = self.skip()
        if char == "!":
            self.at += 1
            return Operator(NOT, None, self.unary())
        if char == "(":
            self.at += 1
            inner = self.expression(1)
            if self.skip() != ")":
                raise malformed(self.text)
            self.at += 1
            return inner
        if char == "" and not is_first:
            raise error("42601", f'no operand in tsquery: "{self.text}"')
        if char in {"", ":", "&", "|", ")", "<"}:
            raise malformed(self.text)
        word, self.at = read_word(self.text, self.at, self.text, is_query=True)
        weights, is_prefix = self.modifiers()
        return self.operand(word, weights, is_prefix)

    def modifiers(self) -> tuple[int, bool]:
        """Read `:*AB` after a lexeme."""
        weights, is_prefix = 0, False
        if self.text[self.at : self.at + 1] != ":":
            return weights, is_prefix
        self.at += 1
        while (letter := self.text[self.at : self.at + 1].upper()) and letter in "*ABCD":
            if letter == "*":
                is_prefix = True
            else:
                weights |= 1 << WEIGHTS[letter]
            self.at += 1
        return weights, is_prefix


def require_distance(distance: int) -> None:
    """Refuse a distance that no position can have (22023)."""
    if not 0 <= distance <= _MAX_DISTANCE:
        message = f"distance in phrase operator must be an integer value between zero and {_MAX_DISTANCE} inclusive"
        raise error("22023", message)


def parse(text: str, operand: Callable[[str, int, bool], Node | None]) -> Node | None:
    """Read a query.

    Args:
        text: As typed.
        operand: Makes a node of a lexeme, its weights and whether it is a prefix; None for what is left out.

    Returns:
        The tree, None for an empty text.

    Raises:
        PostgresError: malformed (42601), a distance out of range (22023).
    """
    parser = _Parser(text, operand)
    if parser.skip() == "":
        return None
    found = parser.expression(1, is_first=True)
    if parser.skip():
        raise malformed(text)
    return found


def _plain(word: str, weights: int, is_prefix: bool) -> Node:
    require_length(word)
    return Operand(word, weights, is_prefix)


@lru_cache(maxsize=512)
def decode(stored: str) -> Node | None:
    """Return the tree of a stored query, None for the empty one."""
    return parse(stored, _plain)


def to_text(node: Node | None) -> str:
    """Write a tree."""
    return "" if node is None else _written(node, 0, is_right_of_phrase=False)


def _written(node: Node, outer: int, *, is_right_of_phrase: bool) -> str:
    if isinstance(node, Operand):
        letters = "".join(
            letter for letter, bit in zip("ABCD", (8, 4, 2, 1), strict=True) if node.weights & bit
        )
        tail = ("*" if node.is_prefix else "") + letters
        return quoted(node.word) + (f":{tail}" if tail else "")
    priority = PRIORITIES[node.kind]
    assert node.right is not None  # whole trees have their operands
    if node.kind == NOT:
        inner = _written(node.right, priority, is_right_of_phrase=False)
        return f"( !{inner} )" if priority < outer else f"!{inner}"
    assert node.left is not None
    sign = node.kind if node.kind != PHRASE or node.distance == 1 else f"<{node.distance}>"
    left = _written(node.left, priority, is_right_of_phrase=False)
    right = _written(node.right, priority, is_right_of_phrase=node.kind == PHRASE)
    text = f"{left} {sign} {right}"
    needs_parentheses = priority < outer or (is_right_of_phrase and node.kind == PHRASE)
    return f"( {text} )" if needs_parentheses else text


def from_text(text: str) -> str:
    """Read a query into its canonical text (42601, 22023)."""
    return to_text(parse(text, _plain))


def operands(node: Node | None) -> Iterator[Operand]:
    """Yield the lexemes of a tree from left to right."""
    if isinstance(node, Operand):
        yield node
    elif node is not None:
        yield from operands(node.left)
        yield from operands(node.right)


def count(node: Node | None) -> int:
    """Count lexemes and operators."""
    if node is None:
        return 0
    return 1 if isinstance(node, Operand) else 1 + count(node.left) + count(node.right)


def sort_key(stored: str) -> bytes:
    """Return bytes that order as PostgreSQL orders queries where it says how: by the number of nodes, then by size."""
    node = decode(stored)
    size = sum(len(one.word.encode()) + 1 for one in operands(node))
    return struct.pack(">II", count(node), size) + stored.encode()


def _parts(node: Node) -> Iterator[bytes]:
    if isinstance(node, Operand):
        yield struct.pack(">BBB", 1, node.weights, node.is_prefix) + node.word.encode() + b"\0"
        return
    yield struct.pack(">BB", 2, _CODES[node.kind])
    if node.kind == PHRASE:
        yield struct.pack(">H", node.distance)
    for side in (node.right, node.left):
        if side is not None:
            yield from _parts(side)


def _to_binary(stored: str) -> bytes:
    node = decode(stored)
    return struct.pack(">i", count(node)) + (b"".join(_parts(node)) if node else b"")


def _from_binary(data: bytes) -> str:
    (total,) = struct.unpack_from(">i", data)
    if total == 0:
        return ""
    node, _ = _read(data, 4)
    return to_text(node)


def _read(data: bytes, at: int) -> tuple[Node, int]:
    kinds = {code: kind for kind, code in _CODES.items()}
    if data[at] == 1:
        end = data.index(b"\0", at + 3)
        return Operand(data[at + 3 : end].decode(), data[at + 1], bool(data[at + 2])), end + 1
    kind, distance = kinds[data[at + 1]], 0
    at += 2
    if kind == PHRASE:
        (distance,) = struct.unpack_from(">H", data, at)
        at += 2
    right, at = _read(data, at)
    if kind == NOT:
        return Operator(NOT, None, right), at
    left, at = _read(data, at)
    return Operator(kind, left, right, distance), at


CODEC = Codec(from_text, str, _from_binary, _to_binary)
