"""Adapters of our connections: psycopg's own, in Python (the compiled ones want libpq's structures), and which of them are stock."""

import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from psycopg import postgres
from psycopg.adapt import PyFormat
from psycopg.pq import Format

from dotdo_postgres.client import parameters, seam

if TYPE_CHECKING:
    from psycopg.abc import Dumper, Loader


SCALARS = frozenset(
    postgres.types[name].oid
    for name in [
        "bool",
        "bytea",
        '"char"',
        "name",
        "int8",
        "int2",
        "int4",
        "text",
        "oid",
        "json",
        "float4",
        "float8",
        "bpchar",
        "varchar",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "interval",
        "numeric",
        "uuid",
        "jsonb",
    ]
)
"""Types whose loader calls no loader of another type."""


class Memo:
    """What was worked out for maps of adapters that are copies of each other.

    Args:
        is_pristine: they are psycopg's own.
    """

    __slots__ = ("is_pristine", "native_oids", "plans", "stock_loaders")

    def __init__(self, *, is_pristine: bool = False) -> None:
        self.is_pristine = is_pristine
        self.plans: dict[Any, Any] = {}
        self.native_oids: dict[type, Any] | None = parameters.OID_OF if is_pristine else None
        self.stock_loaders: dict[int, bool] = {}


class AdaptersMap(seam.AdaptersMap):
    """A map of adapters that knows which types nobody has customised, and keeps what was worked out for it.

    Args:
        template: the map to copy; one of psycopg's is taken over in Python.
        types: the registry of types of a map without template.
    """

    __module__ = "psycopg.adapt"

    def __init__(self, template: seam.AdaptersMap | None = None, types: Any = None) -> None:
        super().__init__(template, types)
        self.memo = Memo()
        if isinstance(template, AdaptersMap):
            self.memo = template.memo
        elif template is not None:
            self._take_over_in_python()

    def _take_over_in_python(self) -> None:
        self._dumpers = {
            key: {kind: seam.python_class(dumper) for kind, dumper in dumpers.items()}
            for key, dumpers in self._dumpers.items()
        }
        self._dumpers_by_oid = [
            {oid: seam.python_class(dumper) for oid, dumper in dumpers.items()}
            for dumpers in self._dumpers_by_oid
        ]
        self._loaders = [
            {oid: seam.python_class(loader) for oid, loader in loaders.items()}
            for loaders in self._loaders
        ]

    @classmethod
    def _get_optimised(cls, adapter: type) -> type:
        """Keep to Python."""
        return seam.python_class(adapter)

    def register_dumper(self, cls: type | str | None, dumper: "type[Dumper]") -> None:
        """Use `dumper` for objects of type `cls`."""
        super().register_dumper(cls, dumper)
        self.memo = Memo()

    def register_loader(self, oid: int | str, loader: "type[Loader]") -> None:
        """Use `loader` for values of type `oid`."""
        self.memo = Memo()
        super().register_loader(oid, loader)

    def call_when_changed(self, callback: Any) -> None:
        """Call `callback(oid, loader)` whenever a loader is registered."""
        self._register_loader_callback = callback

    @property
    def native_oids(self) -> dict[type, Any]:
        """Python type -> OID (or what tells it), of the types whose dumper is psycopg's own."""
        native_oids = self.memo.native_oids
        if native_oids is None:
            native_oids = self.memo.native_oids = {
                kind: oid for kind, oid in parameters.OID_OF.items() if self._has_stock_dumper(kind)
            }
        return native_oids

    def _has_stock_dumper(self, kind: type) -> bool:
        stock = STOCK.get_dumper(kind, PyFormat.AUTO)
        return self.get_dumper(kind, PyFormat.AUTO) is stock

    def has_stock_loader(self, oid: int) -> bool:
        """Whether text of that type is read by psycopg's own loader; types that it does not know come as text."""
        is_stock = self.memo.stock_loaders.get(oid)
        if is_stock is None:
            stock = STOCK.get_loader(oid, Format.TEXT)
            if self.memo.is_pristine:
                is_stock = stock is not None
            else:
                is_stock = oid in SCALARS and self.get_loader(oid, Format.TEXT) is stock
            self.memo.stock_loaders[oid] = is_stock
        return is_stock


def in_python(upstream: seam.AdaptersMap) -> AdaptersMap:
    """Return psycopg's adapters as they are now, in Python."""
    adapters = AdaptersMap(upstream)
    adapters.memo = Memo(is_pristine=seam.maps_of(adapters) == STOCK_MAPS)
    return adapters


STOCK = AdaptersMap(postgres.adapters)
STOCK_MAPS = seam.maps_of(STOCK)


class Latest:
    """psycopg's global adapters in Python, and the maps they were made from."""

    maps: ClassVar[list[Mapping[Any, Any]]] = seam.maps_of(postgres.adapters)
    adapters: ClassVar[AdaptersMap] = in_python(postgres.adapters)


def global_adapters() -> AdaptersMap:
    """Return psycopg's global adapters in Python, made anew when somebody has changed them."""
    maps = seam.maps_of(postgres.adapters)
    if not all(map(operator.is_, maps, Latest.maps)):
        Latest.maps, Latest.adapters = maps, in_python(postgres.adapters)
    Latest.adapters.types = postgres.adapters.types
    return Latest.adapters


def connection_adapters(context: seam.AdaptersMap | None = None) -> AdaptersMap:
    """Return the adapters of a new connection: a copy of the context's, or of the global ones."""
    adapters = AdaptersMap(context or global_adapters())
    adapters.memo = Memo(is_pristine=adapters.memo.is_pristine)
    return adapters
