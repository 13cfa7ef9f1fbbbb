"""The vendor's errors, one class per code, rooted in the vendor's own root class; it refuses texts of our making."""


class MongoError(Exception):
    """Root of the errors of Mongo. Derive it from the vendor's root class, so that `except` stays true."""
