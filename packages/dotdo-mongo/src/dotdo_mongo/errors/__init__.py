"""MongoDB's errors as the engine raises them: a code, its name and MongoDB's text; it refuses texts of our making."""

from dotdo_mongo.errors.command import CommandFailure, MongoError, code_name, failure

__all__ = ["CommandFailure", "MongoError", "code_name", "failure"]
