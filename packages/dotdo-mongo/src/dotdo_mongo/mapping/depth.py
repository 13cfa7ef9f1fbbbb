"""How deep documents nest: MongoDB reads 200 levels and stores 180."""

from bson.raw_bson import RawBSONDocument

MAX_READ, MAX_STORED = 200, 180
_LEAST = 150


def is_deeper(document: object, data: bytes, most: int) -> bool:
    """Tell whether a document has more levels of objects and arrays than `most`, which is over 150.

    Args:
        document: Decoded.
        data: Its BSON, which rules most documents out at once.
        most: How many levels are allowed.
    """
    if data.count(3) + data.count(4) < _LEAST:
        return False
    level: list[object] = [document]
    for _ in range(most):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return bool(level)


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, (dict, list))]
    if isinstance(value, RawBSONDocument) or not isinstance(value, list):
        return []
    return [child for child in value if isinstance(child, (dict, list))]
