"""The extension vector: values, distances, aggregates, searches and the indexes that are only accepted."""

import pytest

from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError


@pytest.fixture
def vectors(session: Session) -> Session:
    list(session.simple("create extension vector"))
    list(session.simple("create table items(id int primary key, embedding vector(3))"))
    values = "(1, '[1,2,3]'), (2, '[4,5,6]'), (3, null), (4, array[1,1,1])"
    list(session.simple(f"insert into items values {values}"))
    return session


def test_a_type_is_there_only_where_its_extension_is(session: Session) -> None:
    with pytest.raises(PostgresError, match='type "vector" does not exist'):
        list(session.simple("select '[1]'::vector"))


def test_the_nearest_come_first(vectors: Session) -> None:
    query = "select id from items order by embedding <-> '[3,1,2]', id"
    (result,) = vectors.simple(query)
    assert result.rows == [(4,), (1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("sql", "found"),
    [("'[1,2,3]'::vector <-> '[4,5,6]'", 5.196152422706632), ("'[1,2,3]'::vector <#> '[4,5,6]'", -32.0),
     ("'[1,2,3]'::vector <=> '[4,5,6]'", 0.025368153802923787), ("'[1,2,3]'::vector <+> '[4,5,6]'", 9.0),
     ("vector_norm('[3,4]'::vector)", 5.0), ("vector_dims('[1,2,3]'::vector)", 3), ("'[1,2]'::vector || '[3]'", "[1,2,3]"),
     ("l2_normalize('[3,4]'::vector)", "[0.6,0.8]"), ("'[1,2]'::vector < '[1,2,3]'", 1), ("array[1,2.5]::vector", "[1,2.5]")],
)  # fmt: skip
def test_a_function_of_vectors(vectors: Session, sql: str, found: object) -> None:
    (result,) = vectors.simple(f"select {sql}")
    assert result.rows == [(found,)]


def test_aggregates_go_number_by_number(vectors: Session) -> None:
    (result,) = vectors.simple("select avg(embedding), sum(embedding) from items")
    assert result.rows == [("[2,2.6666667,3.3333333]", "[6,8,10]")]


@pytest.mark.parametrize(
    ("sql", "code"),
    [("insert into items values (9, '[1,2]')", "22000"), ("select '[1,x]'::vector", "22P02"), ("select '[nan]'::vector", "22000"),
     ("select '[1]'::vector <-> '[1,2]'", "22000"), ("create index on items using hnsw (id)", "42704"),
     ("drop extension vector", "0A000"), ("select '[1]'::vector(0)", "22023")],
)  # fmt: skip
def test_what_is_refused(vectors: Session, sql: str, code: str) -> None:
    with pytest.raises(PostgresError) as caught:
        list(vectors.simple(sql))
    assert caught.value.sqlstate == code


def test_indexes_are_accepted_and_change_no_answer(vectors: Session) -> None:
    list(vectors.simple("create index on items using hnsw (embedding vector_l2_ops)"))
    list(vectors.simple("create index on items using ivfflat (embedding) with (lists = 10)"))
    (result,) = vectors.simple("select id from items where embedding <-> '[1,2,3]' < 1")
    assert result.rows == [(1,)]


def test_functions_of_extensions_are_in_the_catalog(vectors: Session) -> None:
    query = "select proname from pg_proc where proname in ('cosine_distance', 'avg') and oid > 16384 order by 1"
    (result,) = vectors.simple(query)
    assert result.rows == [("avg",), ("cosine_distance",)]
