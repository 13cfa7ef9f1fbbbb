"""pymongo's AsyncMongoClient on tenants of this machine: the driver's own code, its wire replaced by a call."""

from collections.abc import Sequence
from types import GenericAlias
from typing import Any

from pymongo.asynchronous.mongo_client import AsyncMongoClient as DriverClient

from dotdo.tenancy import Home
from dotdo_mongo.client.link import Lead
from dotdo_mongo.client.seam import async_classes
from dotdo_mongo.client.uri import local_address


class AsyncMongoClient(DriverClient[Any]):
    """A client for asyncio of the tenants in a home: each database is one.

    Args:
        host: As for pymongo; hosts and credentials are not asked.
        port: As for pymongo.
        document_class: As for pymongo.
        tz_aware: As for pymongo.
        connect: As for pymongo.
        type_registry: As for pymongo.
        home: Where the tenants are; by default the home in use.
        kwargs: As for pymongo.
    """

    __class_getitem__: Any = classmethod(
        GenericAlias
    )  # programs annotate with the type of documents

    def __init__(
        self,
        host: str | Sequence[str] | None = None,
        port: int | None = None,
        document_class: Any = None,
        tz_aware: bool | None = None,
        connect: bool | None = None,
        type_registry: Any = None,
        *,
        home: Home | None = None,
        **kwargs: Any,
    ) -> None:
        address, named = local_address(host)
        name = kwargs.get("replicaSet") or kwargs.get("replicaset") or named
        hooks = async_classes(Lead(home), name)
        super().__init__(
            address, port, document_class, tz_aware, connect, type_registry, **(hooks | kwargs)
        )
