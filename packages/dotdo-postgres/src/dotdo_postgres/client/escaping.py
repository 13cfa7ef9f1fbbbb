"""Escaping for connections of ours: standard-conforming strings, UTF-8, bytea as hex."""

from psycopg.abc import Buffer


class Escaping:
    """What `psycopg.pq.Escaping` offers, without libpq."""

    def escape_literal(self, data: Buffer) -> bytes:
        """Quote a string; a backslash needs the `E` form."""
        escaped = self.escape_string(data)
        if b"\\" in escaped:
            return b" E'" + escaped.replace(b"\\", b"\\\\") + b"'"
        return b"'" + escaped + b"'"

    def escape_identifier(self, data: Buffer) -> bytes:
        """Quote a name."""
        return b'"' + bytes(data).replace(b'"', b'""') + b'"'

    def escape_string(self, data: Buffer) -> bytes:
        """Double the quotes of a string."""
        return bytes(data).replace(b"'", b"''")

    def escape_bytea(self, data: Buffer) -> bytes:
        """Write bytes as hex."""
        return b"\\x" + bytes(data).hex().encode()

    def unescape_bytea(self, data: Buffer) -> bytes:
        """Read bytes written as hex."""
        return bytes.fromhex(bytes(data)[2:].decode())
