"""Query text to its parts; it refuses to run them."""

import re
from typing import TYPE_CHECKING

from dotdo_redis.engine.search import fields as of
from dotdo_redis.engine.search.filter_nodes import Missing, Nearest
from dotdo_redis.engine.search.joined_nodes import Intersection, Negation, Optional, Union
from dotdo_redis.engine.search.nodes import EVERYTHING, Everything, Node, Nothing, Search
from dotdo_redis.engine.search.scanning import ESCAPED, NAME, WORD, QueryError, Scanner
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.word_nodes import Matching, Terms, word_node
from dotdo_redis.engine.search.words import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARISON = re.compile(r"\s*(==|!=|>=|<=|>|<)\s*")
_KNN = re.compile(r"\s*=>\s*\[\s*KNN\s+", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\s*=>\s*\{")
_MISSING = re.compile(r"ismissing\s*\(")
_UNHEEDED = frozenset({
    "phonetic", "slop", "inorder", "hybrid_policy", "batch_size", "ef_runtime", "epsilon", "search_window_size",
    "use_search_history", "search_buffer_capacity", "yield_distance_as",
})  # fmt: skip
"""Attributes that change how fast an answer comes, or that only other parts have."""


class _Reader(Scanner):
    """Reads one query."""

    def __init__(
        self,
        search: Search,
        text: str,
        parameters: dict[str, bytes],
        fields: int,
        dialect: int,
    ) -> None:
        super().__init__(text, parameters)
        self.search = search
        self.fields = fields
        self.label = ""
        self.dialect = dialect
        self.is_in_field = False
        self._readers: dict[str, Callable[[], Node | None]] = {
            "(": self.group,
            "@": self.of_field,
            "%": self.fuzzy,
            "*": self.starred,
            "$": self.word_of_parameter,
        }

    def whole(self) -> Node:
        """Read the whole query.

        Raises:
            QueryError: it makes no sense.
        """
        node = self.union()
        node = self.with_vectors(node)
        self.skip()
        if self.at < len(self.text):
            self.fail()
        return node

    def union(self) -> Node:
        parts = [self.intersection()]
        while self.take("|"):
            before = self.at - 1
            if self.peek() in {"", ")"}:
                self.at = before
                self.fail()
            parts.append(self.intersection())
        return parts[0] if len(parts) == 1 else Union(parts, label=self.label)

    def intersection(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in {"", ")", "|", "}", "]"} and not self.text.startswith(
            "=>", self.at
        ):
            before = self.at
            part = self.unary()
            if part is not None:
                parts.append(part)
            elif self.at == before:
                self.fail()
        if not parts:
            if self.at < len(self.text) and self.text[self.at] == ")":
                self.fail()
            return Nothing()
        return parts[0] if len(parts) == 1 else Intersection(parts, label=self.label)

    def unary(self) -> Node | None:
        if self.take("-"):
            was_verbatim, self.search.is_verbatim = self.search.is_verbatim, True
            part = self.unary()
            self.search.is_verbatim = was_verbatim
            return None if part is None else Negation(part)
        if self.take("~"):
            part = self.unary()
            return None if part is None else Optional(part)
        part = self.primary()
        return part if part is None else self.with_attributes(part)

    def primary(self) -> Node | None:
        mark = self.peek()
        if mark == "'" and self.text.find("'", self.at + 1) < 0:
            mark = ""
        if mark in {'"', "'"}:
            return self.phrase(mark)
        read = self._readers.get(mark)
        if read is not None:
            return read()
        if self.text.startswith(("w'", 'w"'), self.at):
            return self.wildcard()
        return self.missing() if _MISSING.match(self.text, self.at) else self.word()

    def group(self) -> Node:
        start = self.at
        self.at += 1
        if self.dialect == 1 and self.text[self.at :].lstrip().startswith("*)"):
            self.fail()
        inner = self.union()
        inner = self.with_vectors(inner)
        if not self.take(")"):
            self.at = start + 1 if self.last_word else start
            self.fail()
        return inner

    def phrase(self, quote: str) -> Node | None:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != quote:
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            self.fail()
        body = self.text[self.at + 1 : end]
        self.at = end + 1
        if "$" in body:
            body = text_of(self.parameters.get(body.strip("$ "), body.encode()))
        stop_words = self.search.index.definition.stop_words
        words = [one for one in tokens(body, self.search.language) if one not in stop_words]
        if not body.strip():
            return self.empty()
        if not words:
            return None
        parts: list[Node] = [Terms([one], self.fields, 1.0, [one], self.label) for one in words]
        if len(parts) == 1:
            return parts[0]
        return Intersection(parts, 1.0, 0, in_order=True, is_exact=True, label=self.label)

    def empty(self) -> Node:
        """An empty text, which the fields that are named have to index.

        Raises:
            QueryError: one of them does not.
        """
        text_fields = self.search.index.definition.text_fields()
        named = [one for at, one in enumerate(text_fields) if self.fields & 1 << at]
        if self.is_in_field and not all(one.indexes_empty for one in named):
            raise QueryError(of.NO_EMPTY)
        return Terms([""], self.fields, 1.0, [""], self.label)

    def fuzzy(self) -> Node:
        depth = 0
        while self.take("%"):
            depth += 1
        word = tokens(self.token(), self.search.language)
        for _ in range(depth):
            self.need("%")
        if not 1 <= depth <= 3 or not word:
            self.fail()
        return Matching(f"FUZZY{depth}", word[0], self.fields, 1.0, self.label)

    def starred(self) -> Node:
        self.at += 1
        following = self.text[self.at : self.at + 1]
        if not following or not (WORD.match(self.text, self.at) or following == "$"):
            return Everything()
        text = ESCAPED.sub(r"\1", self.token()).casefold()
        kind = "INFIX" if self.text.startswith("*", self.at) else "SUFFIX"
        if kind == "INFIX":
            self.at += 1
        return Matching(kind, text, self.fields, 1.0, self.label)

    def wildcard(self) -> Node:
        quote = self.text[self.at + 1]
        end = self.text.find(quote, self.at + 2)
        if end < 0:
            self.fail()
        text = self.text[self.at + 2 : end]
        self.at = end + 1
        if text.startswith("$"):
            text = text_of(self.parameter(text[1:]))
        return Matching("WILDCARD", text.casefold(), self.fields, 1.0, self.label)

    def missing(self) -> Node:
        self.at = self.text.index("(", self.at) + 1
        self.need("@")
        name = self.name()
        self.need(")")
        one = self.search.index.definition.find(name)
        if one is None or not one.indexes_missing:
            raise QueryError(
                f"'ismissing' requires field '{name}' to be defined with 'INDEXMISSING'"
            )
        return Missing(one.name)

    def word_of_parameter(self) -> Node | None:
        if self.dialect == 1:
            self.fail()
        self.at += 1
        text = text_of(self.parameter(self.name()))
        if self.text.startswith("*", self.at):
            self.at += 1
            return Matching("PREFIX", text.casefold(), self.fields, 1.0, self.label)
        return self.words(text) if text else self.empty()

    def word(self) -> Node | None:
        found = WORD.match(self.text, self.at)
        if found is None:
            if self.at >= len(self.text) or self.text[self.at] in "):]}":
                self.fail()
            self.at += 1
            return None
        text = self.token()
        if self.text.startswith("*", self.at):
            self.at += 1
            shown = ESCAPED.sub(r"\1", text).casefold()
            return Matching("PREFIX", shown, self.fields, 1.0, self.label)
        return self.words(text)

    def words(self, text: str) -> Node | None:
        stop_words = self.search.index.definition.stop_words
        found = [one for one in tokens(text, self.search.language) if one not in stop_words]
        parts: list[Node] = [word_node(self.search, one, self.fields, self.label) for one in found]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else Intersection(parts, label=self.label)

    def of_field(self) -> Node | None:
        self.at += 1
        if not NAME.match(self.text, self.at):
            return None
        if self.text.startswith("$", self.at) or (self.is_in_field and self.dialect > 1):
            self.fail()
        names = [self.name()]
        while self.take("|"):
            names.append(self.name())
        found = _COMPARISON.match(self.text, self.at)
        if found is not None and not self.text.startswith("=>", self.at):
            self.at = found.end()
            return of.comparison(self, self.search.index, names[0], found.group(1))
        self.need(":")
        mark = self.peek()
        if mark == "[":
            return of.in_brackets(self, self.search.index, names[0])
        if mark == "{":
            return of.tags(self, self.search.index, names[0])
        return self.in_fields(names)

    def in_fields(self, names: list[str]) -> Node | None:
        definition = self.search.index.definition
        text_fields = definition.text_fields()
        mask = 0
        for name in names:
            one = definition.find(name)
            if one is not None and one in text_fields:
                mask |= 1 << text_fields.index(one)
        outer = self.fields, self.label
        self.fields = self.fields & mask
        self.label = f"@{'|'.join(names)}:"
        self.is_in_field = True
        part = self.primary()
        if self.dialect == 1 and part is not None:
            part = self.further_words(part)
        self.is_in_field = False
        self.fields, self.label = outer
        return part

    def further_words(self, first: Node) -> Node:
        """The words that follow, as far as no mark stands before them."""
        parts = [first]
        while self.peek() and WORD.match(self.text, self.at):
            part = self.word()
            if part is not None:
                parts.append(part)
        return first if len(parts) == 1 else Intersection(parts, label=self.label)

    def with_vectors(self, node: Node) -> Node:
        match = _KNN.match(self.text, self.at)
        if match is None:
            return node
        if self.dialect == 1:
            self.at += 1
            self.last_word = ">["
            self.fail()
        self.at = match.end()
        count = int(self.number()[0])
        self.need("@")
        name = self.name()
        found, vector = of.vector(self, self.search.index, name)
        alias = f"__{found}_score"
        while not self.take("]"):
            word = self.part()
            value = self.part()
            if word.upper() == "AS":
                alias = value
        nearest = Nearest(found, vector, alias, count, None, node)
        return self.with_attributes(nearest)

    def with_attributes(self, node: Node) -> Node:
        match = _ATTRIBUTES.match(self.text, self.at)
        if match is None:
            return node
        self.at = match.end()
        end = self.text.find("}", self.at)
        if end < 0:
            self.fail()
        for part in self.text[self.at : end].split(";"):
            name, _, value = part.partition(":")
            if name.strip():
                self.attribute(node, name.strip().lstrip("$").lower(), value.strip())
        self.at = end + 1
        return node

    def attribute(self, node: Node, name: str, value: str) -> None:
        if value.startswith("$"):
            value = text_of(self.parameter(value[1:]))
        if name == "weight":
            node.weight = float(value)
        elif name == "slop" and isinstance(node, Intersection):
            node.slop = int(value)
        elif name == "inorder" and isinstance(node, Intersection):
            node.in_order = value.lower() == "true"
        elif name == "yield_distance_as" and isinstance(node, Nearest):
            node.alias = value
        elif name not in _UNHEEDED:
            raise QueryError(f"Invalid attribute {name}")


def parse_query(
    search: Search,
    text: str,
    parameters: dict[str, bytes],
    *,
    fields: int = EVERYTHING,
    dialect: int = 2,
) -> Node:
    """Read a query.

    Args:
        search: what it will run on.
        text: the query.
        parameters: what `$name` stands for.
        fields: the fields that words are looked for in, as bits.
        dialect: 1 has no parameters and no vectors, and a field's words go on to the next mark.

    Raises:
        QueryError: it makes no sense.
    """
    return _Reader(search, text, parameters, fields, dialect).whole()
