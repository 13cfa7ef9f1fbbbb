"""Members and loans, written for PostgreSQL: tables, constraints, a report that joins them with the books."""

from typing import Any

import dotdo_postgres as psycopg

SCHEMA = """
create table member (id int primary key, name text not null, fines numeric(6,2) not null default 0 check (fines < 50));
create table loan (
  id serial primary key, member int not null references member, book text not null, due date not null, returned date
);
insert into member (id, name) values (1, 'Ada'), (2, 'Bo');
"""
OVERDUE = """
select m.name, b.title, b.authors ->> 0, current_date - l.due > 0
from loan l join member m on m.id = l.member join book b on b._id = l.book
where l.returned is null order by m.name, b.title
"""


def set_up(connection: psycopg.Connection[Any]) -> None:
    """Make the tables."""
    connection.execute(SCHEMA)


def lend(connection: psycopg.Connection[Any], member: int, book: str) -> bool:
    """Lend a copy, if one is left: the row and the document change together."""
    with connection.transaction():
        left = connection.execute(
            "update book set copies = copies - 1 where _id = %s and copies > 0 returning copies",
            [book],
        ).fetchone()
        if left is None:
            return False
        connection.execute(
            "insert into loan (member, book, due) values (%s, %s, '2020-01-01')", [member, book]
        )
    return True


def open_loans(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """Return member, title, first author and whether it is late, of what is lent."""
    return connection.execute(OVERDUE).fetchall()
