"""The vendor's errors, one class per code, rooted in the vendor's own root class; it refuses texts of our making."""


class RedisError(Exception):
    """Root of the errors of Redis. Derive it from the vendor's root class, so that `except` stays true."""
