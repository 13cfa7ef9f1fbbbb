"""What a connection string says to a connection in-process: which tenant, which user, which settings; host, port and password are ignored."""

import os
import re
from dataclasses import dataclass

from psycopg import errors, pq
from psycopg.pq.misc import ConninfoOption

MODES = frozenset({"", "any", "read-write", "read-only", "primary", "standby", "prefer-standby"})
_SETTING = re.compile(r"(?:-c\s*|--)([A-Za-z_][\w.-]*)=((?:\\.|[^\s\\])*)")


@dataclass(frozen=True, slots=True)
class Conninfo:
    """A connection string, read.

    Args:
        options: libpq's options with what the string, the environment and the defaults say.
        reference: the tenant, as `dbname` names it (`acme`, `acme@~1`).
        user: name of the session's user.
        application_name: as the application calls itself.
        settings: parameters to set, from `options='-c name=value'`.
    """

    options: tuple[ConninfoOption, ...]
    reference: str
    user: str
    application_name: str
    settings: tuple[tuple[str, str], ...]

    def value(self, keyword: str) -> bytes:
        """Return the value of an option, empty when nothing gives one."""
        for option in self.options:
            if option.keyword == keyword.encode():
                return option.val or b""
        return b""


def read(conninfo: bytes) -> Conninfo:
    """Read a connection string, in either of libpq's two forms.

    Raises:
        psycopg.OperationalError: it cannot be read.
    """
    options = tuple(with_default(option) for option in pq.Conninfo.parse(conninfo))
    values = {option.keyword.decode(): (option.val or b"").decode() for option in options}
    user = values.get("user") or "postgres"
    reference = values.get("dbname") or values.get("user") or os.environ.get("DOTDO_NS", "default")
    return Conninfo(
        options,
        reference,
        user,
        values.get("application_name") or values.get("fallback_application_name") or "",
        (*settings(values.get("options", "")), *encoding(values)),
    )


def encoding(values: dict[str, str]) -> list[tuple[str, str]]:
    """Return the setting of the client's encoding, where the string or the environment names one; `auto` is UTF-8."""
    name = values.get("client_encoding", "")
    return [("client_encoding", name)] if name not in {"", "auto"} else []


def mode_refusal(wanted: str, *, is_read_only: bool) -> str:
    """Return why a tenant is not what `target_session_attrs` asks for, empty when it is; a tenant is never a standby.

    Raises:
        psycopg.OperationalError: there is no such kind.
    """
    if wanted not in MODES:
        raise errors.OperationalError(f'invalid target_session_attrs value: "{wanted}"')
    if wanted == "standby":
        return "server is not in hot standby mode, as target_session_attrs=standby asks for"
    if wanted == "read-only" and not is_read_only:
        return "session is not read-only"
    if wanted == "read-write" and is_read_only:
        return "session is read-only"
    return ""


def with_default(option: ConninfoOption) -> ConninfoOption:
    """Fill in what the environment or the compiled default gives where the string says nothing."""
    if option.val is not None:
        return option
    if option.envvar and (value := os.environ.get(option.envvar.decode())) is not None:
        return option._replace(val=value.encode())
    return option._replace(val=option.compiled)


def settings(options: str) -> list[tuple[str, str]]:
    """Return name and value of each `-c name=value` and `--name=value`.

    Raises:
        psycopg.OperationalError: there is anything else.
    """
    if rest := _SETTING.sub("", options).strip():
        raise errors.OperationalError(f"connection option not supported: {rest}")
    return [
        (name.replace("-", "_"), re.sub(r"\\(.)", r"\1", value))
        for name, value in _SETTING.findall(options)
    ]
