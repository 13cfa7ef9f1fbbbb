"""Adapters of our connections: psycopg's own, in Python (the compiled ones want libpq's structures), and which of them are stock."""

from typing import Any

from psycopg import postgres
from psycopg.abc import Dumper, Loader
from psycopg.adapt import PyFormat
from psycopg.pq import Format

from dotdo_postgres.client import parameters, seam


class AdaptersMap(seam.AdaptersMap):
    """A map of adapters that knows which types nobody has customised, and keeps what was worked out for it.

    Args:
        template: the map to copy; one of psycopg's is taken over in Python.
        types: the registry of types of a map without template.
    """

    __module__ = "psycopg.adapt"

    def __init__(self, template: seam.AdaptersMap | None = None, types: Any = None) -> None:
        super().__init__(template, types)
        self.is_pristine = False
        self.plans: dict[Any, Any] = {}
        self._native_oids: dict[type, Any] | None = None
        self._stock_loaders: dict[int, bool] = {}
        if isinstance(template, AdaptersMap):
            self._share(template)
        elif template is not None:
            self._take_over_in_python()

    def _share(self, template: "AdaptersMap") -> None:
        self.is_pristine = template.is_pristine
        self.plans = template.plans
        self._native_oids = template._native_oids
        self._stock_loaders = template._stock_loaders

    def _forget(self) -> None:
        self.is_pristine = False
        self.plans = {}
        self._native_oids = None
        self._stock_loaders = {}

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

    def register_dumper(self, cls: type | str | None, dumper: type[Dumper]) -> None:
        """Use `dumper` for objects of type `cls`."""
        super().register_dumper(cls, dumper)
        self._forget()

    def register_loader(self, oid: int | str, loader: type[Loader]) -> None:
        """Use `loader` for values of type `oid`."""
        self._forget()
        super().register_loader(oid, loader)

    @property
    def native_oids(self) -> dict[type, Any]:
        """Python type -> OID (or what tells it), of the types whose dumper is psycopg's own."""
        if self.is_pristine:
            return parameters.OID_OF
        if self._native_oids is None:
            self._native_oids = {
                kind: oid for kind, oid in parameters.OID_OF.items() if self._has_stock_dumper(kind)
            }
        return self._native_oids

    def _has_stock_dumper(self, kind: type) -> bool:
        stock = STOCK.get_dumper(kind, PyFormat.AUTO)
        return self.get_dumper(kind, PyFormat.AUTO) is stock

    def has_stock_loader(self, oid: int) -> bool:
        """Whether text of that type is read by psycopg's own loader."""
        if self.is_pristine:
            return True
        is_stock = self._stock_loaders.get(oid)
        if is_stock is None:
            stock = STOCK.get_loader(oid, Format.TEXT)
            is_stock = self._stock_loaders[oid] = self.get_loader(oid, Format.TEXT) is stock
        return is_stock


def stock_adapters() -> AdaptersMap:
    """Return psycopg's adapters as they are when it is imported, in Python; nobody may change them."""
    stock = AdaptersMap(postgres.adapters)
    stock.is_pristine = True
    return stock


STOCK = stock_adapters()
_LATEST: list[Any] = [None, STOCK]


def global_adapters() -> AdaptersMap:
    """Return psycopg's global adapters as they are now, in Python."""
    upstream = postgres.adapters
    state = [*upstream._dumpers.values(), *upstream._dumpers_by_oid, *upstream._loaders]
    known, latest = _LATEST
    if known is None or not all(map(_is, known, state)):
        latest = AdaptersMap(upstream)
        latest.is_pristine = known is None or _equals_stock(latest)
        _LATEST[:] = [state, latest]
    latest.types = upstream.types
    return latest


def _is(one: object, other: object) -> bool:
    return one is other


def _equals_stock(adapters: AdaptersMap) -> bool:
    return (
        adapters._dumpers == STOCK._dumpers
        and adapters._loaders == STOCK._loaders
        and adapters._dumpers_by_oid == STOCK._dumpers_by_oid
    )


def connection_adapters(template: seam.AdaptersMap | None = None) -> AdaptersMap:
    """Return the adapters of a new connection: a copy of the context's, or of the global ones."""
    adapters = AdaptersMap(template or global_adapters())
    adapters.plans = {}
    return adapters
