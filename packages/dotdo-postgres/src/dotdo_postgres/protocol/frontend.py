"""Messages of the client, read out of their frames; malformed ones are PostgreSQL's protocol violation (08P01)."""

from struct import Struct, unpack_from
from struct import error as struct_error
from typing import NamedTuple

from dotdo_postgres.errors import PostgresError, error
from dotdo_postgres.protocol.frames import fatal

_U16 = Struct("!H").unpack_from
_I32 = Struct("!i").unpack_from
_U32 = Struct("!I").unpack_from
PROTOCOL_MAJOR = 3
NEWEST_MINOR = 2
SUPPORTED_MINORS = frozenset({0, 2})
_CANCEL, _SSL, _GSS = 80877102, 80877103, 80877104


class SslRequest(NamedTuple):
    """May the client speak TLS?"""


class GssRequest(NamedTuple):
    """May the client speak GSSAPI?"""


class CancelRequest(NamedTuple):
    """Stop what another connection runs."""

    pid: int
    secret: bytes


class Startup(NamedTuple):
    """Who connects to what.

    Args:
        minor: minor version of the protocol asked for.
        parameters: user, database, settings.
        unknown_options: options of the protocol that are not known here.
    """

    minor: int
    parameters: dict[str, str]
    unknown_options: list[str]


class Parse(NamedTuple):
    """Prepare a statement."""

    name: bytes
    sql: bytes
    oids: tuple[int, ...]


class Bind(NamedTuple):
    """Make a portal of a prepared statement and values.

    Args:
        portal: its name.
        statement: name of the statement.
        formats: of the parameters: none (text), one for all, or one for each.
        values: the parameters, None for NULL.
        result_formats: of the columns, likewise.
    """

    portal: bytes
    statement: bytes
    formats: tuple[int, ...]
    values: list[bytes | None]
    result_formats: tuple[int, ...]


class Execute(NamedTuple):
    """Run a portal; `max_rows` 0: to its end."""

    portal: bytes
    max_rows: int


class Named(NamedTuple):
    """Describe or close a statement (`S`) or a portal (`P`)."""

    kind: int
    name: bytes


def read_startup(body: bytes) -> SslRequest | GssRequest | CancelRequest | Startup:
    """Read a message of the startup.

    Raises:
        PostgresError: it cannot be read (08P01), or it is of another major version (0A000).
    """
    (code,) = _U32(body)
    if code == _SSL:
        return SslRequest()
    if code == _GSS:
        return GssRequest()
    if code == _CANCEL:
        if len(body) < 12:
            raise fatal("invalid length of cancel request packet")
        return CancelRequest(_U32(body, 4)[0], body[8:])
    major, minor = code >> 16, code & 0xFFFF
    if major != PROTOCOL_MAJOR:
        message = (
            f"unsupported frontend protocol {major}.{minor}: server supports"
            f" {PROTOCOL_MAJOR}.0 to {PROTOCOL_MAJOR}.{NEWEST_MINOR}"
        )
        raise fatal(message, "0A000")
    return _read_parameters(minor, body)


def _read_parameters(minor: int, body: bytes) -> Startup:
    *words, end, rest = body[4:].split(b"\0") if body.endswith(b"\0\0") else [b"", b"?", b"?"]
    if end or rest or len(words) % 2:
        raise fatal("invalid startup packet layout: expected terminator as last byte")
    try:
        texts = [word.decode() for word in words]
    except UnicodeDecodeError:
        raise fatal("invalid startup packet layout: expected terminator as last byte") from None
    pairs = dict(zip(texts[::2], texts[1::2], strict=True))
    unknown = [name for name in pairs if name.startswith("_pq_.")]
    return Startup(minor, {k: v for k, v in pairs.items() if k not in unknown}, unknown)


def malformed() -> PostgresError:
    """Return the error for a message that cannot be read; the connection goes on."""
    return error("08P01", "invalid message format")


def read_text(body: bytes) -> bytes:
    """Read the one text of a message: a query, or why a COPY failed."""
    if not body.endswith(b"\0") or body.find(b"\0") != len(body) - 1:
        raise malformed()
    return body[:-1]


def read_parse(body: bytes) -> Parse:
    """Read Parse."""
    try:
        name_end = body.index(0)
        sql_end = body.index(0, name_end + 1)
        (count,) = _U16(body, sql_end + 1)
        oids = unpack_from(f"!{count}I", body, sql_end + 3)
    except (ValueError, struct_error):
        raise malformed() from None
    if len(body) != sql_end + 3 + 4 * count:
        raise malformed()
    return Parse(body[:name_end], body[name_end + 1 : sql_end], oids)


def read_bind(body: bytes) -> Bind:
    """Read Bind."""
    try:
        portal_end = body.index(0)
        statement_end = body.index(0, portal_end + 1)
        formats, at = _read_formats(body, statement_end + 1)
        (count,) = _U16(body, at)
        at += 2
        values: list[bytes | None] = []
        for _ in range(count):
            (size,) = _I32(body, at)
            at += 4
            if size < 0:
                if size != -1:
                    raise malformed()
                values.append(None)
                continue
            values.append(body[at : at + size])
            at += size
        result_formats, at = _read_formats(body, at)
    except (ValueError, struct_error):
        raise malformed() from None
    if at != len(body):
        raise malformed()
    statement = body[portal_end + 1 : statement_end]
    return Bind(body[:portal_end], statement, formats, values, result_formats)


def _read_formats(body: bytes, at: int) -> tuple[tuple[int, ...], int]:
    (count,) = _U16(body, at)
    if not count:
        return (), at + 2
    return unpack_from(f"!{count}H", body, at + 2), at + 2 + 2 * count


def read_execute(body: bytes) -> Execute:
    """Read Execute."""
    end = body.find(0)
    if end < 0 or len(body) != end + 5:
        raise malformed()
    return Execute(body[:end], max(_I32(body, end + 1)[0], 0))


def read_named(body: bytes) -> Named:
    """Read Describe or Close."""
    if len(body) < 2 or body[0] not in b"SP":
        raise malformed()
    return Named(body[0], read_text(body[1:]))


def read_sasl_initial(body: bytes) -> tuple[str, bytes]:
    """Read the choice of a SASL mechanism and its first message."""
    end = body.find(0)
    if end < 0 or len(body) < end + 5:
        raise fatal("malformed SCRAM message")
    (size,) = _I32(body, end + 1)
    first = body[end + 5 :]
    if size not in {-1, len(first)}:
        raise fatal("malformed SCRAM message")
    return body[:end].decode("latin-1"), first
