"""Full text search (9.13): vectors and queries made, changed, matched and ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dotdo_postgres.engine.functions import text_queries
from dotdo_postgres.engine.functions.text_dictionaries import (
    DICTIONARIES,
    config_name,
    dictionary_of,
    is_indexed,
    lexemes,
)
from dotdo_postgres.engine.functions.text_matching import finder, matches
from dotdo_postgres.engine.functions.text_parsing import TOKEN_TYPES, tokens
from dotdo_postgres.engine.functions.text_ranking import rank, rank_by_covers, weights_of
from dotdo_postgres.engine.routines.declare import Family
from dotdo_postgres.errors import error
from dotdo_postgres.mapping import arrays, jsons, tsqueries, tsvectors
from dotdo_postgres.spec.catalog import static_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dotdo_postgres.engine.facts import Facts

FAMILY = Family("9.13")


def _session_config(facts: Facts) -> str:
    return config_name(session_config(facts))


@FAMILY.function("get_current_ts_config()", returns="regconfig", takes_session=True)
def session_config(facts: Facts) -> int:
    """Return the configuration of the session (42704)."""
    name = facts.settings["default_text_search_config"].rpartition(".")[2].strip('"')
    for row in static_rows("pg_ts_config"):
        if row[1] == name:
            return int(str(row[0]))
    raise error("42704", f'text search configuration "{name}" does not exist')


# --- vectors ---------------------------------------------------------------------------------


def vector(config: str, texts: list[str], gap: int = 1) -> str:
    """Return the vector of texts that follow one another, with a gap behind each that has lexemes."""
    found: tsvectors.Lexemes = {}
    offset = 0
    for text in texts:
        listed, last = lexemes(config, text)
        for position, word in listed:
            place = min(offset + position, tsvectors.MAX_POSITION)
            found.setdefault(word, []).append((place, 0))
        offset += last + gap if listed else last
    return tsvectors.to_text(found)


def _of_text(config: str, text: str) -> str:
    return vector(config, [text])


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, jsons.Number):
        yield value
    elif isinstance(value, (dict, list)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _strings(member)


def _of_json(config: str, stored: str) -> str:
    return vector(config, list(_strings(jsons.parse(stored))))


def _configured(signature: str, returns: str, body: Callable[..., str]) -> None:
    """Declare a function by a configuration, and by that of the session."""
    name, _, types = signature.partition("(")

    @FAMILY.function(f"{name}(regconfig, {types}", returns=returns)
    def told(config: int, *args: object) -> str:
        return body(config_name(config), *args)

    @FAMILY.function(signature, returns=returns, takes_session=True)
    def usual(facts: Facts, *args: object) -> str:
        return body(_session_config(facts), *args)


_configured("to_tsvector(text)", "tsvector", _of_text)
_configured("to_tsvector(json)", "tsvector", _of_json)
_configured("to_tsvector(jsonb)", "tsvector", _of_json)
_configured("to_tsquery(text)", "tsquery", text_queries.read)
_configured("plainto_tsquery(text)", "tsquery", text_queries.plain)
_configured("phraseto_tsquery(text)", "tsquery", text_queries.phrase)
_configured("websearch_to_tsquery(text)", "tsquery", text_queries.web)

_KINDS = frozenset({"string", "numeric", "boolean", "key"})


def _wanted(value: object, kinds: set[str]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if "key" in kinds:
                yield key
            yield from _wanted(member, kinds)
    elif isinstance(value, list):
        for member in value:
            yield from _wanted(member, kinds)
    elif value is not None and jsons.kind_of(value).replace("number", "numeric") in kinds:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _filtered(config: str, stored: str, wanted: str) -> str:
    """Return the vector of those parts of JSON that a filter names (22023)."""
    given = jsons.parse(wanted)
    items = given if isinstance(given, list) else [given]
    if isinstance(given, dict):
        raise error("22023", "wrong flag type, only arrays and scalars are allowed")
    kinds: set[str] = set()
    for item in items:
        if not isinstance(item, str) or isinstance(item, jsons.Number):
            hint = 'Possible values are: "string", "numeric", "boolean", "key", and "all".'
            raise error("22023", "flag array element is not a string", hint=hint)
        name = item.lower()
        if name not in {*_KINDS, "all"}:
            hint = 'Possible values are: "string", "numeric", "boolean", "key", and "all".'
            raise error("22023", f'wrong flag in flag array: "{item}"', hint=hint)
        kinds |= {*_KINDS} if name == "all" else {name}
    return vector(config, list(_wanted(jsons.parse(stored), kinds)))


_configured("json_to_tsvector(json, jsonb)", "tsvector", _filtered)
_configured("jsonb_to_tsvector(jsonb, jsonb)", "tsvector", _filtered)


@FAMILY.cast("text as tsvector")
def read_vector(text: str) -> str:
    """Read a vector (42601)."""
    return tsvectors.from_text(text)


@FAMILY.cast("text as tsquery")
def read_query(text: str) -> str:
    """Read a query (42601)."""
    return tsqueries.from_text(text)


@FAMILY.cast("tsvector as text", "tsquery as text")
def write(stored: str) -> str:
    """Write a vector or query."""
    return stored


@FAMILY.operator("tsvector || tsvector", returns="tsvector")
@FAMILY.function("tsvector_concat(tsvector, tsvector)", returns="tsvector")
def concatenated(left: str, right: str) -> str:
    """Join vectors; the second's positions follow those of the first."""
    first, second = tsvectors.decode(left), tsvectors.decode(right)
    last = max((number for places in first.values() for number, _ in places), default=0)
    found = {word: [*places] for word, places in first.items()}
    for word, places in second.items():
        moved = [(min(number + last, tsvectors.MAX_POSITION), weight) for number, weight in places]
        found[word] = found.get(word, []) + moved
    return tsvectors.to_text(found)


def _weight(letter: str) -> int:
    if letter.upper() not in {"A", "B", "C", "D"}:
        raise error("XX000", f"unrecognized weight: {ord(letter or chr(0))}")
    return tsvectors.WEIGHTS[letter.upper()]


@FAMILY.function('setweight(tsvector, "char")', returns="tsvector")
def set_weight(stored: str, letter: str) -> str:
    """Give every position a weight."""
    weight = _weight(letter)
    found = tsvectors.decode(stored)
    return tsvectors.to_text(
        {word: [(number, weight) for number, _ in places] for word, places in found.items()}
    )


@FAMILY.function('setweight(tsvector, "char", text[])', returns="tsvector")
def set_weight_of(stored: str, letter: str, listed: str) -> str:
    """Give the positions of some lexemes a weight."""
    weight, chosen = _weight(letter), {item for item in arrays.unpack(listed) if item is not None}
    found = tsvectors.decode(stored)
    return tsvectors.to_text(
        {
            word: [(number, weight if word in chosen else had) for number, had in places]
            for word, places in found.items()
        }
    )


@FAMILY.function("strip(tsvector)", returns="tsvector")
def strip(stored: str) -> str:
    """Drop positions and weights."""
    return tsvectors.to_text({word: [] for word in tsvectors.decode(stored)})


@FAMILY.function("length(tsvector)", returns="integer")
def length(stored: str) -> int:
    """Count the lexemes."""
    return len(tsvectors.decode(stored))


@FAMILY.function("ts_delete(tsvector, text)", returns="tsvector")
def delete(stored: str, word: str) -> str:
    """Take a lexeme out."""
    return tsvectors.to_text({k: v for k, v in tsvectors.decode(stored).items() if k != word})


@FAMILY.function("ts_delete(tsvector, text[])", returns="tsvector")
def delete_all(stored: str, listed: str) -> str:
    """Take lexemes out."""
    gone = {item for item in arrays.unpack(listed) if item is not None}
    return tsvectors.to_text({k: v for k, v in tsvectors.decode(stored).items() if k not in gone})


@FAMILY.function('ts_filter(tsvector, "char"[])', returns="tsvector")
def filtered(stored: str, listed: str) -> str:
    """Keep the positions of some weights (22004, 22023)."""
    items = arrays.unpack(listed)
    if None in items:
        raise error("22004", "weight array may not contain nulls")
    weights = {_weight(item) for item in items}
    kept = {
        word: [place for place in places if place[1] in weights]
        for word, places in tsvectors.decode(stored).items()
    }
    return tsvectors.to_text({word: places for word, places in kept.items() if places})


@FAMILY.function("array_to_tsvector(text[])", returns="tsvector")
def of_array(listed: str) -> str:
    """Return the vector of lexemes without positions (22004, 2200F)."""
    items = arrays.unpack(listed)
    if None in items:
        raise error("22004", "lexeme array may not contain nulls")
    if "" in items:
        raise error("2200F", "lexeme array may not contain empty strings")
    return tsvectors.to_text({item: [] for item in items})


@FAMILY.function("tsvector_to_array(tsvector)", returns="text[]")
def to_array(stored: str) -> str:
    """Return the lexemes."""
    return arrays.pack([*tsvectors.decode(stored)])


# --- matching and ranking --------------------------------------------------------------------


@FAMILY.operator("tsvector @@ tsquery", "tsvector @@@ tsquery", returns="boolean")
@FAMILY.function("ts_match_vq(tsvector, tsquery)", returns="boolean")
def match(stored: str, query: str) -> int:
    """Tell whether a vector matches a query."""
    return int(matches(tsqueries.decode(query), finder(tsvectors.decode(stored))))


@FAMILY.operator("tsquery @@ tsvector", "tsquery @@@ tsvector", returns="boolean")
@FAMILY.function("ts_match_qv(tsquery, tsvector)", returns="boolean")
def match_reversed(query: str, stored: str) -> int:
    """Tell whether a vector matches a query."""
    return match(stored, query)


@FAMILY.operator("text @@ tsquery", returns="boolean", takes_session=True)
@FAMILY.function("ts_match_tq(text, tsquery)", returns="boolean", takes_session=True)
def match_text(facts: Facts, text: str, query: str) -> int:
    """Tell whether a text matches a query."""
    return match(_of_text(_session_config(facts), text), query)


@FAMILY.operator("text @@ text", returns="boolean", takes_session=True)
@FAMILY.function("ts_match_tt(text, text)", returns="boolean", takes_session=True)
def match_texts(facts: Facts, text: str, words: str) -> int:
    """Tell whether a text has all words of another."""
    config = _session_config(facts)
    return match(_of_text(config, text), text_queries.plain(config, words))


def _ranking(name: str, compute: Callable[..., float]) -> None:
    def ranked(weights: str | None, stored: str, query: str, method: int) -> float:
        items = None if weights is None else arrays.unpack(weights)
        if items and isinstance(items[0], list):
            raise error("2202E", "array of weight must be one-dimensional")
        told = weights_of(items)
        return compute(told, tsvectors.decode(stored), tsqueries.decode(query), method)

    @FAMILY.function(f"{name}(real[], tsvector, tsquery, integer)", returns="real")
    def weighed_by(weights: str, stored: str, query: str, method: int) -> float:
        return ranked(weights, stored, query, method)

    @FAMILY.function(f"{name}(real[], tsvector, tsquery)", returns="real")
    def weighed(weights: str, stored: str, query: str) -> float:
        return ranked(weights, stored, query, 0)

    @FAMILY.function(f"{name}(tsvector, tsquery, integer)", returns="real")
    def by(stored: str, query: str, method: int) -> float:
        return ranked(None, stored, query, method)

    @FAMILY.function(f"{name}(tsvector, tsquery)", returns="real")
    def usual(stored: str, query: str) -> float:
        return ranked(None, stored, query, 0)


_ranking("ts_rank", rank)
_ranking("ts_rank_cd", rank_by_covers)


# --- looking into it -------------------------------------------------------------------------


@FAMILY.function("ts_lexize(regdictionary, text)", returns="text[]")
def lexize(dictionary: int, word: str) -> str:
    """Return what a dictionary makes of a word (0A000 for one that is not here)."""
    name = next((str(row[1]) for row in static_rows("pg_ts_dict") if row[0] == dictionary), "")
    make = DICTIONARIES.get(name)
    if make is None:
        raise error("0A000", f"the text search dictionary {name or dictionary} is not supported")
    return arrays.pack(make(word))


@FAMILY.series("unnest(tsvector)", returns="record")
def unnest(stored: str) -> list[list[object]]:
    """Return the lexemes as rows."""
    letters = "DCBA"
    return [
        [word, [n for n, _ in places] or None, [letters[weight] for _, weight in places] or None]
        for word, places in tsvectors.decode(stored).items()
    ]


def _require_parser(name: str) -> None:
    if name.rpartition(".")[2] != "default":
        raise error("42704", f'text search parser "{name}" does not exist')


@FAMILY.series("ts_parse(text, text)", returns="record")
def parse(name: str, text: str) -> list[list[object]]:
    """Return the tokens of a text as rows (42704)."""
    _require_parser(name)
    return [[token.kind, token.text] for token in tokens(text)]


@FAMILY.series("ts_token_type(text)", returns="record")
def token_types(name: str) -> list[list[object]]:
    """Return the kinds of tokens as rows (42704)."""
    _require_parser(name)
    return [list(kind) for kind in TOKEN_TYPES]


def _explained(config: str, text: str) -> list[list[object]]:
    oids = {str(row[1]): row[0] for row in static_rows("pg_ts_dict")}
    about = {number: (alias, description) for number, alias, description in TOKEN_TYPES}
    rows: list[list[object]] = []
    for kind, piece in tokens(text):
        row: list[object] = [*about[kind], piece, [], None, None]
        if is_indexed(kind):
            name = dictionary_of(config, kind)
            row[3:] = [[oids[name]], oids[name], DICTIONARIES[name](piece)]
        rows.append(row)
    return rows


@FAMILY.series("ts_debug(regconfig, text)", returns="record")
def explain(config: int, text: str) -> list[list[object]]:
    """Return the tokens of a text with what their dictionaries make of them."""
    return _explained(config_name(config), text)


@FAMILY.series("ts_debug(text)", returns="record", takes_session=True)
def explain_usual(facts: Facts, text: str) -> list[list[object]]:
    """Return the tokens of a text with what the dictionaries of the session make of them."""
    return _explained(_session_config(facts), text)
