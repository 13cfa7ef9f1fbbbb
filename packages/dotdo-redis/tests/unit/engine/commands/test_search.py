"""Indexes, queries, aggregations and words of search, established on RediSearch 2.10."""

import struct

import pytest

from dotdo_redis.errors import ReplyError

DOCUMENTS = {
    "d:1": {"title": "hello world", "body": "the quick brown fox jumps", "price": 10, "tags": "red;blue", "loc": "-122.4,37.7"},
    "d:2": {"title": "hello there", "body": "lazy dogs running quickly", "price": 20, "tags": "Blue", "loc": "2.35,48.85"},
    "d:3": {"title": "goodbye", "body": "a world of foxes", "price": 30.5, "tags": "green"},
}  # fmt: skip
SCHEMA = (
    "title TEXT WEIGHT 5 SORTABLE body TEXT price NUMERIC SORTABLE tags TAG SEPARATOR ; loc GEO"
)


@pytest.fixture
def filled(newest):
    newest("FT.CREATE", "i", "PREFIX", 1, "d:", "SCHEMA", *SCHEMA.split())
    for key, fields in DOCUMENTS.items():
        newest("HSET", key, *[word for pair in fields.items() for word in pair])
    newest("HSET", "x:4", "title", "hello")
    return newest


def keys(rig, query, *options):
    """The keys that a query finds, in order."""
    return [key.decode() for key in rig("FT.SEARCH", "i", query, "NOCONTENT", *options)[1:]]


QUERIES = [
    ("hello", ["d:1", "d:2"]),
    ("*", ["d:1", "d:2", "d:3"]),
    ("@price:[10 20]", ["d:1", "d:2"]),
    ("@price:[(10 +inf]", ["d:2", "d:3"]),
    ("@price>=20", ["d:2", "d:3"]),
    ("@tags:{blue}", ["d:1", "d:2"]),
    ("@tags:{red|green}", ["d:1", "d:3"]),
    ("@tags:{gr*}", ["d:3"]),
    ("@loc:[2.3 48.8 50 km]", ["d:2"]),
    ("fox", ["d:1", "d:3"]),
    ("running", ["d:2"]),
    ("hel*", ["d:1", "d:2"]),
    ("*ello", ["d:1", "d:2"]),
    ("%helo%", ["d:1", "d:2"]),
    ("w'h?llo'", ["d:1", "d:2"]),
    ("hello -world", ["d:2"]),
    ("hello|goodbye", ["d:3", "d:1", "d:2"]),
    ("@title:hello @body:fox", ["d:1"]),
    ("@title|body:world", ["d:1", "d:3"]),
    ('"quick brown"', ["d:1"]),
    ('"brown quick"', []),
    ("(hello world)|goodbye", ["d:3", "d:1"]),
    ("the", []),
    ("@nofield:hello", []),
]


@pytest.mark.parametrize(("query", "found"), QUERIES)
def test_queries_find_documents(filled, query, found):
    assert keys(filled, query, "DIALECT", 2, "SCORER", "TFIDF") == found


OPTIONS = [
    (["VERBATIM"], "fox", ["d:1"]),
    (["SORTBY", "price", "DESC", "LIMIT", 0, 2], "*", ["d:3", "d:2"]),
    (["SORTBY", "title"], "*", ["d:3", "d:2", "d:1"]),
    (["INKEYS", 1, "d:2"], "hello", ["d:2"]),
    (["INFIELDS", 1, "title"], "world", ["d:1"]),
    (["FILTER", "price", 15, 25], "hello", ["d:2"]),
    (["GEOFILTER", "loc", 2.35, 48.85, 10, "km"], "hello", ["d:2"]),
    (["PARAMS", 2, "p", "world", "DIALECT", 2], "hello $p", ["d:1"]),
    (["SLOP", 0], "hello world", ["d:1"]),
    (["INORDER", "SLOP", 0], "world hello", []),
]


@pytest.mark.parametrize(("options", "query", "found"), OPTIONS)
def test_options_narrow_and_order_what_is_found(filled, options, query, found):
    assert keys(filled, query, *options) == found


ERRORS = [
    ("FT.SEARCH nope hello", "nope: no such index"),
    ("FT.SEARCH i (hello", "Syntax error at offset 1 near hello"),
    ("FT.SEARCH i hello FOO", "Unknown argument `FOO` at position 1 for <main>"),
    ("FT.SEARCH i hello LIMIT 0", "LIMIT requires two arguments"),
    ("FT.SEARCH i hello SORTBY nofield", "Property `nofield` not loaded nor in schema"),
    ("FT.SEARCH i hello DIALECT 9", "DIALECT requires a non negative integer >=1 and <= 4"),
    ("FT.SEARCH i $x DIALECT 2", "No such parameter `x`"),
    ("FT.SEARCH i hello SCORER NOPE", "No such scorer NOPE"),
    ("FT.CREATE i SCHEMA a TEXT", "Index already exists"),
    ("FT.CREATE j SCHEMA a TEXT a TEXT", "Duplicate field in schema - a"),
    ("FT.CREATE j SCHEMA a FOO", "Invalid field type for field `a`"),
    ("FT.CREATE j ON FOO SCHEMA a TEXT", "Invalid rule type: FOO"),
    ("FT.INFO nope", "Unknown index name"),
    ("FT.DROPINDEX nope", "Unknown Index name"),
    ("FT.TAGVALS i title", "Not a tag field"),
    ("FT.ALIASDEL nope", "Alias does not exist"),
    ("FT.CURSOR READ i 5", "Cursor not found"),
    ("FT.AGGREGATE i * GROUPBY 1 title", "Bad arguments for GROUPBY: Unknown property `title`. Did you mean `@title`?"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "text"), ERRORS)
def test_errors_are_the_modules(filled, call, text):
    reply = filled(*call.split())
    assert isinstance(reply, ReplyError)
    assert reply.text == text


def test_scores_are_those_of_the_scorer_asked_for(filled):
    filled("FT.CREATE", "s", "PREFIX", 1, "s:", "SCHEMA", "t", "TEXT")
    for key, text in (("s:1", "foo bar baz"), ("s:2", "foo"), ("s:3", "bar foo qux foo")):
        filled("HSET", key, "t", text)
    for scorer, scores in (
        ("TFIDF", {b"s:1": b"2", b"s:3": b"1.5"}),
        ("TFIDF.DOCNORM", {b"s:1": b"0.6666666666666666", b"s:3": b"0.75"}),
        ("DISMAX", {b"s:1": b"2", b"s:3": b"3"}),
        ("DOCSCORE", {b"s:1": b"1", b"s:3": b"1"}),
    ):
        found = filled("FT.SEARCH", "s", "foo bar", "WITHSCORES", "NOCONTENT", "SCORER", scorer)
        assert dict(zip(found[1::2], found[2::2], strict=True)) == scores


def test_contents_are_told_as_asked(filled):
    assert filled("FT.SEARCH", "i", "goodbye", "RETURN", 3, "title", "AS", "t") == [
        1,
        b"d:3",
        [b"t", b"goodbye"],
    ]
    found = filled(
        "FT.SEARCH", "i", "goodbye", "HIGHLIGHT", "FIELDS", 1, "title", "TAGS", "<i>", "</i>"
    )
    assert found[2][:2] == [b"title", b"<i>goodbye</i>"]
    sorted_first = filled("FT.SEARCH", "i", "goodbye", "SORTBY", "price", "WITHSORTKEYS")
    assert sorted_first[2:] == [
        b"#30.5",
        [b"price", b"30.5", b"title", b"goodbye", b"body", b"a world of foxes", b"tags", b"green"],
    ]


def test_indexes_follow_the_keys(filled):
    filled("HSET", "d:3", "title", "hello again")
    filled("DEL", "d:1")
    filled("RENAME", "x:4", "d:4")
    filled("PEXPIRE", "d:2", 10)
    filled.pass_ms(11)
    assert sorted(keys(filled, "hello")) == ["d:3", "d:4"]
    filled("FLUSHALL")
    assert filled("FT._LIST") == []


def test_fields_are_added_and_indexes_dropped_with_their_keys(filled):
    filled("HSET", "d:3", "extra", "later")
    assert filled("FT.ALTER", "i", "SCHEMA", "ADD", "extra", "TEXT") == b"OK"
    assert keys(filled, "@extra:later") == ["d:3"]
    assert filled("FT.DROPINDEX", "i", "DD") == b"OK"
    assert filled("KEYS", "d:*") == []
    assert filled("EXISTS", "x:4") == 1


AGGREGATIONS = [
    ("GROUPBY 0 REDUCE SUM 1 @price AS s REDUCE AVG 1 @price AS a", [[b"s", b"60.5", b"a", b"20.1666666667"]]),
    ("LOAD 1 @price APPLY @price*2+1 AS p SORTBY 2 @p DESC LIMIT 0 1", [[b"price", b"30.5", b"p", b"62"]]),
    ("SORTBY 2 @price DESC LIMIT 0 1", [[b"price", b"30.5"]]),
    ("FILTER @price>25 LOAD 1 @__key", [[b"price", b"30.5", b"__key", b"d:3"]]),
    ("APPLY upper(@title) AS u SORTBY 1 @u LIMIT 0 1", [[b"title", b"goodbye", b"u", b"GOODBYE"]]),
    ("GROUPBY 0 REDUCE COUNT_DISTINCT 1 @title AS n REDUCE QUANTILE 2 @price 0.5 AS q", [[b"n", b"3", b"q", b"20"]]),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "rows"), AGGREGATIONS)
def test_aggregations_reckon_with_rows(filled, steps, rows):
    assert filled("FT.AGGREGATE", "i", "*", *steps.split())[1:] == rows


def test_a_cursor_reads_on_until_the_rows_end(filled):
    page, cursor = filled("FT.AGGREGATE", "i", "*", "LOAD", 1, "@price", "WITHCURSOR", "COUNT", 2)
    assert len(page) == 3
    rest, end = filled("FT.CURSOR", "READ", "i", cursor)
    assert (len(rest), end) == (2, 0)
    assert filled("FT.CURSOR", "READ", "i", cursor).text == "Cursor not found"


def test_documents_are_indexed_by_paths(newest):
    newest(
        "FT.CREATE",
        "j",
        "ON",
        "JSON",
        "SCHEMA",
        "$.name",
        "AS",
        "name",
        "TEXT",
        "$.t[*]",
        "AS",
        "t",
        "TAG",
    )
    newest("JSON.SET", "doc:1", "$", '{"name":"alice smith","t":["a","b"]}')
    assert newest("FT.SEARCH", "j", "@name:alice @t:{b}") == [
        1,
        b"doc:1",
        [b"$", b'{"name":"alice smith","t":["a","b"]}'],
    ]
    newest("JSON.SET", "doc:1", "$.name", "5")
    assert newest("FT.SEARCH", "j", "*") == [0]


def test_vectors_are_searched_by_distance_and_filtered_before(newest):
    newest(
        "FT.CREATE",
        "v",
        "SCHEMA",
        "v",
        "VECTOR",
        "HNSW",
        6,
        "TYPE",
        "FLOAT32",
        "DIM",
        2,
        "DISTANCE_METRIC",
        "L2",
        "t",
        "TAG",
    )
    for key, vector in (("a", (1, 0)), ("b", (2, 1)), ("c", (5, 5))):
        newest("HSET", key, "v", struct.pack("<2f", *vector), "t", "x" if key != "a" else "y")
    blob = struct.pack("<2f", 1, 0)
    found = newest(
        "FT.SEARCH",
        "v",
        "*=>[KNN 2 @v $b AS d]",
        "PARAMS",
        2,
        "b",
        blob,
        "DIALECT",
        2,
        "RETURN",
        1,
        "d",
    )
    assert found == [2, b"a", [b"d", b"0"], b"b", [b"d", b"2"]]
    found = newest(
        "FT.SEARCH",
        "v",
        "(@t:{x})=>[KNN 1 @v $b]",
        "PARAMS",
        2,
        "b",
        blob,
        "DIALECT",
        2,
        "NOCONTENT",
    )
    assert found == [1, b"b"]
    found = newest(
        "FT.SEARCH",
        "v",
        "@v:[VECTOR_RANGE 2 $b]",
        "PARAMS",
        2,
        "b",
        blob,
        "DIALECT",
        2,
        "NOCONTENT",
    )
    assert found[0] == 2
    reply = newest("FT.SEARCH", "v", "*=>[KNN 2 @v $b]", "PARAMS", 2, "b", b"abc", "DIALECT", 2)
    assert "query vector blob size (3) does not match index's expected size (8)" in reply.text


def test_words_are_corrected_joined_and_completed(filled):
    assert filled("FT.SPELLCHECK", "i", "helo") == [
        [b"TERM", b"helo", [[b"0.6666666666666666", b"hello"]]]
    ]
    filled("FT.SYNUPDATE", "i", "g", "hello", "hi")
    assert keys(filled, "hi") == ["d:1", "d:2"]
    for text, score in (("hello world", 1), ("help", 2)):
        filled("FT.SUGADD", "s", text, score)
    assert filled("FT.SUGGET", "s", "hel") == [b"help", b"hello world"]
    assert filled("FT.SUGGET", "s", "hlp", "FUZZY") == [b"help"]
    assert filled("FT.SUGLEN", "s") == 2


def test_explain_shows_how_a_query_is_understood(filled):
    shown = filled("FT.EXPLAIN", "i", "hello @price:[1 (2] -world", "DIALECT", 2)
    assert shown.decode().splitlines() == [
        "INTERSECT {",
        "  UNION {",
        "    hello",
        "    +hello(expanded)",
        "  }",
        "  NUMERIC {1.000000 <= @price < 2.000000}",
        "  NOT{",
        "    world",
        "  }",
        "}",
    ]


EMPTY = "Use `INDEXEMPTY` in field creation in order to index and query for empty strings"


@pytest.mark.parametrize("query", ["@title:''", '@title:("")', "@title:(hello '')", "@tag:{''}"])
def test_empty_texts_are_not_found_in_fields_that_do_not_index_them(newest, query):
    newest("FT.CREATE", "i", "SCHEMA", "title", "TEXT", "tag", "TAG", "d", "TEXT", "INDEXEMPTY")
    newest("HSET", "p:1", "title", "x", "tag", "", "d", "")
    assert EMPTY in newest("FT.SEARCH", "i", query, "DIALECT", 2).text
    assert newest("FT.SEARCH", "i", "@d:''", "NOCONTENT", "DIALECT", 2) == [1, b"p:1"]
    call = ["FT.SEARCH", "i", "@d:$p", "NOCONTENT", "PARAMS", 2, "p", "", "DIALECT", 2]
    assert newest(*call) == [1, b"p:1"]


def test_a_search_that_takes_longer_than_it_may_is_told_so_or_fails(newest):
    newest("FT.CREATE", "i", "SCHEMA", "title", "TEXT")
    newest("HELLO", 3)
    moments = iter(range(0, 10**12, 5_000_000))
    newest.engine.clock_ns = lambda: newest.time_us * 1000 + next(moments)
    assert newest("FT.SEARCH", "i", "x", "TIMEOUT", 1)[b"warning"] == [b"Timeout limit was reached"]
    assert newest("FT.SEARCH", "i", "x", "TIMEOUT", 60_000)[b"warning"] == []
    newest("FT.CONFIG", "SET", "ON_TIMEOUT", "fail")
    assert newest("FT.SEARCH", "i", "x", "TIMEOUT", 1).text == "Timeout limit was reached"
