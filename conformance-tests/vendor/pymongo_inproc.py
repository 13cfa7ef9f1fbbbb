"""The door for pymongo's suite in-process: what the suite imports as the driver's clients is ours, in a home in memory."""

import importlib
import os
import sys

os.environ["DOTDO_HOME"] = ":memory:"
os.environ["DOTDO_MONGO_TEST_COMMANDS"] = "1"

import pymongo
import pymongo.pool_options

import dotdo_mongo

pymongo.pool_options.DOCKER_ENV_PATH = (
    f"{os.devnull}/none"  # the suite knows what it tells outside of containers
)

for name in ("MongoClient", "AsyncMongoClient"):
    theirs, ours = getattr(pymongo, name), getattr(dotdo_mongo, name)
    for module in list(sys.modules.values()):
        is_driver = getattr(module, "__name__", "").partition(".")[0] == "pymongo"
        if is_driver and getattr(module, name, None) is theirs:
            setattr(module, name, ours)
importlib.invalidate_caches()
