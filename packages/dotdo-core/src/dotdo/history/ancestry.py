"""The point that two branches have in common last: where a three-way merge starts from."""

from collections.abc import Iterator
from dataclasses import dataclass

from dotdo.errors import InvalidReference
from dotdo.history.branching import Origin, Sync, last_merge, origin_of
from dotdo.history.retention import require_kept
from dotdo.storage import Session


@dataclass(frozen=True, slots=True)
class Base:
    """The common point of two branches.

    Args:
        theirs: Position in their log after which rows count as changed there.
        ours: Position in our log after which rows count as changed here.
        is_ours: The common state is ours at that position, not theirs.
    """

    theirs: int
    ours: int
    is_ours: bool = False


def common_point(ours: Session, theirs: Session) -> Base:
    """Return the point that two branches of a tenant have in common last.

    Raises:
        InvalidReference: They have none, or are the same.
        HistoryUnavailable: It lies before what is kept.
    """
    us, them = origin_of(ours), origin_of(theirs)
    left = _left_at(us, them)
    base = Base(left, left)
    for merged in _merges(ours, them):
        if merged.theirs > base.theirs:
            base = Base(merged.theirs, merged.ours)
    back = max(_merges(theirs, us), key=lambda merge: merge.theirs, default=None)
    if back is not None and back.theirs > left and back.ours > base.theirs:
        base = Base(base.theirs, back.theirs, is_ours=True)
    require_kept(theirs, base.theirs)
    if base.is_ours:
        require_kept(ours, base.ours)
    return base


def _merges(session: Session, other: Origin) -> Iterator[Sync]:
    """Yield the last merges, into the branch of the session, of another branch or of one that it comes from.

    As far as a branch's log is its ancestor's, a merge of the ancestor is a merge of the branch.
    """
    for uid, end in _line(other):
        found = last_merge(session, uid)
        if found is not None:
            yield Sync(min(found.theirs, end), found.ours)


def _left_at(us: Origin, them: Origin) -> int:
    """Return the log position up to which the logs of two branches are the same."""
    if us.uid == them.uid:
        msg = f"{us.branch!r} is the branch itself"
        raise InvalidReference(msg)
    found = None
    for (mine, my_end), (theirs, their_end) in zip(_line(us), _line(them), strict=False):
        if mine != theirs:
            break
        found = min(my_end, their_end)
    if found is None:
        msg = f"{us.branch!r} and {them.branch!r} have nothing in common"
        raise InvalidReference(msg)
    return found


def _line(origin: Origin) -> list[tuple[str, int]]:
    """Return the ancestors and the branch itself, with the log position up to which each is shared."""
    return [*((a.uid, a.fork_seq) for a in origin.ancestors), (origin.uid, 1 << 62)]
