"""dotdo: one embedded, versioned, branchable graph in a SQLite file."""

from dotdo.errors import DotdoError
from dotdo.events import Event
from dotdo.graph import Relationship, Thing
from dotdo.history import Conflict, Difference, Merge, Transaction, Version
from dotdo.storage import Noun, Retention
from dotdo.tenancy import Home, Tenant, connect
from dotdo.tenancy import open_tenant as open

__version__ = "0.1.0"

__all__ = [
    "Conflict",
    "Difference",
    "DotdoError",
    "Event",
    "Home",
    "Merge",
    "Noun",
    "Relationship",
    "Retention",
    "Tenant",
    "Thing",
    "Transaction",
    "Version",
    "connect",
    "open",
]
