"""Where the statements run: a server behind libpq, and our engine in this process."""

import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copytree
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import pq, sql

from dotdo.tenancy import Home, connect
from dotdo_postgres.engine.copy import CopyIn
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.engine.script import Script
from dotdo_postgres.engine.session import Session
from dotdo_postgres.errors import PostgresError
from tools.vendor.regress.answers import Answer, column
from tools.vendor.regress.script import Statement

TIMEOUT_S = 20
_FIELD = pq.DiagnosticField


class Target(Protocol):
    """A place where statements run, in a database of their own."""

    def run(self, statement: Statement) -> list[Answer]:
        """Run what a statement sends; return what each part gave."""

    def reconnect(self, user: str) -> None:
        """Begin a new session."""

    def close(self) -> None:
        """Leave."""


class Libpq:
    """A session with a server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.reconnect("")

    def reconnect(self, user: str) -> None:
        """Begin a new session, as another user when one is named."""
        self.close()
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{user}@{host}" if user else parts.netloc
        connection = pq.PGconn.connect(urlunsplit(parts._replace(netloc=netloc)).encode())
        if connection.status != pq.ConnStatus.OK:
            connection = pq.PGconn.connect(self.url.encode())
        self.connection = connection
        self.connection.exec_(f"set statement_timeout = '{TIMEOUT_S}s'".encode())

    def run(self, statement: Statement) -> list[Answer]:
        """Run what a statement sends."""
        self.connection.send_query(statement.sql.encode())
        answers = []
        while (result := self.connection.get_result()) is not None:
            if result.status == pq.ExecStatus.COPY_IN:
                for row in statement.data or ():
                    self.connection.put_copy_data(row.encode() + b"\n")
                self.connection.put_copy_end()
                continue
            if result.status == pq.ExecStatus.COPY_OUT:
                answers.append(self._copied())
                continue
            answers.append(answer(result))
        return answers

    def _copied(self) -> Answer:
        rows = []
        while True:
            size, data = self.connection.get_copy_data(0)
            if size < 0:
                break
            rows.append((bytes(data).decode(),))
        result = self.connection.get_result()
        tag = (result.command_status or b"").decode() if result is not None else ""
        return Answer(tag, (("copy", 0),), tuple(rows))

    def close(self) -> None:
        """Leave."""
        if hasattr(self, "connection"):
            self.connection.finish()


def answer(result: pq.abc.PGresult) -> Answer:
    """Return a result as compared."""

    def text(value: bytes | None) -> str:
        return (value or b"").decode()

    if result.status == pq.ExecStatus.FATAL_ERROR:
        state, message = _FIELD.SQLSTATE, _FIELD.MESSAGE_PRIMARY
        return Answer(
            sqlstate=text(result.error_field(state)), message=text(result.error_field(message))
        )
    tag = text(result.command_status)
    if result.status != pq.ExecStatus.TUPLES_OK:
        return Answer(tag)
    columns = tuple(
        column(text(result.fname(at)), result.ftype(at)) for at in range(result.nfields)
    )
    rows = tuple(
        tuple(
            None if (value := result.get_value(row, at)) is None else value.decode()
            for at in range(result.nfields)
        )
        for row in range(result.ntuples)
    )
    return Answer(tag, columns, rows)


class Inproc:
    """A session of our engine in this process."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(str(folder))
        self.session: Session | None = None
        self.reconnect("")

    def reconnect(self, user: str) -> None:
        """Begin a new session."""
        if self.session is not None:
            self.session.close()
        tenant = connect("regression", create=True, home=self.home)
        self.session = Session(tenant, user=user or "postgres", database="regression")

    def run(self, statement: Statement) -> list[Answer]:
        """Run what a statement sends."""
        answers: list[Answer] = []
        assert self.session is not None
        script: Script | None = None
        try:
            with deadline(TIMEOUT_S):
                script = Script(self.session, statement.sql)
                while not script.is_over:
                    result = script.step(wait=True)
                    answers.append(_answer(result, statement.data or ()))
                script.end(is_failed=False, wait=True)
                script = None
        except PostgresError as failure:
            answers.append(Answer(sqlstate=failure.sqlstate, message=failure.message))
        except TimeoutError as failure:
            answers.append(Answer(sqlstate="hang", message=str(failure)))
        except Exception as failure:
            answers.append(Answer(sqlstate="crash", message=f"{type(failure).__name__}: {failure}"))
        if script is not None:
            with suppress(PostgresError):
                script.end(is_failed=True, wait=True)
        return answers

    def close(self) -> None:
        """Leave."""
        if self.session is not None:
            self.session.close()
        self.home.close()


def _answer(result: Result, data: Sequence[str]) -> Answer:
    """Return a result as compared; a COPY is given its data, or asked for it."""
    if isinstance(result.copy, CopyIn):
        for line in data:
            result.copy.feed(line.encode() + b"\n")
        return Answer(result.copy.finish(wait=True).tag)
    if result.copy is not None:
        return Answer(
            result.tag, (("copy", 0),), tuple((p.decode(),) for p in result.copy.pieces())
        )
    rows = tuple(
        tuple(
            None if value is None else one.codec.to_text(value)
            for one, value in zip(result.columns or (), row, strict=True)
        )
        for row in result.rows
    )
    columns = result.columns
    named = None if columns is None else tuple(column(c.name, c.oid) for c in columns)
    return Answer(result.tag, named, rows)


@contextmanager
def deadline(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def stop(*_: object) -> None:
        message = f"no answer in {seconds} s"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class RealDatabases:
    """Fresh databases of the real server, all as a first one was left."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.names: list[str] = []

    def fresh(self, name: str, template: str = "template0") -> Libpq:
        """Return a session in a new database."""
        make = sql.SQL("create database {} template {}")
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))
            admin.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        self.names.append(name)
        return Libpq(urlunsplit(urlsplit(self.url)._replace(path=f"/{name}")))

    def drop(self, name: str) -> None:
        """Drop one of them."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


class InprocDatabases:
    """Fresh homes, all as a first one was left."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dotdo-regress-")

    def fresh(self, name: str, template: str = "") -> Inproc:
        """Return a session in a new database."""
        folder = Path(self._folder.name) / name
        if template:
            copytree(Path(self._folder.name) / template, folder)
        else:
            folder.mkdir()
        return Inproc(folder)

    def close(self) -> None:
        """Remove them."""
        self._folder.cleanup()
