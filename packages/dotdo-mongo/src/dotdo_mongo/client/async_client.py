"""pymongo's AsyncMongoClient on tenants of this machine: the driver's own code, its wire replaced by a call."""

from collections.abc import Sequence
from types import GenericAlias
from typing import TYPE_CHECKING, Any

from pymongo.asynchronous.mongo_client import AsyncMongoClient as DriverClient

from dotdo.tenancy import Home
from dotdo_mongo.client.async_database import AsyncDatabase, adopted_database
from dotdo_mongo.client.link import Lead
from dotdo_mongo.client.seam import async_classes, is_unobserved
from dotdo_mongo.client.uri import local_address
from dotdo_mongo.engine.deployment import Deployment

if TYPE_CHECKING:
    from dotdo_mongo.engine.direct import Direct


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
        self._lead = Lead(home)
        self._directs: dict[tuple[str, str], Direct] = {}
        hooks = async_classes(self._lead, name)
        super().__init__(
            address, port, document_class, tz_aware, connect, type_registry, **(hooks | kwargs)
        )
        self._may_be_hot, self._may_wait = is_unobserved(self), False

    @property
    def _deployment(self) -> Deployment:
        return self._lead()

    def __getitem__(self, name: str) -> AsyncDatabase:
        return adopted_database(super().__getitem__(name))

    def get_database(
        self,
        name: str | None = None,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> AsyncDatabase:
        """Return a database; see pymongo."""
        return adopted_database(
            super().get_database(name, codec_options, read_preference, write_concern, read_concern)
        )

    def get_default_database(
        self,
        default: str | None = None,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> AsyncDatabase:
        """Return the database that the address names; see pymongo."""
        return adopted_database(
            super().get_default_database(
                default, codec_options, read_preference, write_concern, read_concern
            )
        )
