"""SQLAlchemy over a tenant in the same process: models created, written, read, reflected, migrated; as over PostgreSQL 15.18."""

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata, produce_migrations
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg


class Base(orm.DeclarativeBase):
    pass


class Colour(enum.Enum):
    red = 1
    green = 2


class Author(Base):
    __tablename__ = "authors"
    __table_args__ = (sa.CheckConstraint("balance >= 0", name="ck_balance"), {"comment": "people"})
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(50), index=True)
    email: orm.Mapped[str | None] = orm.mapped_column(unique=True)
    created: orm.Mapped[dt.datetime] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    balance: orm.Mapped[decimal.Decimal] = orm.mapped_column(
        sa.Numeric(10, 2), server_default=sa.text("0")
    )
    data: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(pg.JSONB)
    tags: orm.Mapped[list[str] | None] = orm.mapped_column(pg.ARRAY(sa.String))
    colour: orm.Mapped[Colour | None] = orm.mapped_column(sa.Enum(Colour, name="colour"))
    uid: orm.Mapped[uuid.UUID | None]
    books: orm.Mapped[list["Book"]] = orm.relationship(
        back_populates="author", cascade="all, delete-orphan"
    )


class Book(Base):
    __tablename__ = "books"
    __table_args__ = (
        sa.Index("ix_good", "title", postgresql_where=sa.text("score > 1")),
        sa.UniqueConstraint("author_id", "title", name="uq_book"),
    )
    id: orm.Mapped[int] = orm.mapped_column(sa.Identity(always=True), primary_key=True)
    author_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("authors.id", ondelete="CASCADE"))
    title: orm.Mapped[str] = orm.mapped_column(sa.Text, comment="on the cover")
    score: orm.Mapped[float | None]
    author: orm.Mapped[Author] = orm.relationship(back_populates="books")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    monkeypatch.setenv("DOTDO_HOME", str(tmp_path))
    made = sa.create_engine("postgresql+dotdo:///shop")
    Base.metadata.create_all(made)
    yield made
    made.dispose()


def test_objects_come_back_as_they_were_written(engine: sa.Engine) -> None:
    with orm.Session(engine) as session:
        ann = Author(
            name="Ann",
            email="a@x",
            data={"a": [1]},
            tags=["x"],
            colour=Colour.green,
            uid=uuid.UUID(int=5),
        )
        ann.books = [Book(title="one", score=2.5), Book(title="two")]
        session.add_all([ann, Author(name="Bob")])
        session.commit()
        session.expire_all()
        assert (ann.id, ann.balance, ann.data, ann.tags) == (
            1,
            decimal.Decimal("0.00"),
            {"a": [1]},
            ["x"],
        )
        assert (ann.colour, ann.uid) == (Colour.green, uuid.UUID(int=5))
        counted = (
            sa.select(Author.name, sa.func.count(Book.id))
            .join(Book, isouter=True)
            .group_by(Author.name)
        )
        assert session.execute(counted.order_by(Author.name)).all() == [("Ann", 2), ("Bob", 0)]
        assert session.scalars(sa.select(Author.name).where(Author.tags.contains(["x"]))).all() == [
            "Ann"
        ]
        session.delete(ann)
        session.commit()
        assert session.scalar(sa.select(sa.func.count()).select_from(Book)) == 0


def test_a_violated_constraint_is_an_integrity_error(engine: sa.Engine) -> None:
    with orm.Session(engine) as session:
        session.add(Book(author_id=99, title="x"))
        with pytest.raises(sa.exc.IntegrityError, match="books_author_id_fkey"):
            session.commit()


def test_reflection_finds_what_was_created(engine: sa.Engine) -> None:
    found = sa.inspect(engine)
    assert sorted(found.get_table_names()) == ["authors", "books"]
    columns = {column["name"]: column for column in found.get_columns("authors")}
    assert str(columns["name"]["type"]) == "VARCHAR(50)"
    assert columns["id"]["default"] == "nextval('authors_id_seq'::regclass)"
    assert columns["created"]["default"] == "now()"
    assert columns["colour"]["type"].enums == ["red", "green"]
    assert found.get_pk_constraint("books")["constrained_columns"] == ["id"]
    (key,) = found.get_foreign_keys("books")
    assert (key["name"], key["referred_table"], key["options"]) == (
        "books_author_id_fkey",
        "authors",
        {"ondelete": "CASCADE"},
    )
    indexes = {index["name"]: index for index in found.get_indexes("books")}
    assert (
        indexes["ix_good"]["dialect_options"]["postgresql_where"]
        == "(score > (1)::double precision)"
    )
    assert found.get_check_constraints("authors") == [
        {"name": "ck_balance", "sqltext": "balance >= 0::numeric", "comment": None}
    ]
    assert found.get_table_comment("authors") == {"text": "people"}
    assert found.get_columns("books")[0]["identity"]["always"] is True


def test_reflected_tables_read_rows(engine: sa.Engine) -> None:
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        connection.execute(metadata.tables["authors"].insert().values(name="Zoe"))
        assert connection.execute(sa.select(metadata.tables["authors"].c.name)).all() == [("Zoe",)]


def test_alembic_sees_no_difference_and_upgrades_what_differs(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []
        wanted = sa.MetaData()
        for table in Base.metadata.sorted_tables:
            table.to_metadata(wanted)
        wanted.tables["authors"].append_column(
            sa.Column("phone", sa.String(20), server_default="-", nullable=False)
        )
        wanted.tables["authors"].c.name.type = sa.String(80)
        sa.Index("ix_phone", wanted.tables["authors"].c.phone)
        sa.Table("shelves", wanted, sa.Column("id", sa.Integer, primary_key=True))
        operations = Operations(context)
        for change in produce_migrations(context, wanted).upgrade_ops.ops:
            for step in getattr(change, "ops", [change]):
                operations.invoke(step)
        assert compare_metadata(context, wanted) == []


def test_a_branch_is_another_database(engine: sa.Engine, tmp_path: Path) -> None:
    import dotdo

    dotdo.open("shop").branch("try")
    branch = sa.create_engine("postgresql+dotdo:///shop@try")
    with orm.Session(branch) as session:
        session.add(Author(name="only there"))
        session.commit()
    with orm.Session(engine) as session:
        assert session.scalars(sa.select(Author)).all() == []
    branch.dispose()
