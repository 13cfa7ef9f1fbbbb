"""The words of FT.CREATE and FT.ALTER as definitions; it refuses to make indexes."""

from collections.abc import Callable

from dotdo_redis.engine.arguments import floating, integer
from dotdo_redis.engine.search.schema import Definition, Field
from dotdo_redis.engine.search.values import text_of
from dotdo_redis.engine.search.words import LANGUAGES
from dotdo_redis.errors import Raw, ReplyError

KINDS = frozenset({"TEXT", "TAG", "NUMERIC", "GEO", "GEOSHAPE", "VECTOR"})
_TYPES = frozenset({"FLOAT32", "FLOAT64", "FLOAT16", "BFLOAT16", "INT8", "UINT8"})
_METRICS = frozenset({"L2", "IP", "COSINE"})
_REQUIRED = ("TYPE", "DIM", "DISTANCE_METRIC")
_PARAMETERS = {
    "FLAT": frozenset({"INITIAL_CAP", "BLOCK_SIZE"}),
    "HNSW": frozenset({"INITIAL_CAP", "M", "EF_CONSTRUCTION", "EF_RUNTIME", "EPSILON"}),
    "SVS-VAMANA": frozenset({
        "COMPRESSION", "CONSTRUCTION_WINDOW_SIZE", "GRAPH_MAX_DEGREE", "SEARCH_WINDOW_SIZE", "EPSILON",
        "TRAINING_THRESHOLD", "REDUCE",
    }),
}  # fmt: skip
_FLAGS = {
    "SORTABLE",
    "UNF",
    "NOINDEX",
    "INDEXMISSING",
    "INDEXEMPTY",
    "NOSTEM",
    "CASESENSITIVE",
    "WITHSUFFIXTRIE",
}
CANNOT_CONVERT = "Could not convert argument to expected type"


class Words:
    """The words of a call, read one after the other."""

    def __init__(self, words: list[bytes]) -> None:
        self.words = words
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.words)

    def peek(self) -> str:
        """The next word in capitals; empty at the end."""
        return text_of(self.words[self.at]).upper() if self else ""

    def take(self, name: str = "") -> str:
        """The next word.

        Raises:
            Raw: there is none; `name` says whose argument is missing.
        """
        if not self:
            raise Raw(f"Bad arguments for {name}: Expected an argument, but none provided")
        self.at += 1
        return text_of(self.words[self.at - 1])

    def skip(self, name: str) -> bool:
        """Pass a word when it stands here."""
        if self.peek() != name:
            return False
        self.at += 1
        return True

    def number(self, name: str) -> int:
        """Read an integer.

        Raises:
            Raw: it is none.
        """
        word = self.take(name)
        try:
            return integer(word.encode())
        except ReplyError:
            raise Raw(f"Bad arguments for {name}: {CANNOT_CONVERT}") from None

    def counted(self, name: str) -> list[str]:
        """Read a number and as many words."""
        count = self.number(name)
        if count < 0:
            raise Raw(f"Bad arguments for {name}: Value is outside acceptable bounds")
        return [self.take(name) for _ in range(count)]


def read_definition(name: str, words: Words) -> Definition:
    """Read what follows the name in FT.CREATE.

    Raises:
        Raw: it makes no sense.
    """
    definition = Definition(name)
    while words:
        option = words.take().upper()
        if option == "SCHEMA":
            read_fields(definition, words)
            return definition
        _read_option(definition, option, words)
    raise Raw("No schema found")


_NAMES = {
    "LANGUAGE_FIELD": "language_field", "SCORE_FIELD": "score_field", "PAYLOAD_FIELD": "payload_field", "FILTER": "filter",
}  # fmt: skip
_OPTIONS = frozenset({"MAXTEXTFIELDS", "NOOFFSETS", "NOHL", "NOFIELDS", "NOFREQS"})


def _read_option(definition: Definition, option: str, words: Words) -> None:
    reader = _READERS.get(option)
    if reader is not None:
        reader(definition, words)
    elif option in _NAMES:
        setattr(definition, _NAMES[option], words.take(option))
    elif option in _OPTIONS:
        definition.options.append(option)
    else:
        raise Raw(f"Unknown argument `{text_of(words.words[words.at - 1])}`")


def _read_kind(definition: Definition, words: Words) -> None:
    kind = words.take("ON")
    if kind.upper() not in {"HASH", "JSON"}:
        raise Raw(f"Invalid rule type: {kind}")
    definition.is_json = kind.upper() == "JSON"


def _read_prefixes(definition: Definition, words: Words) -> None:
    definition.prefixes = words.counted("PREFIX") or [""]


def _read_language(definition: Definition, words: Words) -> None:
    definition.language = words.take("LANGUAGE").lower()
    if definition.language not in LANGUAGES:
        raise Raw("Invalid language")


def _read_score(definition: Definition, words: Words) -> None:
    definition.score = _score(words.take("SCORE"))


def _read_stop_words(definition: Definition, words: Words) -> None:
    definition.stop_words = frozenset(word.lower() for word in words.counted("STOPWORDS"))
    definition.has_own_stop_words = True


def _refuse_temporary(_definition: Definition, words: Words) -> None:
    words.number("TEMPORARY")
    raise Raw("TEMPORARY is not supported: drop the index when it is no longer needed")


def _skip_scan(definition: Definition, _words: Words) -> None:
    definition.skips_scan = True


def _read_index_all(_definition: Definition, words: Words) -> None:
    if words.take("INDEXALL").upper() not in {"ENABLE", "DISABLE"}:
        raise Raw("Invalid argument for `INDEXALL`, use ENABLE or DISABLE")


_READERS: dict[str, Callable[[Definition, Words], None]] = {
    "ON": _read_kind,
    "PREFIX": _read_prefixes,
    "LANGUAGE": _read_language,
    "SCORE": _read_score,
    "STOPWORDS": _read_stop_words,
    "TEMPORARY": _refuse_temporary,
    "SKIPINITIALSCAN": _skip_scan,
    "INDEXALL": _read_index_all,
}


def _score(word: str) -> float:
    try:
        score = floating(word.encode())
    except ReplyError:
        score = -1
    if not 0 <= score <= 1:
        raise Raw("Invalid score")
    return score


def read_fields(definition: Definition, words: Words) -> list[Field]:
    """Read fields up to the end of the call, and add them to the definition.

    Raises:
        Raw: one of them makes no sense, or is there already.
    """
    added: list[Field] = []
    while words:
        one = _read_field(words)
        known = [*definition.fields, *added]
        if any(other.name == one.name for other in known):
            raise Raw(f"Duplicate field in schema - {one.name}")
        added.append(one)
    if not added:
        raise Raw("Fields arguments are missing")
    definition.fields += added
    return added


def _read_field(words: Words) -> Field:
    identifier = words.take()
    name = words.take("AS") if words.skip("AS") else identifier
    kind = words.peek()
    if kind not in KINDS:
        raise Raw(f"Invalid field type for field `{name}`")
    words.at += 1
    one = Field(identifier, name, kind)
    if kind == "VECTOR":
        _read_vector(one, words)
    elif kind == "GEOSHAPE" and words.peek() in {"FLAT", "SPHERICAL"}:
        one.parameters["COORD_SYSTEM"] = words.take().upper()
    _read_flags(one, words)
    if kind == "NUMERIC" and one.is_sortable:
        one.is_unnormalized = True
    return one


def _read_flags(one: Field, words: Words) -> None:
    while words:
        option = words.peek()
        if option in _FLAGS:
            words.at += 1
            _set_flag(one, option)
        elif option == "WEIGHT":
            words.at += 1
            try:
                one.weight = floating(words.take("weight").encode())
            except ReplyError:
                raise Raw(f"Bad arguments for weight: {CANNOT_CONVERT}") from None
        elif option == "PHONETIC":
            words.at += 1
            one.is_phonetic = words.take("PHONETIC")
            if one.is_phonetic.lower() not in {"dm:en", "dm:fr", "dm:pt", "dm:es"}:
                raise Raw(
                    "Matcher Format: <2 chars algorithm>:<2 chars language>. Support algorithms: double metaphone (dm). Supported languages: English (en), French (fr), Portuguese (pt) and Spanish (es)"
                )
        elif option == "SEPARATOR":
            words.at += 1
            one.separator = words.take("SEPARATOR")
            if len(one.separator) != 1:
                raise Raw("Tag separator must be a single character. Got `" + one.separator + "`")
        else:
            return


def _set_flag(one: Field, option: str) -> None:
    if option == "SORTABLE":
        one.is_sortable = True
    elif option == "UNF":
        one.is_unnormalized = True
    elif option == "NOINDEX":
        one.is_indexed = False
    elif option == "INDEXMISSING":
        one.indexes_missing = True
    elif option == "INDEXEMPTY":
        one.indexes_empty = True
    elif option == "NOSTEM":
        one.is_stemmed = False
    elif option == "CASESENSITIVE":
        one.is_case_sensitive = True
    else:
        one.has_suffixes = True


def _read_vector(one: Field, words: Words) -> None:
    one.algorithm = words.take("vector similarity algorithm").upper()
    known = _PARAMETERS.get(one.algorithm)
    if known is None:
        raise Raw("Bad arguments for vector similarity algorithm: Unknown argument")
    count = words.number("vector similarity number of parameters")
    if count % 2 or count < 0:
        raise Raw(
            f"Bad number of arguments for vector similarity index: got {count} but expected even number (as algorithm parameters should be submitted as named arguments)"
        )
    pairs = [(words.take().upper(), words.take()) for _ in range(count // 2)]
    label = f"vector similarity {one.algorithm} index"
    for name, value in pairs:
        if name not in known and name not in _REQUIRED:
            raise Raw(f"Bad arguments for algorithm {one.algorithm}: {name}")
        if name == "TYPE" and value.upper() not in _TYPES:
            raise Raw(f"Bad arguments for {label} type: Unknown argument")
        if name == "DISTANCE_METRIC" and value.upper() not in _METRICS:
            raise Raw(f"Bad arguments for {label} metric: Unknown argument")
        if name not in {"TYPE", "DISTANCE_METRIC", "COMPRESSION", "EPSILON"}:
            _positive(label, name, value)
        one.parameters[name] = value
    for name in _REQUIRED:
        if name not in one.parameters:
            raise Raw(
                f"Missing mandatory parameter: cannot create {one.algorithm} index without "
                f"specifying {name} argument"
            )


def _positive(label: str, name: str, value: str) -> None:
    shown = name.lower() if name == "DIM" else name
    try:
        number = integer(value.encode())
    except ReplyError:
        raise Raw(f"Bad arguments for {label} {shown}: {CANNOT_CONVERT}") from None
    if number < 1:
        raise Raw(f"Bad arguments for {label} {shown}: Value is outside acceptable bounds")
