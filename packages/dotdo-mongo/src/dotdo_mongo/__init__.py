"""MongoDB for pymongo on a dotdo tenant: `import dotdo_mongo as pymongo` and run unchanged."""

from typing import Any

import pymongo as _driver

from dotdo_mongo.client import AsyncMongoClient, MongoClient
from dotdo_mongo.errors import CommandFailure, MongoError

__version__ = "0.1.0"

__all__ = ["AsyncMongoClient", "CommandFailure", "MongoClient", "MongoError", "__version__"]
__all__ += [name for name in _driver.__all__ if name not in __all__]


def __getattr__(name: str) -> Any:
    """Return what pymongo has under a name."""
    return getattr(_driver, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_driver)})
