"""What the client says once it is connected, and what is answered: simple and extended protocol, errors, readiness."""

from collections.abc import Callable
from functools import partial

from dotdo.serving import CLOSE, Control, SessionContext
from dotdo.serving.faults import log_fault
from dotdo.storage import Blocked, TurnOver
from dotdo_postgres.engine.named import Statement, types_of
from dotdo_postgres.engine.parameters import decode
from dotdo_postgres.engine.plan import Result
from dotdo_postgres.engine.portals import Portal
from dotdo_postgres.engine.script import Script
from dotdo_postgres.engine.session import Session
from dotdo_postgres.engine.turns import in_turn
from dotdo_postgres.engine.variables import configure
from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.protocol import backend, frontend
from dotdo_postgres.protocol.frames import Frame, Frames, fatal
from dotdo_postgres.server.delivery import Delivery
from dotdo_postgres.server.round_trip import RoundTrips
from dotdo_postgres.server.running import Runner
from dotdo_postgres.server.steps import Steps

_STATEMENT = ord("S")
_SYNC = ord("S")


class Conversation:
    """One connection after its startup.

    Args:
        context: what the host gives.
        session: the engine's.
        frames: where messages come from.
        output: where messages go.
        cancel: abandons what runs.

    Attributes:
        is_due: what is written is to be sent now.
    """

    def __init__(
        self,
        context: SessionContext,
        session: Session,
        frames: Frames,
        output: list[bytes],
        cancel: Callable[[], None],
    ) -> None:
        self.session = session
        self.is_due = True
        session.mailbox.on_arrival = context.channel.wake
        session.on_cancel = cancel
        session.on_terminate = context.channel.close
        self._metrics = context.metrics
        self._frames = frames
        self._output = output
        self._runner = Runner(session)
        self._delivery = Delivery(session, output, self._runner)
        self._round_trips = RoundTrips(
            session,
            output,
            self._delivery,
            begin=self._begin,
            fail=self._tell_failure,
            tell_ready=self.tell_ready,
        )
        self._is_skipping = False
        self._known: dict[str, str] = {}
        self._told_revision = -1
        self._handlers: dict[int, Callable[[bytes], Steps | None]] = {
            ord("Q"): self._query,
            ord("P"): self._parse,
            ord("B"): self._bind,
            ord("D"): self._describe,
            ord("E"): self._execute,
            ord("C"): self._close,
            ord("S"): self._sync,
            ord("H"): self._flush,
            ord("F"): self._call_function,
            ord("X"): self._terminate,
            ord("d"): self._pass_over,
            ord("c"): self._pass_over,
            ord("f"): self._pass_over,
        }

    # --- driving -----------------------------------------------------------------------------

    def take(self, frame: Frame) -> Steps | None:
        """Answer one message, at once or in the steps that are returned.

        Raises:
            PostgresError: the connection cannot go on.
        """
        kind = frame.kind
        if self._is_skipping and kind not in b"SX":
            return None
        handler = self._handlers.get(kind)
        if handler is None:
            raise fatal(f"invalid frontend message type {kind}")
        try:
            steps = handler(frame.body)
        except Exception as failure:  # noqa: BLE001 -- a fault of ours ends the statement only
            self._fail(self._told(failure))
            return None
        return None if steps is None else self._guarded(steps)

    def answer(self, data: bytes) -> Steps | bool:
        """Answer a round trip at once, or in the steps that are returned; False when it is none.

        Args:
            data: whole messages, the first a Bind.

        Raises:
            PostgresError: the connection cannot go on.
        """
        if self._is_skipping:
            return False
        answer = self._round_trips.answer(data)
        return answer if isinstance(answer, bool) else self._guarded(answer)

    def _begin(self) -> None:
        self._metrics.requests += 1
        self._runner.begin()

    def _tell_failure(self, failure: Exception) -> None:
        self._report(self._told(failure))

    def _guarded(self, steps: Steps) -> Steps:
        try:
            yield from steps
        except Exception as failure:  # noqa: BLE001 -- a fault of ours ends the statement only
            self._fail(self._told(failure))

    def _told(self, failure: Exception) -> PostgresError:
        """Return what the client is told; what should not have been raised is logged by type and place."""
        if isinstance(failure, PostgresError):
            return failure
        self._metrics.faults += 1
        log_fault("postgres", self.session.pid, failure)
        return error("XX000", f"internal error: {type(failure).__name__}")

    def _fail(self, failure: PostgresError) -> None:
        """Tell an error of the extended protocol; what follows is left out up to the next Sync."""
        self._report(failure)
        self._is_skipping = True

    def _report(self, failure: PostgresError) -> None:
        if failure.severity != "ERROR":
            raise failure
        self.session.fail()
        self._metrics.errors += 1
        self.is_due = True
        self._delivery.tell_notices()
        self._output.append(backend.error_response(failure, self.session.encoding.codec))

    def cancel(self, control: Control) -> None:
        """Abandon what is waited for."""
        self._runner.cancel(control)

    def close(self) -> None:
        """Undo what is open."""
        self.session.close()

    # --- what is told unasked ----------------------------------------------------------------

    def configure(self, settings: list[tuple[str, str]]) -> None:
        """Apply the settings of the startup.

        Raises:
            PostgresError: one is unknown or not valid.
        """
        for name, value in settings:
            configure(self.session, name, value)

    def tell_settings(self) -> None:
        """Tell the reported settings that have changed."""
        revision = self.session.settings.revision
        if revision == self._told_revision:
            return
        self._told_revision = revision
        codec = self.session.encoding.codec
        for name, value in self.session.parameters.items():
            if self._known.get(name) != value:
                self._known[name] = value
                self._output.append(backend.parameter_status(name, value, codec))

    def tell_ready(self) -> None:
        """Tell that the next command may come, and what has happened meanwhile."""
        self._delivery.tell_notices()
        if self.session.settings.revision != self._told_revision:
            self.tell_settings()
        self.tell_notifications()
        self._output.append(backend.READY[self.session.transaction_status])
        self.is_due = True

    def tell_notifications(self) -> None:
        """Tell what has been notified, unless a transaction is open."""
        session = self.session
        if session.mailbox.inbox and session.is_idle:
            codec = session.encoding.codec
            self._output += [
                backend.notification(one.pid, one.channel, one.payload, codec)
                for one in session.mailbox.take()
            ]

    @property
    def is_listening(self) -> bool:
        """Whether it waits for notifications."""
        return bool(self.session.mailbox.channels)

    # --- simple protocol ---------------------------------------------------------------------

    def _query(self, body: bytes) -> Steps:
        self._metrics.requests += 1
        self._runner.begin()
        self.session.portals.close("")
        script: Script | None = None
        try:
            script = Script(self.session, self._text(frontend.read_text(body)))
            yield from self._run_script(script)
        except Exception as failure:  # noqa: BLE001 -- a fault of ours ends the statement only
            if script is not None:
                script.end(is_failed=True, wait=False)
            self._report(self._told(failure))
        self.session.statement_over()
        self.tell_ready()

    def _run_script(self, script: Script) -> Steps:
        runner, delivery = self._runner, self._delivery
        while not script.is_over:
            prepared = script.prepare()
            call = partial(script.run, prepared, wait=False)
            result = yield from runner.run(prepared, call)
            yield from delivery.whole(result, ())
        yield from runner.call(lambda: script.end(is_failed=False, wait=False))

    def _text(self, data: bytes) -> str:
        return self.session.encoding.decode(data)

    # --- extended protocol -------------------------------------------------------------------

    def _parse(self, body: bytes) -> None:
        message = frontend.read_parse(body)
        session, name, sql = self.session, self._text(message.name), self._text(message.sql)
        if not name:
            session.statements.pop("", None)
        session.check_usable(sql)
        prepared = session.prepare(sql, message.oids)
        made = Statement(
            sql,
            message.oids,
            prepared.columns,
            session.facts.clock(),
            param_types=types_of(prepared),
        )
        session.statements.add(name, made)
        self._output.append(backend.PARSE_COMPLETE)

    def _bind(self, body: bytes) -> None:
        message = frontend.read_bind(body)
        session, name = self.session, self._text(message.statement)
        statement = session.statements.named(name)
        prepared = session.prepare(statement.sql, statement.param_oids)
        session.check_allowed(prepared)
        if prepared.columns is not statement.columns:
            statement.check(prepared)
        portal = Portal(
            self._text(message.portal),
            prepared,
            decode(session, prepared, message.values, message.formats, name),
            statement=statement,
            values=message.values,
            formats=message.formats,
            result_formats=message.result_formats,
        )
        if prepared.columns is not None:
            self._delivery.check_formats(prepared.columns, message.result_formats)
        session.portals.add(portal)
        self._output.append(backend.BIND_COMPLETE)

    def _describe(self, body: bytes) -> None:
        kind, raw = frontend.read_named(body)
        session, name = self.session, self._text(raw)
        if kind == _STATEMENT:
            statement = session.statements.named(name)
            prepared = session.prepare(statement.sql, statement.param_oids)
            statement.check(prepared)
            oids = [one.oid for one in prepared.param_types]
            self._output.append(backend.parameter_description(oids))
            self._delivery.describe(prepared.columns, ())
        else:
            portal = session.portals.get(name, "portal")
            self._delivery.describe(portal.columns, portal.result_formats)

    def _execute(self, body: bytes) -> Steps | None:
        name, max_rows = frontend.read_execute(body)
        self._metrics.requests += 1
        self._runner.begin()
        portal = self.session.portals.get(self._text(name), "portal")
        if portal.result is None and self._run_at_once(portal) is None:
            return self._execute_in_steps(portal, max_rows)
        return self._delivery.part(portal, max_rows)

    def _run_at_once(self, portal: Portal) -> Result | None:
        """Run a portal unless that takes steps; what is not followed by Sync shares a transaction with what comes."""
        prepared = portal.prepared
        assert prepared is not None
        session = self.session
        if not prepared.is_read and session.is_idle and self._frames.next_kind != _SYNC:
            session.begin_implicit()
        try:
            return in_turn(session, prepared, lambda: self._runner.portal(portal))
        except (Blocked, TurnOver):
            return None

    def _execute_in_steps(self, portal: Portal, max_rows: int) -> Steps:
        assert portal.prepared is not None
        yield from self._runner.run(portal.prepared, lambda: self._runner.portal(portal))
        yield from self._delivery.part(portal, max_rows) or ()

    def _close(self, body: bytes) -> None:
        kind, raw = frontend.read_named(body)
        name = self._text(raw)
        if kind == _STATEMENT:
            self.session.statements.pop(name, None)
        else:
            self.session.portals.close(name)
        self._output.append(backend.CLOSE_COMPLETE)

    def _sync(self, _body: bytes) -> Steps | None:
        self._is_skipping = False
        if self.session.is_implicit:
            return self._end_implicit()
        self.session.statement_over()
        self.tell_ready()
        return None

    def _end_implicit(self) -> Steps:
        try:
            yield from self._runner.call(lambda: self.session.end_implicit(commit=True, wait=False))
        except PostgresError as failure:
            self._report(failure)
        self.session.statement_over()
        self.tell_ready()

    def _flush(self, _body: bytes) -> None:
        """Send what is written."""
        self.is_due = True

    def _pass_over(self, _body: bytes) -> None:
        """Pass over what is left of a COPY that has failed."""

    def _call_function(self, _body: bytes) -> None:
        self._report(error("0A000", "function calls by the protocol are not supported"))
        self.tell_ready()

    def _terminate(self, _body: bytes) -> Steps:
        yield CLOSE
