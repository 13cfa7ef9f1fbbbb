"""A store in a fresh folder, sessions on it, and nouns of both layouts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dotdo.storage import Noun, Session, Store, create_file, create_noun
from dotdo_testing.nouns import table_noun


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = str(tmp_path / "t.db")
    create_file(file)
    return file


@pytest.fixture
def store(path: str) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


@pytest.fixture
def session(store: Store) -> Session:
    return store.session(api="test", actor="Human/1")


@pytest.fixture
def other(store: Store) -> Session:
    return store.session(api="other")


@pytest.fixture
def third(store: Store) -> Session:
    return store.session(api="third")


@pytest.fixture
def make(session: Session) -> Callable[..., Noun]:
    """Create a noun of given types; its key is the column `id` unless told otherwise."""

    def make(name: str = "t", /, *, key: str = "id", **types: str) -> Noun:
        return create_noun(session, table_noun(name, **{key: "bigint", **types}))

    return make


@pytest.fixture
def numbers(session: Session, make: Callable[..., Noun]) -> Noun:
    """A noun `t(id, v)` with the rows (1, 10), (2, 20), (3, 30)."""
    noun = make("t", v="bigint")
    session.write_many("insert into t(id, v) values (?, ?)", [(1, 10), (2, 20), (3, 30)])
    return noun
