"""The door for pymongo's suite in-process: what the suite imports as the driver's clients is ours, on a home of its own."""

import importlib
import os
import sys
import tempfile

import pytest

_home = tempfile.TemporaryDirectory()
os.environ["DOTDO_HOME"] = _home.name

import pymongo  # noqa: E402 -- the home must be named before

import dotdo_mongo  # noqa: E402

for name in ("MongoClient", "AsyncMongoClient"):
    theirs, ours = getattr(pymongo, name), getattr(dotdo_mongo, name)
    for module in list(sys.modules.values()):
        is_driver = getattr(module, "__name__", "").partition(".")[0] == "pymongo"
        if is_driver and getattr(module, name, None) is theirs:
            setattr(module, name, ours)
importlib.invalidate_caches()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the home."""
    _home.cleanup()
