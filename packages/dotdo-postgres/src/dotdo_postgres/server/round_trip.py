"""Bind, Describe, Execute and Sync sent together for a reading statement: answered in one go, or left to the conversation."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from dotdo.storage import Blocked, CatalogChanged, TurnOver
from dotdo_postgres.engine.parameters import reader
from dotdo_postgres.engine.plan import is_outdated
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.status import INERROR
from dotdo_postgres.engine.turns import in_turn
from dotdo_postgres.errors import PostgresError
from dotdo_postgres.protocol import backend, frontend

if TYPE_CHECKING:
    from collections.abc import Callable

    from dotdo_postgres.engine.named import Statement
    from dotdo_postgres.engine.parameters import Reader
    from dotdo_postgres.engine.plan import Prepared
    from dotdo_postgres.engine.session import Session
    from dotdo_postgres.server.answers import Shape
    from dotdo_postgres.server.delivery import Delivery
    from dotdo_postgres.server.steps import Steps

_LENGTH = Struct("!I").unpack_from
_EXECUTE_SYNC = b"E\0\0\0\x09\0\0\0\0\0S\0\0\0\4"
_DESCRIBED = b"D\0\0\0\6P\0" + _EXECUTE_SYNC
MAX_ROUTES = 256


class Route(NamedTuple):
    """What the messages that run a prepared statement lead to, as long as nothing about it changes.

    Args:
        name: of the prepared statement.
        statement: what it is.
        prepared: its plan.
        formats: of the parameters.
        result_formats: of the columns.
        readers: read the parameters.
        shape: how its rows are told.
        revision: of the settings it was made under.
    """

    name: str
    statement: Statement
    prepared: Prepared
    formats: tuple[int, ...]
    result_formats: tuple[int, ...]
    readers: tuple[Reader, ...]
    shape: Shape
    revision: int


class RoundTrips:
    """Answers round trips of one connection.

    Args:
        session: the engine's.
        output: where messages go.
        delivery: knows the shapes of rows.
        begin: notes that a request begins.
        fail: tells the client of an error.
        tell_ready: tells that the next command may come.
    """

    def __init__(
        self,
        session: Session,
        output: list[bytes],
        delivery: Delivery,
        *,
        begin: Callable[[], None],
        fail: Callable[[Exception], None],
        tell_ready: Callable[[], None],
    ) -> None:
        self._session = session
        self._output = output
        self._delivery = delivery
        self._begin = begin
        self._fail = fail
        self._tell_ready = tell_ready
        self._routes: dict[bytes, Route] = {}

    def answer(self, data: bytes) -> Steps | bool:
        """Write the answer to all that has come, or return the steps that do; False when it is no such round trip.

        Args:
            data: what has come, from the first byte of a message on; when the answer is False nothing has happened.
        """
        tail = _DESCRIBED if data.endswith(_DESCRIBED) else _EXECUTE_SYNC
        end = len(data) - len(tail)
        session = self._session
        if end < 12 or _LENGTH(data, 1)[0] + 1 != end or not data.endswith(tail):
            return False
        if data[5] or session.is_implicit or session.transaction_status is INERROR:
            return False
        found = self._values(data[5:end])
        if found is None:
            return False
        return self._run(*found, is_described=tail is _DESCRIBED)

    def _values(self, body: bytes) -> tuple[Route, list[Any]] | None:
        """Return where a Bind leads, and its parameters; what is wrong with it the conversation tells."""
        try:
            message = frontend.read_bind(body)
            route = self._route(message)
            if route is None or len(message.values) != len(route.readers):
                return None
            values = message.values
            for number, read in enumerate(route.readers):
                value = values[number]
                if value is not None:
                    values[number] = read(value)
        except PostgresError:
            return None
        return route, values

    def _route(self, message: frontend.Bind) -> Route | None:
        session, known = self._session, self._routes.get(message.statement)
        if known is not None:
            statement = known.statement
            if (
                known.formats == message.formats
                and known.result_formats == message.result_formats
                and known.revision == session.settings.revision
                and session.statements.get(known.name) is statement
                and session.prepare(statement.sql, statement.param_oids) is known.prepared
            ):
                return known
        return self._make_route(message)

    def _make_route(self, message: frontend.Bind) -> Route | None:
        session, name = self._session, self._session.encoding.decode(message.statement)
        statement = session.statements.get(name)
        if statement is None:
            return None
        prepared = session.prepare(statement.sql, statement.param_oids)
        columns, count = prepared.columns, len(prepared.param_types)
        if not prepared.is_read or columns is None or columns is not statement.columns:
            return None
        formats = message.formats if len(message.formats) > 1 else (message.formats or (0,)) * count
        if len(formats) != count:
            return None
        readers = tuple(reader(session, prepared, at, form) for at, form in enumerate(formats))
        shape = self._delivery.shape(columns, message.result_formats)
        if len(self._routes) >= MAX_ROUTES:
            self._routes.clear()
        made = self._routes[message.statement] = Route(
            name,
            statement,
            prepared,
            message.formats,
            message.result_formats,
            readers,
            shape,
            session.settings.revision,
        )
        return made

    def _run(self, route: Route, values: list[Any], *, is_described: bool) -> Steps | bool:
        session, output, prepared = self._session, self._output, route.prepared
        waiting = len(output)
        self._begin()
        output.append(backend.BIND_COMPLETE)
        if is_described:
            output.append(route.shape.description)
        try:
            result = in_turn(session, prepared, lambda: session.run(prepared, values, wait=False))
        except (Blocked, TurnOver, CatalogChanged):
            del output[waiting:]
            return False
        except Exception as failure:  # noqa: BLE001 -- a fault of ours ends the statement only
            self._fail(failure)
            self._tell_ready()
            return True
        if is_outdated(prepared, result):
            del output[waiting:]
            return False
        portal = Portal("", prepared, values, result=result)
        portal.result_formats = route.result_formats
        if not session.is_idle:
            session.portals.named[""] = portal
        steps = self._delivery.part(portal, 0)
        if steps is not None:
            return self._finish(steps)
        self._over()
        return True

    def _finish(self, steps: Steps) -> Steps:
        yield from steps
        self._over()

    def _over(self) -> None:
        self._session.statement_over()
        self._tell_ready()
