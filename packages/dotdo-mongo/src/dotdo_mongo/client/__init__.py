"""The driver's surface: pymongo's classes, on tenants of this machine."""

from dotdo_mongo.client.async_client import AsyncMongoClient
from dotdo_mongo.client.collection import Collection
from dotdo_mongo.client.database import Database
from dotdo_mongo.client.mongo_client import MongoClient

__all__ = ["AsyncMongoClient", "Collection", "Database", "MongoClient"]
