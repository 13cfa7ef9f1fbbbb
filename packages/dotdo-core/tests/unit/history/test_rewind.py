"""The past as a file of its own: tables, definitions and the log as they were."""

import msgspec
import pytest

from dotdo.errors import AlreadyExists, HistoryUnavailable
from dotdo.history import head, rewind
from dotdo.storage import Store, alter_noun, system
from dotdo.storage.connection import connect


@pytest.fixture
def rewound(shop, tmp_path):
    """Return a session on the past as a file."""
    opened = []

    def at(seq):
        target = str(tmp_path / f"{seq}.db")
        rewind(shop.store, target, seq)
        opened.append(Store(target))
        return opened[-1].session()

    yield at
    for store in opened:
        store.close()


def test_rows_and_log_end_at_the_position(shop, rewound):
    doc = shop.things.create("Doc", "d", n=1)
    then = shop.version
    shop.things.update(doc, n=2)
    shop.things.create("Doc", "e")
    shop.things.delete(doc)
    session = rewound(then)
    assert session.read("select id, data ->> 'n' from Doc") == [("d", 1)]
    assert head(session) == then
    assert session.read("pragma integrity_check") == [("ok",)]


def test_definitions_that_changed_their_shape_are_taken_back(shop, rewound):
    shop.nouns.define("Row", {"id": "bigint", "a": "integer", "b": "text"}, index=["b"])
    shop.things.create("Row", 1, a=1, b="x")
    then = shop.version
    session = shop.store.session()
    noun = shop.nouns["Row"]
    kept = tuple(c for c in noun.columns if c.column != "b")
    alter_noun(session, msgspec.structs.replace(noun, columns=kept, indexes=()))
    shop.things.update(("Row", 1), a=2)
    shop.nouns.define("Later")
    shop.nouns.drop("Row")
    past = rewound(then)
    assert past.read("select id, a, b from Row") == [(1, 1, "x")]
    assert past.catalog.noun("Row") == noun
    assert past.catalog.noun("Later") is None
    names = {
        str(name) for (name,) in past.read("select name from sqlite_schema where type = 'index'")
    }
    assert "_ix Row b" in names
    past.write("update Row set a = 7 where id = 1")
    [(op,)] = past.read("select op from _log where seq > ? and noun > 0", (then,))
    assert op == system.UPDATE


def test_a_file_that_is_there_is_left_alone(shop, tmp_path):
    shop.things.create("Doc")
    target = tmp_path / "there.db"
    target.write_text("mine")
    with pytest.raises(AlreadyExists):
        rewind(shop.store, str(target), shop.version)
    assert target.read_text() == "mine"


def test_what_is_no_longer_kept_cannot_come_back(shop, tmp_path):
    shop.things.create("Doc", "d")
    then = shop.version
    shop.things.update(("Doc", "d"), n=1)
    shop.compact()
    target = tmp_path / "gone.db"
    with pytest.raises(HistoryUnavailable):
        rewind(shop.store, str(target), then)
    assert not list(tmp_path.glob("gone.db*"))


def test_the_copy_keeps_the_settings_of_a_tenant(shop, rewound):
    shop.things.create("Doc", "d")
    session = rewound(shop.version)
    connection = connect(session.store.path)
    assert connection.pragma("application_id") == system.APPLICATION_ID
    assert connection.pragma("journal_mode") == "wal"
    connection.close()
