"""Sets in the order of insertion, with their encodings; it refuses commands."""

from random import Random
from typing import TYPE_CHECKING

from dotdo_redis.engine.arguments import is_integer
from dotdo_redis.engine.config import Config
from dotdo_redis.engine.types.order import Order

if TYPE_CHECKING:
    from dotdo_redis.engine.types.kept import Kept

INTSET, LISTPACK, HASHTABLE = b"intset", b"listpack", b"hashtable"
FEW = 128


class Set:
    """Members of a set; the encoding only ever grows, as in Redis."""

    __slots__ = ("config", "form", "kept", "members", "order")

    type_name = b"set"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.members: dict[bytes, None] = {}
        self.form = INTSET
        self.order: Order | None = None
        self.kept: Kept | None = None

    def __len__(self) -> int:
        return len(self.members)

    def __contains__(self, member: bytes) -> bool:
        return member in self.members

    def add(self, member: bytes) -> bool:
        """Add a member; whether it is new."""
        members = self.members
        if member in members:
            return False
        members[member] = None
        if self.kept is not None:
            self.kept.touched[member] = None
        if self.form is not HASHTABLE:
            self.form = self._form_with(member)
        if self.order is not None:
            self.order.add(member)
        return True

    def discard(self, member: bytes) -> bool:
        """Remove a member; whether it was there."""
        if member in self.members:
            del self.members[member]
            if self.kept is not None:
                self.kept.touched[member] = None
            return True
        return False

    def listed(self) -> list[bytes]:
        """The members: by number in an intset, else as they came."""
        if self.form is INTSET:
            return sorted(self.members, key=int)
        return list(self.members)

    def choose(self, random: Random) -> bytes:
        """Draw one member."""
        if len(self.members) <= FEW:
            return random.choice(list(self.members))
        return self.ordered().choose(random)

    def ordered(self) -> Order:
        """The members by the order of SCAN."""
        if self.order is None:
            self.order = Order(self.members)
        return self.order

    def encoding(self) -> bytes:
        """As OBJECT ENCODING says it."""
        return self.form

    def copy(self) -> "Set":
        """Give a set that shares nothing that can change."""
        twin = Set(self.config)
        twin.members = self.members.copy()
        twin.form = self.form
        return twin

    def _form_with(self, member: bytes) -> bytes:
        config, count = self.config, len(self.members)
        if self.form is INTSET and is_integer(member):
            return INTSET if count <= config.set_max_intset_entries else HASHTABLE
        if (
            config.shows(7, 2)
            and count <= config.set_max_listpack_entries
            and len(member) <= config.set_max_listpack_value
        ):
            return LISTPACK
        return HASHTABLE
