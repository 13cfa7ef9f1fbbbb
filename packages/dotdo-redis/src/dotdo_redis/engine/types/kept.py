"""Which elements of a collection differ from what is kept of it outside of memory; it refuses to keep them."""

Place = tuple[int, bytes]
"""Number of a database, and a key there."""


class Kept:
    """What is kept of one collection, element by element.

    Args:
        place: as which key.
    """

    __slots__ = ("place", "touched")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.touched: dict[bytes, None] = {}
        """Elements that were set or removed since."""
