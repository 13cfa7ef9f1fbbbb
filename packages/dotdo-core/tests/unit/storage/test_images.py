from collections.abc import Callable

import pytest

from dotdo.storage import Column, Index, Noun, Session, Store, create_noun, ddl
from dotdo.storage.images import Images
from dotdo.storage.names import quoted

NAMES = [
    "a b",
    'quo"ted',
    "dot.ted",
    "{brace}",
    "{0}",
    "select",
    "ünïcode",
    "naïve's",
    "[x]",
    "?1",
    "%s",
    "order",
    "old",
    "new",
    "日本",
    "a`b",
    "$.x",
]
VALUES: dict[str, list[object]] = {
    "bigint": [0, 1, -1, 2**63 - 1, -(2**63), None],
    "double": [0.0, 1.5, 1 / 3, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), None],
    "text": ["", "x", "a\x00b", "\x00", "null", '"', "[1]", "1", "ü\U0001f600", "\\u0000", None],
    "bytes": [b"", b"\x00", b"{}", bytes(range(256)), None],
    "any": [1, 1.0, "1", b"1", b"", "", None, float("inf"), 2**63 - 1, "[1]", "null", "a\x00b", "00"],
    "numeric": [b"\x00\x01", None],
    "uuid": [bytes(16), None],
    "json": ['{"a": 1,  "a": 2}', "null", None],
}  # fmt: skip


def typed(value: object) -> tuple[type, object]:
    return type(value), value


@pytest.mark.parametrize("kind", VALUES)
def test_a_row_comes_back_as_it_was(session: Session, make: Callable[..., Noun], kind: str) -> None:
    images = Images(make("t", v=kind))
    for n, value in enumerate(VALUES[kind]):
        session.write("insert into t(id, v) values (?, ?)", (n, value))  # type: ignore[arg-type]
        ((image,),) = session.read(images.select, (n,))
        session.write(images.delete, (n,))
        session.write(images.insert, (image,))
        ((found,),) = session.read("select v from t where id = ?", (n,))
        assert typed(found) == typed(value)
        session.write("update t set v = null where id = ?", (n,))
        session.write(images.update, (image, n))
        assert session.read("select v from t where id = ?", (n,)) == [(value,)]


@pytest.mark.parametrize("text", ["null", "1", '"x"', "[]", '{"a": null}', "[null]", '"a\\u0000b"'])
def test_json_null_is_not_null(session: Session, make: Callable[..., Noun], text: str) -> None:
    images = Images(make("t", v="jsonb"))
    session.write("insert into t(id, v) values (1, jsonb(?)), (2, null)", (text,))
    for row in (1, 2):
        ((image,),) = session.read(images.select, (row,))
        session.write(images.delete, (row,))
        session.write(images.insert, (image,))
    assert session.read("select typeof(v), json(v) from t where id = 1") == [
        ("blob", text.replace(" ", ""))
    ]
    assert session.read("select typeof(v) from t where id = 2") == [("null",)]


def test_undeclared_fields_and_visibility_are_part_of_the_image(
    session: Session, numbers: Noun
) -> None:
    session.write(
        "update t set _extra = jsonb('{\"x\": [1]}'), _visibility = 'public' where id = 1"
    )
    images = Images(numbers)
    ((image,),) = session.read(images.select, (1,))
    session.write(images.delete, (1,))
    session.write(images.insert, (image,))
    assert session.read("select json(_extra), _visibility, v from t where id = 1") == [
        ('{"x":[1]}', "public", 10)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_table_and_column_is_logged_and_undone(
    session: Session, other: Session, name: str
) -> None:
    columns = (Column("id", "bigint", "id", is_nullable=False), Column(name, "text", name))
    noun = create_noun(
        session, Noun(0, name, "columns", name, columns=columns, key=("id",), rowid="id")
    )
    table, column = quoted(name), quoted(name)
    session.write(f"insert into {table}(id, {column}) values (1, 'x')")
    session.write(f"update {table} set {column} = 'y'")
    ((before,),) = session.read("select before from _log where noun = ? and op = 2", (noun.id,))
    assert session.read(f"select {Images(noun).decoded('?1')[-1]}", (before,)) == [("x",)]
    session.begin()
    session.write(f"update {table} set {column} = 'z'")
    other.write("update _meta set v = v where k = 'format'")  # takes the writer
    assert session.read(f"select {column} from {table}") == [("z",)]
    session.rollback()


def test_tables_that_differ_only_in_case_are_apart(store: Store, session: Session) -> None:
    from dotdo.storage.names import physical_table

    tables: set[str] = set()
    for name in ("Item", "item", "ITEM"):
        table = physical_table(name, tables)
        tables.add(table.lower())
        create_noun(session, Noun(0, name, "document", table, columns=(Column("id", "any", "id"),), key=("id",)))  # fmt: skip
        session.write(f"insert into {quoted(table)}(_id, id, data) values (1, ?, jsonb('{{}}'))", (name,))  # fmt: skip
    assert len(tables) == 3
    for name in ("Item", "item", "ITEM"):
        noun = session.catalog.noun(name)
        assert noun is not None
        assert session.read(f"select id from {quoted(noun.table)}") == [(name,)]


def test_a_document_put_back_has_no_stale_cache(session: Session) -> None:
    noun = create_noun(session, Noun(0, "d", "document", "d", columns=(Column("id", "any", "id"),), key=("id",)))  # fmt: skip
    session.write("insert into d(_id, id, data, bson) values (1, 'a', jsonb('{\"n\": 1}'), x'01')")
    ((image,),) = session.read(Images(noun).select, (1,))
    session.write("update d set data = jsonb('{\"n\": 2}'), bson = x'02'")
    session.write(Images(noun).update, (image, 1))
    assert session.read("select json(data), bson from d") == [('{"n":1}', None)]


def test_a_longer_definition_reads_shorter_images(
    session: Session, make: Callable[..., Noun]
) -> None:
    short = make("t", v="text")
    session.write("insert into t(id, v) values (1, 'x')")
    ((image,),) = session.read(Images(short).select, (1,))
    more = (*short.columns, Column("w", "bytes", "w"))
    longer = Images(Noun(short.id, "t", "columns", "t", columns=more, key=("id",), rowid="id"))
    assert Images(short).is_prefix_of(longer)
    assert not longer.is_prefix_of(Images(short))
    values = ", ".join(longer.decoded("?1"))
    assert session.read(f"select {values}", (image,)) == [(1, None, None, "x", None)]


def test_a_unique_index_of_an_expression_is_made(session: Session) -> None:
    noun = Noun(0, "t", "columns", "t", columns=(Column("id", "bigint", "id"),), key=("id",), rowid="id",
                indexes=(Index("i", ("id % 10",), is_unique=True, where="id > 5"),))  # fmt: skip
    assert ddl.indexes(noun) == {
        "_ix t i": 'create unique index "_ix t i" on "t"(id % 10) where id > 5'
    }
