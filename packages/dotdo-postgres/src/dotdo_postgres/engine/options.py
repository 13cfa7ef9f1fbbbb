"""Settings on the command line of a connection: `-c name=value` and `--name=value`; refuses other switches."""

import re

from dotdo_postgres.errors import error

_SETTING = re.compile(r"(?:-c\s*|--)([A-Za-z_][\w.-]*)=((?:\\.|[^\s\\])*)(?=\s|$)")


def option_settings(options: str) -> list[tuple[str, str]]:
    """Return name and value of each setting.

    Raises:
        PostgresError: there is anything else (42601).
    """
    if rest := _SETTING.sub("", options).strip():
        raise error("42601", f"invalid command-line argument for server process: {rest.split()[0]}")
    return [
        (name.replace("-", "_"), re.sub(r"\\(.)", r"\1", value))
        for name, value in _SETTING.findall(options)
    ]
