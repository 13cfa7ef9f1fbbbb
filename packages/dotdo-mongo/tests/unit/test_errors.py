"""The error tree of Mongo."""

import dotdo_mongo


def test_the_root_class_is_on_the_surface() -> None:
    assert issubclass(dotdo_mongo.MongoError, Exception)
