"""MongoDB for pymongo on a dotdo tenant: `import dotdo_mongo as pymongo` and run unchanged."""

import sys
from typing import Any

import pymongo as _driver

from dotdo_mongo.client import AsyncMongoClient, MongoClient

__version__ = "0.1.0"

_OWN = {"MongoClient": MongoClient, "AsyncMongoClient": AsyncMongoClient}
__all__ = sorted({*_driver.__all__, *_OWN})


def __getattr__(name: str) -> Any:
    """Return what pymongo has under a name."""
    return getattr(_driver, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_driver)})


del sys
