"""Longitude and latitude interleaved into 52 bits, and distances; it refuses what lies beyond the mercator map."""

from math import asin, cos, pi, sin, sqrt

STEPS = 26
LONGITUDE_MAX = 180.0
LATITUDE_MAX = 85.05112878
EARTH_RADIUS_M = 6372797.560856
_RADIANS = pi / 180.0
_ALPHABET = b"0123456789bcdefghjkmnpqrstuvwxyz"
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread(number: int) -> int:
    """Put a zero between any two bits."""
    for shift, mask in _SPREAD:
        number = (number | number << shift) & mask
    return number


def _gather(number: int) -> int:
    """Keep every second bit."""
    number &= 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        number = (number | number >> shift) & mask
    return number


def encode(
    longitude: float, latitude: float, steps: int, latitude_max: float = LATITUDE_MAX
) -> int:
    """Interleave the two, `steps` bits of each, longitude in the odd ones."""
    y = int((latitude + latitude_max) / (2 * latitude_max) * (1 << steps))
    x = int((longitude + LONGITUDE_MAX) / (2 * LONGITUDE_MAX) * (1 << steps))
    return _spread(y) | _spread(x) << 1


def decode(bits: int, steps: int) -> tuple[float, float, float, float]:
    """The cell of a hash: lowest and highest longitude, lowest and highest latitude."""
    y, x = _gather(bits), _gather(bits >> 1)
    scale = float(1 << steps)
    width, height = 2 * LONGITUDE_MAX, 2 * LATITUDE_MAX
    return (
        -LONGITUDE_MAX + x / scale * width,
        -LONGITUDE_MAX + (x + 1) / scale * width,
        -LATITUDE_MAX + y / scale * height,
        -LATITUDE_MAX + (y + 1) / scale * height,
    )


def score_of(longitude: float, latitude: float) -> float:
    """The score of a place."""
    return float(encode(longitude, latitude, STEPS))


def place_of(score: float) -> tuple[float, float]:
    """The middle of a score's cell: longitude and latitude."""
    west, east, south, north = decode(int(score), STEPS)
    longitude = min(max((west + east) / 2, -LONGITUDE_MAX), LONGITUDE_MAX)
    return longitude, min(max((south + north) / 2, -LATITUDE_MAX), LATITUDE_MAX)


def hash_text(score: float) -> bytes:
    """The standard geohash of a score, 11 letters."""
    bits = encode(*place_of(score), STEPS, latitude_max=90.0)
    letters = [bits >> 52 - 5 * (at + 1) & 31 for at in range(10)]
    return bytes(_ALPHABET[letter] for letter in [*letters, 0])


def latitude_distance_m(south: float, north: float) -> float:
    """Metres between two latitudes."""
    return EARTH_RADIUS_M * abs(north * _RADIANS - south * _RADIANS)


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places (longitude, latitude) on a sphere."""
    half_longitude = sin((other[0] * _RADIANS - one[0] * _RADIANS) / 2)
    if half_longitude == 0.0:
        return latitude_distance_m(one[1], other[1])
    first, second = one[1] * _RADIANS, other[1] * _RADIANS
    half_latitude = sin((second - first) / 2)
    a = half_latitude * half_latitude + cos(first) * cos(second) * half_longitude * half_longitude
    return 2.0 * EARTH_RADIUS_M * asin(sqrt(a))
