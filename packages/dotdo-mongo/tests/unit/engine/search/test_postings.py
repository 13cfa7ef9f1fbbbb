"""Terms and their scores."""

from dotdo_mongo.engine.search.analyzers import analyzer
from dotdo_mongo.engine.search.postings import Postings, kept_length
from dotdo_mongo.engine.search.search import near_terms


def test_lengths_are_kept_in_one_byte():
    assert [kept_length(n) for n in (1, 24, 39, 40, 41, 42, 57, 100, 1000)] == [
        1, 24, 39, 40, 40, 42, 56, 96, 984,
    ]  # fmt: skip


def test_a_row_has_only_its_newest_texts():
    postings = Postings(analyzer("lucene.standard"))
    postings.put(1, ["a b", "c"])
    postings.put(1, ["b d"])
    assert set(postings.terms) == {"b", "d"}
    postings.drop(1)
    assert not postings.terms
    assert postings.scores("b") == {}


def test_a_phrase_does_not_span_the_texts_of_an_array():
    postings = Postings(analyzer("lucene.standard"))
    postings.put(1, ["a b", "c d"])
    assert set(postings.phrase(["a", "b"], 0)) == {1}
    assert postings.phrase(["b", "c"], 0) == {}


def test_words_are_cut_as_lucene_does():
    standard = analyzer("lucene.standard")
    assert standard("Don't panic: wi-fi 3.14, 1,000 and a.b c_d") == [
        "don't", "panic", "wi", "fi", "3.14", "1,000", "and", "a.b", "c_d",
    ]  # fmt: skip
    assert analyzer("lucene.keyword")("A b") == ["A b"]
    assert analyzer("lucene.whitespace")("A-b c") == ["A-b", "c"]
    assert analyzer("lucene.simple")("A1b c") == ["a", "b", "c"]
    assert analyzer("lucene.english")("The dogs' running") == ["dog", "run"]


def test_near_terms_are_so_many_letters_away():
    terms = ["crime", "cirme", "crimes", "grim", "crane"]
    assert dict(near_terms("crime", terms, 1, 0)) == {"crime": 0, "cirme": 1, "crimes": 1}
    assert "cirme" not in dict(near_terms("crime", terms, 2, 2))
