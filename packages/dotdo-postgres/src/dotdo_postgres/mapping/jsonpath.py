"""jsonpath: its text taken apart into steps, and written back as PostgreSQL shows it; refuses what its grammar refuses."""
# ruff: noqa: ARG001 -- writers are called alike

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.mapping import numeric

LAST_LEVEL = 0xFFFFFFFF
_PRIORITY = {"||": 0, "&&": 1, "+": 3, "-": 3, "*": 4, "/": 4, "%": 4, "unary +": 5, "unary -": 5}
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_PRIORITY |= dict.fromkeys((*COMPARISONS, "starts with", "like_regex"), 2)
METHODS = frozenset({"type", "size", "abs", "floor", "ceiling", "double", "keyvalue"})


@dataclass(slots=True)
class Item:
    """A part of a path.

    Args:
        kind: What it is: `key`, `$`, `[]`, an operator, a method's name ...
        value: A key, a literal, a variable's name, a pattern; the flags of like_regex go with it.
        args: Operands, conditions, subscripts.
        next: What is applied to its result.
    """

    kind: str
    value: object = None
    args: "list[Item | None]" = field(default_factory=list)
    next: "Item | None" = None


@dataclass(slots=True)
class Path:
    """A whole path: its mode and its first item."""

    is_lax: bool
    item: Item


_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>/\*.*?\*/)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<variable>\$(?:"(?:[^"\\]|\\.)*"|(?:[^\s?%$.\[\]{}()|&!=<>@\#,*:\-+/"\\]|\\.)+))
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<symbol>&&|\|\||==|!=|<>|<=|>=|\*\*|[?%$.\[\]{}()!=<>@\#,*:\-+/|&])
    |(?P<word>(?:[^\s?%$.\[\]{}()|&!=<>@\#,*:\-+/"\\]|\\.)+))""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL
)
_SINGLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


_BAD_UNICODE = re.compile(
    r"(?<!\\)(?:\\\\)*(\\u(?!\{[0-9a-fA-F]{1,6}\}|[0-9a-fA-F]{4})[0-9a-fA-F]{0,3})"
)


def _unescaped(text: str) -> str:
    bad = _BAD_UNICODE.search(text)
    if bad:
        message = f'invalid unicode sequence at or near "{bad[1]}" of jsonpath input'
        raise error("42601", message)

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2] or match[3]
        return chr(int(code, 16)) if code else _SINGLE.get(match[4], match[4])

    found = _ESCAPE.sub(one, text)
    if "\0" in found:
        detail = r"\u0000 cannot be converted to text."
        raise error("22P05", "unsupported Unicode escape sequence", detail=detail)
    try:
        return found.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise error("22P02", "invalid input syntax for type jsonpath") from None


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            if text[at:].strip() == "":
                break
            raise _syntax(text[at:].strip()[:1])
        at = match.end()
        kind = str(match.lastgroup)
        value = match[kind]
        is_octal = kind == "number" and re.match(r"0\d", value)
        if is_octal or (kind == "number" and re.match(r"[A-Za-z_]", text[at : at + 1])):
            shown = value[:2] if is_octal else value + text[at : at + 1]
            message = f'trailing junk after numeric literal at or near "{shown}" of jsonpath input'
            raise error("42601", message)
        if kind != "comment":
            found.append((kind, value))
    return found


def _syntax(token: str | None) -> PostgresError:
    if token is None:
        return error("42601", "syntax error at end of jsonpath input")
    return error("42601", f'syntax error at or near "{token}" of jsonpath input')


class _Parser:
    """The reading of a path, one function for each level of its grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.at = 0
        self.in_filter = self.in_subscript = 0

    def peek(self, offset: int = 0) -> tuple[str, str]:
        at = self.at + offset
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def is_next(self, *symbols: str) -> bool:
        kind, value = self.peek()
        return kind == "symbol" and value in symbols

    def is_word(self, word: str, offset: int = 0) -> bool:
        kind, value = self.peek(offset)
        return kind == "word" and value.lower() == word

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def expect(self, symbol: str) -> None:
        if not self.is_next(symbol):
            raise self.fail()
        self.at += 1

    def fail(self) -> PostgresError:
        kind, value = self.peek()
        return _syntax(None if kind == "end" else value)

    def path(self) -> Path:
        is_lax = True
        if (self.is_word("strict") or self.is_word("lax")) and self.peek(1)[0] != "end":
            is_lax = self.take()[1].lower() == "lax"
        item = self.disjunction()
        if self.peek()[0] != "end":
            raise self.fail()
        return Path(is_lax, item)

    def disjunction(self) -> Item:
        item = self.conjunction()
        while self.is_next("||"):
            self.at += 1
            item = Item("||", None, [item, self.conjunction()])
        return item

    def conjunction(self) -> Item:
        item = self.predicate()
        while self.is_next("&&"):
            self.at += 1
            item = Item("&&", None, [item, self.predicate()])
        return item

    def predicate(self) -> Item:
        if self.is_next("!"):
            self.at += 1
            if not (self.is_next("(") or self.is_word("exists")):
                raise self.fail()
            return Item("!", None, [self.delimited()])
        left = self.sum()
        if self.is_next("==", "=", "!=", "<>", "<", ">", "<=", ">="):
            op = {"=": "==", "<>": "!="}.get(self.peek()[1], self.peek()[1])
            self.at += 1
            return Item(op, None, [left, self.sum()])
        if self.is_word("starts") and self.is_word("with", 1):
            self.at += 2
            kind, _ = self.peek()
            if kind not in {"string", "variable"}:
                raise self.fail()
            return Item("starts with", None, [left, self.primary()])
        if self.is_word("like_regex"):
            self.at += 1
            return self.regex(left)
        return left

    def delimited(self) -> Item:
        if self.is_word("exists"):
            return self.sum()
        self.expect("(")
        item = self.disjunction()
        self.expect(")")
        return item

    def regex(self, left: Item) -> Item:
        kind, pattern = self.take()
        if kind != "string":
            raise _syntax(pattern or None)
        flags = ""
        if self.is_word("flag"):
            self.at += 1
            kind, text = self.take()
            if kind != "string":
                raise _syntax(text or None)
            flags = _unescaped(text[1:-1])
            for flag in flags:
                if flag not in "ismxq":
                    message = "invalid input syntax for type jsonpath"
                    detail = f'Unrecognized flag character "{flag}" in LIKE_REGEX predicate.'
                    raise error("42601", message, detail=detail)
            if "x" in flags and "q" not in flags:
                message = 'XQuery "x" flag (expanded regular expressions) is not implemented'
                raise error("0A000", message)
        return Item("like_regex", (_unescaped(pattern[1:-1]), flags), [left])

    def sum(self) -> Item:
        item = self.product()
        while self.is_next("+", "-"):
            op = self.take()[1]
            item = Item(op, None, [item, self.product()])
        return item

    def product(self) -> Item:
        item = self.signed()
        while self.is_next("*", "/", "%"):
            op = self.take()[1]
            item = Item(op, None, [item, self.signed()])
        return item

    def signed(self) -> Item:
        if self.is_next("+", "-"):
            op = self.take()[1]
            operand = self.signed()
            if isinstance(operand.value, Decimal) and operand.next is None:
                value = operand.value if op == "+" else operand.value.copy_negate()
                return Item("literal", value)
            return Item(f"unary {op}", None, [operand])
        return self.accessors(self.primary())

    def primary(self) -> Item:
        kind, value = self.take()
        if kind == "symbol" and value == "(":
            return self.parenthesised()
        if kind == "word" and value.lower() == "exists" and self.is_next("("):
            self.at += 1
            item = Item("exists", None, [self.disjunction()])
            self.expect(")")
            return item
        found = _literal_item(kind, value) or self.place(kind, value)
        if found is None:
            self.at -= 1
            raise self.fail()
        return found

    def place(self, kind: str, value: str) -> Item | None:
        if kind == "symbol" and value == "$":
            return Item("$")
        if kind == "symbol" and value == "@":
            if not self.in_filter:
                raise error("42601", "@ is not allowed in root expressions")
            return Item("@")
        if kind == "word" and value.lower() == "last":
            if not self.in_subscript:
                raise error("42601", "LAST is allowed only in array subscripts")
            return Item("last")
        return None

    def parenthesised(self) -> Item:
        item = self.disjunction()
        self.expect(")")
        if self.is_word("is") and self.is_word("unknown", 1):
            self.at += 2
            return Item("is unknown", None, [item])
        return item

    def accessors(self, item: Item) -> Item:
        if not self.is_next(".", "[", "?"):
            return item
        last = item
        while last.next is not None:
            last = last.next
        while self.is_next(".", "[", "?"):
            last.next = self.accessor()
            last = last.next
        return item

    def accessor(self) -> Item:
        symbol = self.take()[1]
        if symbol == "[":
            return self.subscripts()
        if symbol == "?":
            self.expect("(")
            self.in_filter += 1
            condition = self.disjunction()
            self.in_filter -= 1
            self.expect(")")
            return Item("?", None, [condition])
        if self.is_next("*"):
            self.at += 1
            return Item(".*")
        if self.is_next("**"):
            self.at += 1
            return self.levels()
        kind, value = self.take()
        if kind == "string":
            return Item("key", _unescaped(value[1:-1]))
        if kind != "word":
            self.at -= 1
            raise self.fail()
        name = value.lower()
        if self.is_next("(") and (name in METHODS or name == "datetime"):
            return self.method(name)
        return Item("key", _unescaped(value))

    def method(self, name: str) -> Item:
        self.expect("(")
        template = None
        if name == "datetime" and self.peek()[0] == "string":
            template = _unescaped(self.take()[1][1:-1])
        self.expect(")")
        return Item(name, template)

    def subscripts(self) -> Item:
        if self.is_next("*"):
            self.at += 1
            self.expect("]")
            return Item("[*]")
        args: list[Item | None] = []
        self.in_subscript += 1
        while True:
            args.append(self.sum())
            if self.is_word("to"):
                self.at += 1
                args.append(self.sum())
            else:
                args.append(None)
            if not self.is_next(","):
                break
            self.at += 1
        self.in_subscript -= 1
        self.expect("]")
        return Item("[]", None, args)

    def levels(self) -> Item:
        if not self.is_next("{"):
            return Item("**", (0, LAST_LEVEL))
        self.at += 1
        first = self.level()
        last = first
        if self.is_word("to"):
            self.at += 1
            last = self.level()
        self.expect("}")
        return Item("**", (first, last))

    def level(self) -> int:
        kind, value = self.take()
        if kind == "word" and value.lower() == "last":
            return LAST_LEVEL
        if kind != "number" or not value.isdigit():
            raise _syntax(value or None)
        return int(value)


_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


def _literal_item(kind: str, value: str) -> Item | None:
    if kind == "string":
        return Item("literal", _unescaped(value[1:-1]))
    if kind == "number":
        return Item("literal", numeric.from_text(value))
    if kind == "variable":
        return Item("variable", _unescaped(value[2:-1] if value.startswith('$"') else value[1:]))
    if kind == "word" and value in _WORDS:
        return Item("literal", _WORDS[value])
    return None


@lru_cache(maxsize=256)
def parse(text: str) -> Path:
    """Read a path.

    Raises:
        PostgresError: empty (22P02), not of the grammar (42601).
    """
    if not text.strip():
        raise error("22P02", f'invalid input syntax for type jsonpath: "{text}"')
    return _Parser(text).path()


def canonical(text: str) -> str:
    """Return a path as PostgreSQL shows it."""
    path = parse(text)
    return ("" if path.is_lax else "strict ") + _shown(path.item, in_key=False, in_brackets=True)


def _priority(item: Item | None) -> int:
    return 6 if item is None or item.next is not None else _PRIORITY.get(item.kind, 6)


def _shown(item: Item, *, in_key: bool, in_brackets: bool) -> str:
    text = _SHOWN.get(item.kind, _operator)(item, in_key, in_brackets)
    return text if item.next is None else text + _shown(item.next, in_key=True, in_brackets=True)


def _part(item: Item | None) -> str:
    assert item is not None  # operators have their operands
    return _shown(item, in_key=False, in_brackets=False)


def _operand(item: Item | None, outer: Item) -> str:
    assert item is not None  # operators have their operands
    is_weaker = _PRIORITY.get(item.kind, 6) <= _PRIORITY.get(outer.kind, 6)
    return _shown(item, in_key=False, in_brackets=is_weaker)


def _bracketed(text: str, in_brackets: bool) -> str:
    return f"({text})" if in_brackets else text


def _operator(item: Item, in_key: bool, in_brackets: bool) -> str:
    if item.kind.startswith("unary"):
        return _bracketed(item.kind[-1] + _operand(item.args[0], item), in_brackets)
    if item.kind in METHODS:
        return f".{item.kind}()"
    left, right = (_operand(arg, item) for arg in item.args)
    return _bracketed(f"{left} {item.kind} {right}", in_brackets)


def _literal(item: Item, in_key: bool, in_brackets: bool) -> str:
    if isinstance(item.value, Decimal):
        return _bracketed(numeric.to_text(item.value), item.next is not None)
    return json.dumps(item.value, ensure_ascii=False)


def _subscripts(item: Item, in_key: bool, in_brackets: bool) -> str:
    pairs = zip(item.args[::2], item.args[1::2], strict=True)
    return (
        "["
        + ",".join(_part(low) + (f" to {_part(high)}" if high else "") for low, high in pairs)
        + "]"
    )


def _levels(item: Item, in_key: bool, in_brackets: bool) -> str:
    assert isinstance(item.value, tuple)  # the parser made it so
    first, last = item.value
    dot = "." if in_key else ""
    names = ["last" if level == LAST_LEVEL else str(level) for level in (first, last)]
    if (first, last) == (0, LAST_LEVEL):
        return f"{dot}**"
    return f"{dot}**{{{names[0]}}}" if first == last else f"{dot}**{{{names[0]} to {names[1]}}}"


def _regex(item: Item, in_key: bool, in_brackets: bool) -> str:
    assert isinstance(item.value, tuple)  # the parser made it so
    pattern, flags = item.value
    text = f"{_operand(item.args[0], item)} like_regex {json.dumps(pattern, ensure_ascii=False)}"
    if flags:
        text += f' flag "{"".join(flag for flag in "ismxq" if flag in flags)}"'
    return _bracketed(text, in_brackets)


def _datetime(item: Item, in_key: bool, in_brackets: bool) -> str:
    template = "" if item.value is None else json.dumps(item.value, ensure_ascii=False)
    return f".datetime({template})"


_SHOWN = {
    "literal": _literal,
    "variable": lambda item, *_: "$" + json.dumps(item.value, ensure_ascii=False),
    "key": lambda item, in_key, _: (
        ("." if in_key else "") + json.dumps(item.value, ensure_ascii=False)
    ),
    "$": lambda *_: "$",
    "@": lambda *_: "@",
    "last": lambda *_: "last",
    ".*": lambda _item, in_key, _: ".*" if in_key else "*",
    "[*]": lambda *_: "[*]",
    "[]": _subscripts,
    "**": _levels,
    "?": lambda item, *_: f"?({_part(item.args[0])})",
    "!": lambda item, *_: f"!({_part(item.args[0])})",
    "is unknown": lambda item, *_: f"({_part(item.args[0])}) is unknown",
    "exists": lambda item, *_: f"exists ({_part(item.args[0])})",
    "like_regex": _regex,
    "datetime": _datetime,
}
