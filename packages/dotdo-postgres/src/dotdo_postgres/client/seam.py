"""Every private name of psycopg that this package stands on, for the one range of versions they were read in; refuses any other version.

Nothing here changes what psycopg does with a real server: its functions are copied with other globals (`relink`), and the one
name that is replaced in its modules, `Escaping`, hands every connection but ours to the original.
"""
# ruff: noqa: SLF001 -- the private names are what this module is about

from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from inspect import isasyncgenfunction
from types import FunctionType, SimpleNamespace
from typing import Any, TypeVar, cast

import psycopg
from psycopg import _copy_base, _py_transformer, adapt, errors, generators, pq, sql, types
from psycopg._adapters_map import AdaptersMap
from psycopg._connection_base import BaseConnection
from psycopg._cursor_base import BaseCursor
from psycopg._encodings import pg2pyenc as python_encoding
from psycopg._pipeline_base import BasePipeline
from psycopg._preparing import PrepareManager
from psycopg._queries import PostgresQuery, _query2pg_nocache
from psycopg._server_cursor_base import ServerCursorMixin
from psycopg.client_cursor import ClientCursorMixin
from psycopg.types import json, string
from psycopg.waiting import Ready

__all__ = [
    "AdaptersMap",
    "ClientCursorMixin",
    "ConnectionInPython",
    "PipelineInPython",
    "PostgresQuery",
    "PyTransformer",
    "Ready",
    "ServerCursorInPython",
    "StatementCounts",
    "WaitTimeout",
    "cursor_in_python",
    "dispatch_escaping",
    "format_in_python",
    "json_loads",
    "manager_method",
    "maps_of",
    "of_class",
    "python_class",
    "python_encoding",
    "relink",
    "split_query",
]

SUPPORTED = ((3, 3, 4), (3, 4))
"""First supported version and the first that is not."""

COMPILED = frozenset({"psycopg_binary", "psycopg_c"})

WaitTimeout: type[Exception] | None = getattr(errors, "_WaitTimeout", None)
"""What ends a wait without an event; None where psycopg asks again after each interval."""
PyTransformer = _py_transformer.Transformer
split_query = _query2pg_nocache

F = TypeVar("F", bound=Callable[..., Any])


def require_supported(version: str) -> None:
    """Check a version of psycopg against what this module was written for.

    Raises:
        ImportError: it is outside the supported range.
    """
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    first, end = SUPPORTED
    if not first <= numbers < end:
        supported = f">={'.'.join(map(str, first))},<{'.'.join(map(str, end))}"
        raise ImportError(
            f"dotdo-postgres needs psycopg {supported}; psycopg {version} is installed"
        )


def relink(function: F, **names: Any) -> F:
    """Return a copy of a function of psycopg's that finds other objects under some of its global names."""
    assert isinstance(function, FunctionType)
    missing = names.keys() - function.__globals__.keys()
    if missing:
        raise ImportError(f"psycopg's {function.__qualname__} no longer uses {', '.join(missing)}")
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__qualname__
    return copy  # type: ignore[return-value]  # the same signature by construction


def of_class(method: Any) -> Callable[..., Any]:
    """Return the function of a class method."""
    function: Callable[..., Any] = method.__func__
    return function


# psycopg's own generators in Python: the compiled ones take libpq's connection only.
GENERATORS: dict[str, Any] = {
    "execute": generators._execute,
    "fetch": generators._fetch,
    "fetch_many": generators._fetch_many,
    "send": generators._send,
    "pipeline_communicate": generators._pipeline_communicate,
}


def in_python(function: F) -> F:
    """Return a copy of a generator of psycopg's that calls the generators written in Python."""
    names = {
        name: generator for name, generator in GENERATORS.items() if name in function.__globals__
    }
    if "generators" in function.__globals__:
        names["generators"] = SimpleNamespace(
            **{**vars(generators), **GENERATORS, "cancel": generators._cancel}
        )
    return relink(function, **names)


@cache
def python_class(adapter: type) -> type:
    """Return the Python class of a dumper or loader of which psycopg uses a compiled version, itself or as a base."""
    if is_compiled(adapter):
        return python_version(adapter)
    if not any(map(is_compiled, adapter.__mro__)):
        return adapter
    own = {
        name: value
        for name, value in vars(adapter).items()
        if name not in {"__dict__", "__weakref__"}
    }
    return type(adapter.__name__, tuple(map(python_class, adapter.__bases__)), own)


def is_compiled(adapter: type) -> bool:
    """Whether a class comes from psycopg's compiled part."""
    return adapter.__module__.partition(".")[0] in COMPILED


def python_version(adapter: type) -> type:
    """Return what a compiled class is the fast version of.

    Raises:
        ImportError: psycopg has nothing of the kind.
    """
    for python, compiled in AdaptersMap._optimised.items():
        if compiled is adapter and python is not adapter:
            return python
    for module in (adapt, *vars(types).values()):
        for name in (adapter.__name__, adapter.__name__.removeprefix("C")):
            if (found := getattr(module, name, None)) is not None:
                return cast("type", found)
    raise ImportError(f"psycopg has no Python version of {adapter.__qualname__}")


def maps_of(adapters: AdaptersMap) -> list[Mapping[Any, Any]]:
    """Return the maps that a map of adapters consists of; one is replaced when it is first changed after a copy was made."""
    return [*adapters._dumpers.values(), *adapters._dumpers_by_oid, *adapters._loaders]


def json_loads() -> Callable[[bytes], Any]:
    """Return the function that reads JSON now, as `set_json_loads` has chosen."""
    return json._JsonLoader._loads


def dispatch_escaping(is_ours: Callable[[Any], bool], ours: Callable[[], Any]) -> None:
    """Let psycopg's modules escape for connections that are ours by `ours`, for all others as before."""
    upstream = pq.Escaping

    class Escaping(upstream):  # type: ignore[misc,valid-type]  # chosen at run time by psycopg
        """psycopg's own class; makes ours for a connection of ours."""

        def __new__(cls, conn: Any = None) -> Any:
            return ours() if is_ours(conn) else upstream(conn)

    Escaping.__module__ = upstream.__module__
    for module in (pq, sql, string):
        assert module.Escaping is upstream
        module.Escaping = Escaping  # type: ignore[attr-defined]


class ConnectionInPython(BaseConnection[Any]):
    """psycopg's connection with its generators in Python."""

    _exec_command = in_python(BaseConnection._exec_command)
    _deallocate = in_python(BaseConnection._deallocate)
    _cancel_gen = in_python(BaseConnection._cancel_gen)

    @property
    def is_plain(self) -> bool:
        """Whether commit and rollback have nothing but the transaction to end."""
        return not (self._pipeline or self._num_transactions or self._tpc)


class StatementCounts(PrepareManager):
    """psycopg's choice of the statements to prepare, for statements that do not go its way, too."""

    newest: Any = None
    """The plan of the short way whose statement, a prepared one, was executed last; None when that is another's."""

    def clear(self) -> bool:
        """Forget all statements."""
        self.newest = None
        return super().clear()

    def _rotate(self) -> None:
        self.newest = None
        super()._rotate()

    def maybe_add_to_cache(self, query: Any, prep: Any, name: bytes) -> Any:
        """Count a statement that went psycopg's own way."""
        self.newest = None
        return super().maybe_add_to_cache(query, prep, name)

    def count(self, sql: bytes, oids: tuple[int, ...], plan: Any = None) -> str | None:
        """Count an execution; return the name under which the statement is to be prepared now, mostly None."""
        key = sql, oids
        names = self._names
        if key in names:
            names.move_to_end(key)
            self.newest = plan
            return None
        self.newest = None
        threshold, counts = self.prepare_threshold, self._counts
        if threshold is None:
            return None
        count = counts.get(key, 0)
        if count < threshold:
            counts[key] = count + 1
            if count:
                counts.move_to_end(key)
            else:
                self._rotate()
            return None
        counts.pop(key, None)
        name = f"_pg3_{self._prepared_idx}"
        self._prepared_idx += 1
        names[key] = name.encode()
        self._rotate()
        return name

    @property
    def has_prepared(self) -> bool:
        """Whether a statement is prepared."""
        return bool(self._names)

    def take_forgotten(self) -> list[str | None]:
        """Return the names that are prepared no longer, None for all."""
        taken = [None if name is None else name.decode() for name in self._to_flush]
        self._to_flush.clear()
        return taken


def cursor_in_python(transformer: type, adapters_map: type) -> Any:
    """Return psycopg's cursor with its generators in Python and another transformer."""
    ours = SimpleNamespace(
        **{**vars(adapt), "Transformer": transformer, "AdaptersMap": adapters_map}
    )

    class CursorInPython(BaseCursor[Any, Any]):
        _start_query = relink(BaseCursor._start_query, adapt=ours)
        _loaders_changed: Any = classmethod(
            relink(of_class(BaseCursor._loaders_changed), adapt=ours)
        )
        _maybe_prepare_gen = in_python(BaseCursor._maybe_prepare_gen)
        _stream_send_gen = in_python(BaseCursor._stream_send_gen)
        _stream_fetchone_gen = in_python(BaseCursor._stream_fetchone_gen)
        _start_copy_gen = in_python(BaseCursor._start_copy_gen)

    return CursorInPython


class ServerCursorInPython(ServerCursorMixin[Any, Any]):
    """psycopg's cursor on the server's side with its generators in Python."""

    _declare_gen = in_python(ServerCursorMixin._declare_gen)
    _describe_gen = in_python(ServerCursorMixin._describe_gen)


ROWS = {
    name: getattr(_copy_base, f"_{name}")
    for name in ("format_row_text", "parse_row_text", "format_row_binary", "parse_row_binary")
}


class TextFormatterInPython(_copy_base.TextFormatter):
    """psycopg's text of COPY with its functions in Python."""

    parse_row = relink(_copy_base.TextFormatter.parse_row, parse_row_text=ROWS["parse_row_text"])
    write_row = relink(_copy_base.TextFormatter.write_row, format_row_text=ROWS["format_row_text"])


class BinaryFormatterInPython(_copy_base.BinaryFormatter):
    """psycopg's binary form of COPY with its functions in Python."""

    parse_row = relink(
        _copy_base.BinaryFormatter.parse_row, parse_row_binary=ROWS["parse_row_binary"]
    )
    write_row = relink(
        _copy_base.BinaryFormatter.write_row, format_row_binary=ROWS["format_row_binary"]
    )


def format_in_python(copy: Any) -> None:
    """Let a COPY of psycopg's write and read its rows by functions in Python."""
    is_binary = isinstance(copy.formatter, _copy_base.BinaryFormatter)
    copy.formatter.__class__ = BinaryFormatterInPython if is_binary else TextFormatterInPython


class PipelineInPython(BasePipeline):
    """psycopg's pipeline with its generators in Python."""

    _communicate_gen = in_python(BasePipeline._communicate_gen)
    _fetch_gen = in_python(BasePipeline._fetch_gen)


def manager_method(method: Any, **made: type) -> Any:
    """Return a context manager of psycopg's, a method, that makes what it gives of another class."""
    manager = asynccontextmanager if isasyncgenfunction(method.__wrapped__) else contextmanager
    return manager(relink(method.__wrapped__, **made))


require_supported(psycopg.__version__)
assert adapt.AdaptersMap is AdaptersMap
