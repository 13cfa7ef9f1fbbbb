"""A conformance case: data that runs unchanged on every target; a case that fails on the real service is no case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Target(StrEnum):
    """Where a case can run."""

    INPROC = "inproc"
    WIRE = "wire"
    REAL = "real"
    PEER = "peer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every package's cases have in common; a package adds its operations as further fields.

    Args:
        id: stable name, unique within its test function; recorded answers are kept under it.
        gaps: target -> why it is known to differ there. The case must fail there: closing the gap
            turns the suite red until the entry goes.
    """

    id: str
    gaps: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.gaps) - set(Target) | ({Target.REAL} & set(self.gaps))
        if unknown:
            raise ValueError(f"{self.id}: a gap on {', '.join(sorted(unknown))} cannot be declared")
        if not all(self.gaps.values()):
            raise ValueError(f"{self.id}: a gap needs its reason")
