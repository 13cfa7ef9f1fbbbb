"""The modules of Redis 8 whose commands are here: versions and ACL categories, from its public reference pages; it refuses the commands."""

from collections.abc import Collection

MODULES = {"bf": 80200, "search": 80200, "ReJSON": 80200, "timeseries": 80200, "vectorset": 1}
"""Name -> version as MODULE LIST and INFO show them beside Redis 8.2."""

_PREFIXES = {
    "JSON.": ("ReJSON", "json"),
    "BF.": ("bf", "bloom"),
    "CF.": ("bf", "cuckoo"),
    "CMS.": ("bf", "cms"),
    "TOPK.": ("bf", "topk"),
    "TDIGEST.": ("bf", "tdigest"),
    "TS.": ("timeseries", "timeseries"),
    "FT.": ("search", "search"),
}
CATEGORIES = tuple(category for _module, category in _PREFIXES.values())
_VECTORS = "vectorset"


def module_of(name: str) -> str:
    """The module that a command of a family belongs to."""
    return next((m for prefix, (m, _) in _PREFIXES.items() if name.startswith(prefix)), _VECTORS)


def categories_of(name: str, flags: Collection[str]) -> tuple[str, ...]:
    """The ACL categories of a command of a family."""
    found = [f"@{category}" for prefix, (_, category) in _PREFIXES.items() if name.startswith(prefix)]
    for flag, category in (("write", "@write"), ("readonly", "@read")):
        if flag in flags:
            found.append(category)
    return (*found, "@fast" if "fast" in flags else "@slow")
