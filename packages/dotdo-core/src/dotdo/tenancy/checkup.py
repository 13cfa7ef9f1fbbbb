"""Examines a home and its files and says what it found; repairs nothing and refuses nothing: damage is a finding."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dotdo.errors import DotdoError
from dotdo.storage import ddl, system
from dotdo.storage.connection import Connection, check_file, connect
from dotdo.storage.functions import functions_of, provide
from dotdo.storage.images import Images
from dotdo.storage.store import read_nouns
from dotdo.tenancy.home import Home
from dotdo.tenancy.references import Reference, parse_reference

Level = Literal["ok", "warning", "problem"]
"""As it should be | works, but somebody should look | something is wrong."""

_LARGE_WAL_BYTES = 256 << 20
_LITTLE_SPACE_BYTES = 256 << 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        level: How bad it is.
        check: Name of the check: `folder`, `space`, `leftovers`, `permissions`, `opens`, `functions`, `integrity`, `foreign-keys`, `log`, `definitions`, `wal`.
        subject: What was looked at: a reference, or a file.
        message: What was found, in one line.
    """

    level: Level
    check: str
    subject: str
    message: str


def sqlite_version() -> str:
    """Return the version of the SQLite that is used."""
    connection = Connection(":memory:")
    try:
        return str(connection.execute("select sqlite_version()").get)
    finally:
        connection.close()


# --- the folder ----------------------------------------------------------------------------


def examine_home(home: Home) -> Iterator[Finding]:
    """Yield what was found of the folder itself: who can enter it, room left, files that belong to nothing."""
    folder = str(home.path)
    if not home.path.is_dir():
        yield Finding("warning", "folder", folder, "does not exist; the first write makes it")
        return
    yield _owned(home.path, "folder", folder, 0o022, "others can replace files; chmod it to 0700")
    yield _space(home)
    strays = [name for name in sorted(os.listdir(folder)) if _is_stray(home, name)]
    for name in strays:
        yield Finding("warning", "leftovers", name, _stray(name))
    if not strays:
        yield Finding("ok", "leftovers", folder, "every file belongs to a tenant")


def _space(home: Home) -> Finding:
    free = shutil.disk_usage(home.path).free
    largest = max((size_bytes(home, r) for r in references(home)), default=0)
    level: Level = "warning" if free < max(_LITTLE_SPACE_BYTES, 2 * largest) else "ok"
    return Finding(level, "space", str(home.path), f"{free >> 20} MiB are free")


def _is_stray(home: Home, name: str) -> bool:
    if ".partial" in name:
        return True
    stem, found, rest = name.partition(".db")
    if not found or rest not in {"", "-wal", "-shm"}:
        return False
    return not (home.path / f"{stem}.db").exists() or _owner(home, stem) is None


def _owner(home: Home, stem: str) -> Reference | None:
    """Return the branch whose file has that stem, None when there can be none."""
    try:
        reference = parse_reference(stem)
    except DotdoError:
        return None
    if reference.moment is not None or not home.exists(Reference(reference.tenant)):
        return None
    return reference


def _stray(name: str) -> str:
    if ".partial" in name:
        return "a copy is being made, or was interrupted and can be deleted"
    if name.endswith(".db"):
        return "is the file of no tenant, or of a branch whose tenant is gone"
    return "its database file is gone"


def references(home: Home) -> Iterator[Reference]:
    """Yield every branch of every tenant, the main one of each first."""
    for tenant in home.tenants():
        for branch in home.branches(tenant):
            yield Reference(tenant, branch)


def size_bytes(home: Home, reference: Reference) -> int:
    """Return how much room a branch's files take, its write-ahead log included."""
    path = home.file_of(reference)
    return sum(p.stat().st_size for p in (path, _beside(path, "-wal")) if p.exists())


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


# --- one branch ----------------------------------------------------------------------------


def examine_branch(home: Home, reference: Reference) -> Iterator[Finding]:
    """Yield what was found of one branch; reads the whole file.

    Args:
        home: Where it lives.
        reference: The branch; a moment in it is left out of account.
    """
    path, subject = home.file_of(reference), str(reference)
    for file in (path, _beside(path, "-wal"), _beside(path, "-shm")):
        if file.exists():
            yield _private(file)
    yield _wal(path, subject)
    try:
        check_file(str(path))
        connection = connect(str(path), is_read_only=not os.access(path, os.W_OK))
    except (DotdoError, OSError) as error:
        yield Finding("problem", "opens", subject, str(error))
        return
    yield Finding("ok", "opens", subject, f"format {system.FORMAT}")
    try:
        yield _run("functions", _functions, connection, subject)
        for name, check in _CHECKS.items():
            yield _run(name, check, connection, subject)
    finally:
        connection.close()


def _private(path: Path) -> Finding:
    return _owned(path, "permissions", path.name, 0o077, "others can read it; chmod it to 0600")


def _owned(path: Path, check: str, subject: str, forbidden: int, complaint: str) -> Finding:
    """Judge who else than its owner may use a file or folder."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "nt" or not mode & forbidden:
        return Finding("ok", check, subject, f"mode {mode:04o}")
    return Finding("problem", check, subject, f"mode {mode:04o}: {complaint}")


def _wal(path: Path, subject: str) -> Finding:
    wal = _beside(path, "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    level: Level = "warning" if size > _LARGE_WAL_BYTES else "ok"
    return Finding(level, "wal", subject, f"the write-ahead log has {size} bytes")


def _run(
    name: str, check: Callable[[Connection], list[str]], connection: Connection, subject: str
) -> Finding:
    try:
        found = check(connection)
    except Exception as error:  # noqa: BLE001  (whatever damage does to a check is what it found)
        found = [f"cannot be checked: {error}"]
    if not found:
        return Finding("ok", name, subject, "no fault")
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Finding("problem", name, subject, "; ".join(found[:_SHOWN]) + more)


def _functions(connection: Connection) -> list[str]:
    """Make the functions that definitions use known to the connection; return which are missing."""
    wanted = functions_of(read_nouns(connection))
    provide(connection, wanted)
    found = connection.execute("select distinct lower(name) from pragma_function_list")
    missing = wanted - {str(name) for (name,) in found}
    return [f"no installed package offers the function {name!r}" for name in sorted(missing)]


def _integrity(connection: Connection) -> list[str]:
    rows = [str(text) for (text,) in connection.execute("pragma integrity_check")]
    return [" ".join(text.split()) for text in rows if text != "ok"]


def _foreign_keys(connection: Connection) -> list[str]:
    return [
        f"row {row} of {table} refers to a row of {parent} that does not exist"
        for table, row, parent, _ in connection.execute("pragma foreign_key_check")
    ]


_LOG_FAULTS = {  # what is wrong, and the positions at which it is
    "the transaction at {} does not follow the one before it": (
        "select seq1 from (select seq0, seq1, lag(seq1) over (order by seq1) as last from _tx)"
        " where seq0 <> last + 1 or seq0 > seq1"
    ),
    "the transaction at {} is older than the one before it": (
        "select seq1 from (select seq1, ts_us, lag(ts_us) over (order by seq1) as earlier from _tx)"
        " where ts_us < earlier"
    ),
    "the entry at {} belongs to no transaction": (
        "select seq from _log where seq > (select max(seq1) from _tx) or seq < (select min(seq0) from _tx)"
    ),
    "the log ends at {}, without any transaction": (
        "select (select count(*) from _log) where not exists (select 1 from _tx)"
    ),
    "consumer {!r} has read more than there is": (
        "select name from _consumer where seq > (select max(seq) from _log)"
    ),
    "the mark {!r} lies beyond the end": (
        "select k from _meta where k in ('indexed', 'horizon') and v > (select max(seq) from _log)"
    ),
}


def _log(connection: Connection) -> list[str]:
    return [
        text.format(position)
        for text, sql in _LOG_FAULTS.items()
        for (position,) in connection.execute(sql)
    ]


def _definitions(connection: Connection) -> list[str]:
    """Compare each noun with its table and with the triggers that keep the log."""
    schema = connection.execute("select type, name from sqlite_schema")
    present = {(str(kind), str(name)) for kind, name in schema}
    wanted = [
        (noun.name, kind, name)
        for noun in read_nouns(connection)
        if noun.has_table
        for kind, name in (
            ("table", noun.table),
            *(("trigger", name) for name in ddl.triggers(noun, Images(noun))),
        )
    ]
    return [
        f"{kind} {name!r} of noun {noun!r} is missing"
        for noun, kind, name in wanted
        if (kind, name) not in present
    ]


_CHECKS: dict[str, Callable[[Connection], list[str]]] = {
    "integrity": _integrity,
    "foreign-keys": _foreign_keys,
    "log": _log,
    "definitions": _definitions,
}
