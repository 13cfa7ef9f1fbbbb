"""pymongo's AsyncDatabase, giving this package's collections."""

from typing import Any

from pymongo.asynchronous.database import AsyncDatabase as DriverDatabase

from dotdo_mongo.client.async_collection import AsyncCollection, adopted


class AsyncDatabase(DriverDatabase[Any]):
    """A database for asyncio; see pymongo."""

    def __getitem__(self, name: str) -> AsyncCollection:
        return adopted(super().__getitem__(name))

    def get_collection(
        self,
        name: str,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> AsyncCollection:
        """Return a collection; see pymongo."""
        return adopted(
            super().get_collection(
                name, codec_options, read_preference, write_concern, read_concern
            )
        )

    async def create_collection(self, name: str, *args: Any, **kwargs: Any) -> AsyncCollection:
        """Create a collection; see pymongo."""
        return adopted(await super().create_collection(name, *args, **kwargs))

    def with_options(
        self,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> "AsyncDatabase":
        """Return the database with other options; see pymongo."""
        return adopted_database(
            super().with_options(codec_options, read_preference, write_concern, read_concern)
        )


def adopted_database(made: Any) -> AsyncDatabase:
    """Return a database of the driver as one of this class."""
    made.__class__ = AsyncDatabase
    return made  # type: ignore[no-any-return]  # it is one now
