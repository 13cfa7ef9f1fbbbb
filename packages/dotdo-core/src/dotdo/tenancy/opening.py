"""Opening what a reference names: the head of a branch, or its past."""

import os
from contextlib import suppress
from weakref import WeakValueDictionary

from dotdo.errors import AlreadyExists, InvalidReference, UnknownTenant
from dotdo.history import PastStore, position_of, rewind
from dotdo.history.definitions_then import definitions_at, has_same_shape
from dotdo.storage import Store
from dotdo.tenancy.default import home_to_use
from dotdo.tenancy.home import Home
from dotdo.tenancy.references import MAIN, Moment, Reference, parse_reference

_PASTS: WeakValueDictionary[tuple[Store, int], Store] = WeakValueDictionary()


def connect(reference: str, *, create: bool | None = None, home: Home | None = None) -> Store:
    """Return the store that a reference names.

    Args:
        reference: `acme`, `acme@experiment`, `acme@v12`, `acme@~1`, `acme@2026-01-08`.
        create: Create a missing tenant; by default unless `DOTDO_CREATE=0`.
        home: Where to look; by default `default_home()`.

    Raises:
        UnknownTenant: There is none, and none is to be created.
        InvalidName: The name is not allowed.
        InvalidReference: The reference cannot be read.
        HistoryUnavailable: The moment lies before what is kept.
    """
    return open_reference(home_to_use(home), parse_reference(reference), create=create)


def open_reference(home: Home, reference: Reference, *, create: bool | None = None) -> Store:
    """Return the store of a reference; see `connect`."""
    may_create = os.environ.get("DOTDO_CREATE", "1") != "0" if create is None else create
    is_head = reference.branch == MAIN and reference.moment is None
    if may_create and is_head and not home.exists(reference):
        with suppress(AlreadyExists):  # somebody else was faster
            return home.create(reference.tenant)
    store = home.store(Reference(reference.tenant, reference.branch))
    return (
        store if reference.moment is None else open_past(home, reference, store, reference.moment)
    )


def open_past(home: Home, reference: Reference, head: Store, moment: Moment) -> Store:
    """Return a read-only store of a branch's past: views over the present, or a copy undone backward.

    Raises:
        UnknownTenant: The moment is not in the history.
        InvalidReference: The store is of the past itself.
    """
    if isinstance(head, PastStore):
        msg = "a moment is counted from a branch's head"
        raise InvalidReference(msg)
    session = head.acquire()
    try:
        seq = position_of(session, seq=moment.seq, back=moment.back, time_us=moment.time_us)
        is_near = has_same_shape(definitions_at(session, seq), session.catalog.by_id.values())
    finally:
        head.give_back(session)
    known = _PASTS.get((head, seq))
    if known is not None and (is_near or not isinstance(known, PastStore)):
        return known
    store = PastStore(head, seq) if is_near else _rewound(home, reference, head, seq)
    store.on_open = home.note_open
    _PASTS[head, seq] = store
    return store


def past_as_file(home: Home, reference: Reference, store: Store) -> Store:
    """Return a store that has a file of its own for what it shows: itself, or of views over the present a copy undone backward."""
    if isinstance(store, PastStore):
        return _rewound(home, reference, store.head, store.seq)
    return store


def _rewound(home: Home, reference: Reference, head: Store, seq: int) -> Store:
    path = home.past_file(Reference(reference.tenant, reference.branch), seq)
    if not path.exists():
        with suppress(AlreadyExists):  # another process was faster
            rewind(head, str(path), seq)
    store = Store(str(path), clock=head.clock)
    store.is_read_only = True
    return store


def require(home: Home, reference: Reference) -> None:
    """See that a branch exists.

    Raises:
        UnknownTenant: It does not.
    """
    if not home.exists(reference):
        msg = f"tenant {reference} does not exist"
        raise UnknownTenant(msg)
