"""Rows and unique keys that open transactions of this process hold, as locks of the system that other processes see and wait for.

Each stands for two bytes of a side file: the first says that the row's key must stay, the second that the row must. A transaction
with very many rows of a noun holds the noun instead.
"""

import os
from collections.abc import Collection, Hashable, Iterable
from hashlib import blake2b

from dotdo.storage.byte_locks import FREE, READ, WRITE, holder_of, holder_of_query, query, set_lock
from dotdo.storage.locks import Mode
from dotdo.storage.wait_board import BOARD_SIZE, WaitBoard

_REGION = 1 << 40  # bytes for each file
_FILES = 1 << 21
_NOUNS = 1 << 16
_MANY = 256  # so many rows of a noun are held one by one

# what a mode needs of the two bytes: (key, row)
_BYTES = {
    Mode.KEY_SHARE: (READ, FREE),
    Mode.SHARE: (READ, READ),
    Mode.NO_KEY_UPDATE: (READ, WRITE),
    Mode.UPDATE: (WRITE, WRITE),
}
_NOTHING = (FREE, FREE)


class RowLocks:
    """The locks of one tenant's file.

    Args:
        handle: Of the side file.
        inode: Of the tenant's file.
    """

    def __init__(self, handle: int, inode: int) -> None:
        self._handle = handle
        self.board = WaitBoard(handle)
        self._start = BOARD_SIZE + inode % _FILES * _REGION
        self._any = query(WRITE, self._start, _REGION)
        self._held: dict[int, tuple[int, int]] = {}  # place: what is locked of its two bytes
        self._rows: dict[int, set[int]] = {}  # by noun: rows held
        self._nouns: set[int] = set()  # held as a whole

    def has_foreign(self) -> bool:
        """Some other process holds something in the file."""
        return holder_of_query(self._handle, self._any) is not None

    # --- holding -------------------------------------------------------------------------------

    def hold_row(self, row: tuple[int, int], modes: Collection[Mode]) -> None:
        """Hold a row as its holders in this process do; not at all when there are none."""
        noun, number = row
        rows = self._rows.setdefault(noun, set())
        if modes:
            rows.add(number)
        else:
            rows.discard(number)
        if len(rows) > _MANY and noun not in self._nouns:
            self._nouns.add(noun)
            set_lock(self._handle, WRITE, self._noun_place(noun), 1)
        elif not rows and noun in self._nouns:
            self._nouns.discard(noun)
            set_lock(self._handle, FREE, self._noun_place(noun), 1)
        self._set(self._place(row), _NOTHING if noun in self._nouns else _together(modes))

    def hold_key(self, key: Hashable, *, is_held: bool) -> None:
        """Hold a value of a unique key, or no longer."""
        self._set(self._place(key), (WRITE, FREE) if is_held else _NOTHING)

    def _set(self, place: int, wanted: tuple[int, int]) -> None:
        present = self._held.get(place, _NOTHING)
        for at in (0, 1):
            if present[at] != wanted[at]:
                set_lock(self._handle, wanted[at], place + at, 1)
        if wanted == _NOTHING:
            self._held.pop(place, None)
        else:
            self._held[place] = wanted

    # --- what others hold ----------------------------------------------------------------------

    def row_conflict(self, row: tuple[int, int], mode: Mode) -> int | None:
        """Return the place at which another process holds the row against `mode`, or None."""
        noun = self._noun_place(row[0])
        if self._is_taken(noun, READ):
            return noun
        place = self._place(row)
        for at, kind in enumerate(_BYTES[mode]):
            if kind != FREE and self._is_taken(place + at, kind):
                return place + at
        return None

    def key_conflict(self, key: Hashable) -> int | None:
        """Return the place at which another process holds a value of a unique key, or None."""
        place = self._place(key)
        return place if self._is_taken(place, READ) else None

    def is_free(self, place: int) -> bool:
        """No other process holds anything there any more."""
        return not self._is_taken(place, WRITE)

    def _is_taken(self, place: int, kind: int) -> bool:
        return holder_of(self._handle, kind, place, 1) is not None

    # --- circles -------------------------------------------------------------------------------

    def closes_circle(self, place: int) -> bool:
        """Processes wait for each other, beginning with this one for `place`, and of them this one is to give in.

        The one with the highest number gives in, so it looks at circles of lower ones only.
        """
        process = os.getpid()
        seen: set[int] = set()
        places = [place]
        while places:
            holder = holder_of(self._handle, WRITE, places.pop(), 1)
            if not holder or holder >= process or holder in seen:
                continue
            seen.add(holder)
            waited = self.board.of(holder)
            if any(map(self._holds, waited)):
                return True
            places.extend(waited)
        return False

    def _holds(self, place: int) -> bool:
        nouns = map(self._noun_place, self._nouns)
        return place in self._held or place - 1 in self._held or place in nouns

    # --- places --------------------------------------------------------------------------------

    def _noun_place(self, noun: int) -> int:
        return self._start + noun % _NOUNS

    def _place(self, what: Hashable) -> int:
        text = repr(what).encode("utf-8", "surrogatepass")
        number = int.from_bytes(blake2b(text, digest_size=8).digest())
        return self._start + _NOUNS + number % ((_REGION - _NOUNS) // 2) * 2


def _together(modes: Iterable[Mode]) -> tuple[int, int]:
    key = row = FREE
    for mode in modes:
        key, row = max(key, _BYTES[mode][0]), max(row, _BYTES[mode][1])
    return key, row
