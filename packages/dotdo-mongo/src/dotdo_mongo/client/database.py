"""pymongo's Database, giving this package's collections."""

from typing import Any

from pymongo.synchronous.database import Database as DriverDatabase

from dotdo_mongo.client.collection import Collection, adopted


class Database(DriverDatabase[Any]):
    """A database; see pymongo."""

    def __getitem__(self, name: str) -> Collection:
        return adopted(super().__getitem__(name))

    def get_collection(
        self,
        name: str,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> Collection:
        """Return a collection; see pymongo."""
        return adopted(
            super().get_collection(
                name, codec_options, read_preference, write_concern, read_concern
            )
        )

    def create_collection(self, name: str, *args: Any, **kwargs: Any) -> Collection:
        """Create a collection; see pymongo."""
        return adopted(super().create_collection(name, *args, **kwargs))

    def with_options(
        self,
        codec_options: Any = None,
        read_preference: Any = None,
        write_concern: Any = None,
        read_concern: Any = None,
    ) -> "Database":
        """Return the database with other options; see pymongo."""
        return adopted_database(
            super().with_options(codec_options, read_preference, write_concern, read_concern)
        )


def adopted_database(made: Any) -> Database:
    """Return a database of the driver as one of this class."""
    made.__class__ = Database
    return made  # type: ignore[no-any-return]  # it is one now
