"""The options of FT.SEARCH; it refuses to run queries."""

from dataclasses import dataclass, field

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.commands.search_definitions import Words
from dotdo_redis.engine.search.scoring import SCORERS
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.words import LANGUAGES
from dotdo_redis.errors import Raw, ReplyError

UNITS = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.34}
_SIMPLE = {
    "NOCONTENT": "without_content", "VERBATIM": "is_verbatim", "NOSTOPWORDS": "keeps_stop_words",
    "WITHSCORES": "with_scores", "WITHPAYLOADS": "with_payloads", "WITHSORTKEYS": "with_sort_keys",
    "INORDER": "in_order", "EXPLAINSCORE": "explains_score", "ADDSCORES": "adds_scores", "WITHCOUNT": "with_count",
    "WITHOUTCOUNT": "without_count",
}  # fmt: skip


@dataclass(slots=True)
class Excerpts:
    """What SUMMARIZE and HIGHLIGHT ask for."""

    fields: list[str] = field(default_factory=list)
    fragments: int = 3
    length: int = 20
    separator: str = "... "
    tags: tuple[str, str] = ("<b>", "</b>")


@dataclass(slots=True)
class SearchOptions:
    """What follows the query in FT.SEARCH."""

    without_content: bool = False
    is_verbatim: bool = False
    keeps_stop_words: bool = False
    with_scores: bool = False
    with_payloads: bool = False
    with_sort_keys: bool = False
    in_order: bool = False
    explains_score: bool = False
    adds_scores: bool = False
    with_count: bool = False
    without_count: bool = False
    slop: int | None = None
    language: str = ""
    scorer: str = ""
    dialect: int = 0
    timeout_ms: int = 0
    """How long the search may take; what takes longer is told so, or fails."""
    first: int = 0
    count: int = 10
    sort_by: str = ""
    is_descending: bool = False
    returned: list[tuple[str, str]] | None = None
    keys: list[bytes] | None = None
    fields: list[str] | None = None
    numbers: list[tuple[str, float, float, tuple[bool, bool]]] = field(default_factory=list)
    places: list[tuple[str, tuple[float, float], float]] = field(default_factory=list)
    parameters: dict[str, bytes] = field(default_factory=dict)
    summary: Excerpts | None = None
    highlight: Excerpts | None = None

    def read(self, words: Words) -> None:
        """Read all options.

        Raises:
            Raw: one is unknown, or its arguments make no sense.
        """
        while words:
            option = words.peek()
            if not self.read_shared(option, words):
                self._read(option, words)

    def read_shared(self, option: str, words: Words) -> bool:
        """Read an option that FT.AGGREGATE has, too; whether it was one."""
        if option in _SIMPLE:
            setattr(self, _SIMPLE[option], True)
            words.at += 1
        elif option == "PARAMS":
            words.at += 1
            self._read_parameters(words)
        elif option == "DIALECT":
            words.at += 1
            self.dialect = _dialect(words)
        elif option == "TIMEOUT":
            words.at += 1
            self.timeout_ms = _natural(
                words.take("TIMEOUT"), "TIMEOUT requires a non negative integer"
            )
        elif option == "SCORER":
            words.at += 1
            self.scorer = words.take("SCORER")
            if self.scorer not in SCORERS:
                raise Raw(f"No such scorer {self.scorer}")
        elif option == "FORMAT":
            words.at += 1
            if words.take("FORMAT").upper() not in {"STRING", "EXPAND"}:
                raise Raw("FORMAT is not supported")
        else:
            return False
        return True

    def _read_parameters(self, words: Words) -> None:
        count = words.number("PARAMS")
        if count % 2 or count < 1:
            raise Raw("Parameters must be specified in PARAM VALUE pairs")
        for _ in range(count // 2):
            name = words.take("PARAMS")
            if not words:
                words.take("PARAMS")
            if name in self.parameters:
                raise Raw(f"Duplicate parameter `{name}`")
            self.parameters[name] = words.words[words.at]
            words.at += 1

    def _read(self, option: str, words: Words) -> None:
        readers = {
            "LIMIT": self._read_limit, "SORTBY": self._read_sort, "RETURN": self._read_returned,
            "FILTER": self._read_filter, "GEOFILTER": self._read_place,
        }  # fmt: skip
        words.at += 1
        if option in readers:
            readers[option](words)
        elif option == "INKEYS":
            keys = words.counted("INKEYS")
            self.keys = [key.encode("utf-8", "surrogateescape") for key in keys]
        elif option == "INFIELDS":
            self.fields = words.counted("INFIELDS")
        elif option == "SLOP":
            slop = words.number("SLOP")
            self.slop = None if slop < 0 else slop
        elif option == "LANGUAGE":
            self.language = words.take("LANGUAGE").lower()
            if self.language not in LANGUAGES:
                raise Raw("No such language")
        elif option in {"SUMMARIZE", "HIGHLIGHT"}:
            self._read_excerpts(option, words)
        elif option in {"EXPANDER", "PAYLOAD"}:
            words.take(option)
        else:
            shown = text_of(words.words[words.at - 1])
            raise Raw(f"Unknown argument `{shown}` at position {words.at} for <main>")

    def _read_limit(self, words: Words) -> None:
        if len(words.words) - words.at < 2:
            raise Raw("LIMIT requires two arguments")
        error = "LIMIT needs two numeric arguments"
        self.first, self.count = _natural(words.take(), error), _natural(words.take(), error)
        if self.count > 1_000_000:
            raise Raw("LIMIT exceeds maximum of 1000000")

    def _read_sort(self, words: Words) -> None:
        if not words:
            raise Raw("Bad SORTBY arguments")
        self.sort_by = words.take().lstrip("@")
        if words.peek() in {"ASC", "DESC"}:
            self.is_descending = words.take().upper() == "DESC"

    def _read_returned(self, words: Words) -> None:
        rest = words.counted("RETURN")
        self.returned = []
        at = 0
        while at < len(rest):
            name = rest[at].lstrip("@")
            at += 1
            alias = name
            if at < len(rest) and rest[at].upper() == "AS":
                if at + 1 >= len(rest):
                    raise Raw("RETURN path AS name - must be accompanied with NAME")
                alias = rest[at + 1]
                at += 2
            self.returned.append((name, alias))
        if not rest:
            self.without_content = True

    def _read_filter(self, words: Words) -> None:
        if len(words.words) - words.at < 3:
            raise Raw("FILTER requires 3 arguments")
        name = words.take()
        low, opens_low = _bound(words.take(), "lower")
        high, opens_high = _bound(words.take(), "upper")
        self.numbers.append((name, low, high, (opens_low, opens_high)))

    def _read_place(self, words: Words) -> None:
        if len(words.words) - words.at < 5:
            raise Raw("GEOFILTER requires 5 arguments")
        name = words.take()
        numbers = []
        for shown in ("<lon>", "<lat>", "<radius>"):
            try:
                numbers.append(floating(words.take().encode()))
            except ReplyError:
                raise Raw(
                    f"Bad arguments for {shown}: Could not convert argument to expected type"
                ) from None
        unit = words.take().lower()
        if unit not in UNITS:
            raise Raw("Unknown distance unit " + unit)
        self.places.append((name, (numbers[0], numbers[1]), numbers[2] * UNITS[unit]))

    def _read_excerpts(self, option: str, words: Words) -> None:
        found = Excerpts()
        if words.skip("FIELDS"):
            found.fields = words.counted("FIELDS")
        if option == "HIGHLIGHT":
            if words.skip("TAGS"):
                found.tags = words.take("TAGS"), words.take("TAGS")
            self.highlight = found
            return
        while words.peek() in {"FRAGS", "LEN", "SEPARATOR"}:
            name = words.take().upper()
            if name == "FRAGS":
                found.fragments = words.number(name)
            elif name == "LEN":
                found.length = words.number(name)
            else:
                found.separator = words.take(name)
        self.summary = found


def _natural(word: str, error: str) -> int:
    try:
        number = integer(word.encode())
    except ReplyError:
        raise Raw(error) from None
    if number < 0:
        raise Raw(error)
    return number


def _dialect(words: Words) -> int:
    error = "DIALECT requires a non negative integer >=1 and <= 4"
    number = _natural(words.take("DIALECT"), error)
    if not 1 <= number <= 4:
        raise Raw(error)
    return number


def _bound(word: str, which: str) -> tuple[float, bool]:
    try:
        return floating(word.lstrip("(").encode()), word.startswith("(")
    except ReplyError:
        raise Raw(f"Bad {which} range: {word}") from None
