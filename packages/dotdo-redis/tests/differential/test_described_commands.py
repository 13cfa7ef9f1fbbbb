"""Sessions of calls drawn from COMMAND DOCS answer, tell listeners and leave behind what a real server does.

`DOTDO_DIFFERENTIAL_SESSIONS` says how many are run, `DOTDO_DIFFERENTIAL_SEED` the first one's seed; DOTDO_REAL_REDIS
which server answers (it is emptied); `DOTDO_DIFFERENTIAL_FAMILIES` from which groups of commands they are.
"""

import os
from contextlib import closing

from described_calls import Grammar
from random_sessions import DifferenceError, Session
from two_sides import RealConnection

SESSIONS = int(os.environ.get("DOTDO_DIFFERENTIAL_SESSIONS", "60"))
FIRST = int(os.environ.get("DOTDO_DIFFERENTIAL_SEED", "1"))
FAMILIES = set(filter(None, os.environ.get("DOTDO_DIFFERENTIAL_FAMILIES", "").split(",")))


def plain(reply):
    """A reply as Python's own types, maps as dictionaries."""
    mark, value = reply
    if mark == "%":
        parts = iter(value)
        return {plain(key): plain(next(parts)) for key in parts}
    return [plain(item) for item in value] if isinstance(value, list) else value.decode()


def test_sessions_of_described_commands_are_the_same(real):
    address = real.socket.getpeername()
    with closing(RealConnection(address)) as connection:
        release = plain(connection.ask(b"HELLO", b"3"))["version"]
        grammar = Grammar(plain(connection.ask(b"COMMAND", b"DOCS")), FAMILIES or None)
    parts = tuple(int(part) for part in release.split("."))
    with closing(Session(address, grammar, parts)) as session:
        differing = differences(session)
    assert not differing, f"{len(differing)} of {SESSIONS}; {differing[0]}"


def differences(session):
    """What the sessions of all seeds found."""
    differing = []
    for seed in range(FIRST, FIRST + SESSIONS):
        try:
            session.run(seed)
        except DifferenceError as difference:
            calls = "\n".join(f"  {who}: {words}" for who, words in session.log)
            differing.append(f"seed {seed}:\n{calls}\n{difference}")
    return differing
