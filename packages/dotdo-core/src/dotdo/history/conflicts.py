"""Conflicts of a merge, and the policies that decide them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dotdo.errors import InvalidValue, MergeConflict
from dotdo.values import Canonical

Policy = Literal["fail", "ours", "theirs"] | Callable[["Conflict"], Canonical]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Where both branches changed the same differently.

    Args:
        noun: Name of the noun.
        id: Id of the thing; None when the definitions conflict.
        field: Name of the field, or of the definition's part; None when one side deleted the whole.
        base: The value at the common point.
        ours: The value in the branch merged into.
        theirs: The value in the branch merged.
    """

    noun: str
    id: Canonical
    field: str | None
    base: Canonical
    ours: Canonical
    theirs: Canonical


class Conflicts:
    """The conflicts of one merge, in the order found, each decided by the policy.

    Args:
        policy: Decides.

    Raises:
        InvalidValue: The policy is none.
    """

    def __init__(self, policy: Policy) -> None:
        if not callable(policy) and policy not in {"fail", "ours", "theirs"}:
            msg = f"{policy!r} is no policy: give fail, ours, theirs or a function"
            raise InvalidValue(msg)
        self._policy = policy
        self.found: list[Conflict] = []

    def decide(self, conflict: Conflict) -> Canonical:
        """Note a conflict and return the value wanted: ours, theirs or one that the policy makes."""
        self.found.append(conflict)
        if callable(self._policy):
            return self._policy(conflict)
        return conflict.theirs if self._policy == "theirs" else conflict.ours

    def takes_theirs(self, conflict: Conflict) -> bool:
        """Note a conflict that only one side can win whole; their side is wanted.

        Raises:
            InvalidValue: The policy gave something else than ours or theirs.
        """
        chosen = self.decide(conflict)
        if chosen == conflict.ours:
            return False
        if chosen == conflict.theirs:
            return True
        msg = f"of {conflict} either ours or theirs can be chosen"
        raise InvalidValue(msg)

    def require_decided(self) -> None:
        """See that the policy decides what was found.

        Raises:
            MergeConflict: It is `fail`, and there are conflicts.
        """
        if self.found and self._policy == "fail":
            msg = f"{len(self.found)} conflicts; first: {self.found[0]}"
            raise MergeConflict(msg, self.found)
