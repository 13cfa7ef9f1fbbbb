"""A tenant as programs hold it: its things, relationships, history, branches and events."""

from collections.abc import Iterator
from itertools import islice
from typing import Self

from dotdo.errors import InvalidReference, InvalidValue
from dotdo.events import Consumer, Event, EventReader, On, Pattern, Subscriptions, emit
from dotdo.graph import (
    Graph,
    Nouns,
    Relationships,
    Thing,
    Things,
    TransactionScope,
    Verbs,
    Visibility,
)
from dotdo.graph.nouns import find_noun
from dotdo.graph.rows import is_visibility
from dotdo.graph.thing import address
from dotdo.history import (
    Batch,
    Difference,
    Merge,
    Merger,
    PastStore,
    Policy,
    Transaction,
    Version,
    batches,
    begin_branch,
    begin_tenant,
    compact,
    differences,
    head,
    prune,
    transactions,
    versions,
)
from dotdo.storage import Store
from dotdo.tenancy.default import home_to_use
from dotdo.tenancy.home import Home
from dotdo.tenancy.opening import open_past, open_reference, past_as_file, require
from dotdo.tenancy.references import MAIN, Reference, check_name, parse_moment, parse_reference
from dotdo.values import Canonical, shown


class Tenant:  # noqa: PLR0904  (everything a program does with a tenant begins here)
    """One branch of a tenant, at its head or at a moment of its past.

    Args:
        home: Where it lives.
        reference: What it is.
        store: Its store.
        viewer: Whose eyes things are seen with.
    """

    def __init__(
        self, home: Home, reference: Reference, store: Store, viewer: Visibility = "user"
    ) -> None:
        self._home, self.reference, self._store = home, reference, store
        self._graph = Graph(store)
        self.verbs = Verbs(self._graph)
        self.nouns = Nouns(self._graph)
        self.things = Things(self._graph, self.verbs, viewer)
        self.relationships = Relationships(self._graph, self.verbs)

    def __repr__(self) -> str:
        return f"Tenant({str(self.reference)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The tenant's name."""
        return self.reference.tenant

    @property
    def store(self) -> Store:
        """The store, for engines."""
        return self._store

    @property
    def home(self) -> Home:
        """Where it lives, for engines."""
        return self._home

    @property
    def version(self) -> int:
        """The log position that is seen: of the newest transaction, or of the moment."""
        if isinstance(self._store, PastStore):
            return self._store.seq
        with self._graph.session() as session:
            return head(session)

    # --- seeing ------------------------------------------------------------------------------

    def viewed_by(self, viewer: Visibility) -> "Tenant":
        """Return the same tenant as `public`, `org` or `user` may see it.

        Raises:
            InvalidValue: The viewer is none of these.
        """
        if not is_visibility(viewer):
            msg = f"{shown(viewer)} is no viewer: give public, org or user"
            raise InvalidValue(msg)
        return Tenant(self._home, self.reference, self._store, viewer)

    def at(self, moment: str) -> "Tenant":
        """Return the branch, read-only, as it was at a moment: `v12`, `~1`, `2026-01-08`, `2026-01-08T12:00:00Z`.

        Raises:
            UnknownTenant: The moment is not in the history.
            HistoryUnavailable: It is no longer kept.
        """
        parsed = parse_moment(moment)
        store = open_past(self._home, self.reference, self._store, parsed)
        return Tenant(self._home, Reference(self.name, self.reference.branch, parsed), store)

    def history(self, thing: Thing | tuple[str, Canonical]) -> list[Version]:
        """Return the versions of a thing, the oldest first, also of one that was deleted.

        Args:
            thing: The thing, or (noun, id).
        """
        noun, identity = address(thing)
        with self._graph.session() as session:
            return versions(session, find_noun(session, noun), identity, self.version)

    def log(self, limit: int | None = None) -> list[Transaction]:
        """Return the transactions, the newest first."""
        most = None if limit is None else _whole("limit", limit)
        with self._graph.session() as session:
            return list(islice(transactions(session, self.version), most))

    def events(self, after: int = 0, pattern: str = "*.*") -> list[Event]:
        """Return the events after a log position."""
        wanted, start = Pattern.parse(pattern), _whole("after", after)
        with self._graph.session() as session:
            return list(EventReader(session, wanted).read(start, self.version))

    # --- writing -----------------------------------------------------------------------------

    def transaction(
        self, *, actor: str | None = None, action: str | None = None, isolation: str = "committed"
    ) -> TransactionScope:
        """Return a context in which every call on this tenant belongs to one transaction; nested, to a savepoint.

        Args:
            actor: Who writes, for the log (`Human/42`).
            action: To what end, for the log.
            isolation: `committed`: each call sees what is committed when it starts; `snapshot`: all see one state;
                `serializable`: as if transactions had run one after the other.
        """
        return TransactionScope(self._store, actor=actor, action=action, isolation=isolation)

    def emit(self, name: str, thing: Thing | None = None, **data: Canonical) -> None:
        """Append a domain event (`Order.shipped`) to the log, within the transaction that is open.

        Raises:
            InvalidName: The name is not of the form Noun.verb.
        """
        with self._graph.session() as session:
            emit(session, name, thing, data)

    @property
    def on(self) -> On:
        """Handlers of events: `tenant.on.Customer.created(handler)`, `tenant.on["*"].updated(handler)`."""
        return On(Subscriptions.of(self._store))

    def consume(
        self,
        name: str,
        pattern: str = "*.*",
        *,
        follow: bool = False,
        timeout_s: float | None = None,
    ) -> Consumer:
        """Return a durable consumer to loop over, which resumes where it committed.

        The loop's writes join a transaction that commits, with the consumer's offset, when the next event is asked for; leaving the
        loop undoes what was written for the event at hand. `handle(function)` is the loop as a call.

        Args:
            name: The consumer's name.
            pattern: Which events, as Noun.verb with `*` for any.
            follow: Wait for more instead of ending.
            timeout_s: How long to wait for more.
        """
        if timeout_s is not None:
            _require_seconds("timeout_s", timeout_s)
        return Consumer(
            self._graph, name, Pattern.parse(pattern), follow=follow, timeout_s=timeout_s
        )

    # --- branches ----------------------------------------------------------------------------

    def branches(self) -> list[str]:
        """Return the names of the branches, the main one first."""
        return list(self._home.branches(self.name))

    def branch(self, name: str) -> "Tenant":
        """Create a branch that begins with the state of this one, and return it.

        Raises:
            InvalidName: The name is not allowed.
            AlreadyExists: There is such a branch.
        """
        if (
            parse_reference(f"{self.name}@{check_name(name, 'branch')}").moment is not None
            or name == MAIN
        ):
            msg = f"{name!r} cannot name a branch"
            raise InvalidReference(msg)
        reference = Reference(self.name, name)
        target = str(self._home.file_of(reference))
        begin_branch(past_as_file(self._home, self.reference, self._store), target, name)
        return Tenant(self._home, reference, self._home.store(reference))

    def delete_branch(self, name: str) -> None:
        """Delete a branch with what was not merged.

        Raises:
            UnknownTenant: There is none.
        """
        if name == MAIN:
            msg = "the main branch goes only with the tenant"
            raise InvalidReference(msg)
        self._home.remove(Reference(self.name, check_name(name, "branch")))

    def _other(self, branch: str) -> Store:
        reference = Reference(self.name, check_name(branch, "branch"))
        require(self._home, reference)
        return self._home.store(reference)

    def diff(self, branch: str) -> list[Difference]:
        """Return what another branch changed since the common point: what merging it would bring."""
        other = self._other(branch)
        theirs = other.acquire()
        try:
            with self._graph.session() as ours:
                return differences(ours, theirs)
        finally:
            other.give_back(theirs)

    def merge(
        self, branch: str, *, on_conflict: Policy = "fail", actor: str | None = None
    ) -> Merge:
        """Bring what another branch changed into this one, in one transaction.

        Args:
            branch: The other branch.
            on_conflict: `fail`, `ours`, `theirs`, or a function from a `Conflict` to the value wanted.
            actor: Who merges, for the log.

        Raises:
            MergeConflict: There are conflicts and the policy is `fail`; nothing has changed.
            ConstraintViolation: The result would break a constraint; nothing has changed.
        """
        other = self._other(branch)
        theirs = other.acquire()
        try:
            theirs.begin("snapshot", read_only=True)
            with self.transaction(actor=actor, action=f"merge {branch}") as ours:
                return Merger(ours, theirs, on_conflict).run()
        finally:
            other.give_back(theirs)

    # --- life --------------------------------------------------------------------------------

    def fork(self, name: str) -> "Tenant":
        """Copy the present state into a new tenant with a history of its own.

        Raises:
            InvalidName: The name is not allowed.
            AlreadyExists: There is such a tenant.
        """
        reference = Reference(check_name(name, "tenant"))
        begin_tenant(
            past_as_file(self._home, self.reference, self._store),
            str(self._home.file_of(reference)),
            compact,
        )
        return Tenant(self._home, reference, self._home.store(reference))

    def compact(self) -> int:
        """Forget the history up to now; return how many entries were dropped.

        Raises:
            HistoryUnavailable: A durable consumer has not read them yet.
        """
        with self._graph.session() as session:
            return compact(session)

    def prune(self) -> int:
        """Drop the history that nouns do not keep by their retention; return how many entries were dropped."""
        with self._graph.session() as session:
            return prune(session, self._store.clock())

    def changes(self, after: int = 0) -> Iterator[Batch]:
        """Yield the transactions after a log position with their after-images, for a copy that stands there."""
        start = _whole("after", after)
        with self._graph.session() as session:
            yield from batches(session, start)

    def close(self) -> None:
        """Close the file, unless others in this process use it; the tenant can go on being used, which opens it again."""
        self._store.trim()


def _require_seconds(name: str, value: object) -> None:
    if not isinstance(value, (int, float)) or not value >= 0:
        msg = f"{name} is a number of seconds from 0, not {shown(value)}"
        raise InvalidValue(msg)


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        msg = f"{name} is a whole number from 0, not {shown(value)}"
        raise InvalidValue(msg)
    return value


def open_tenant(
    reference: str = "default", *, create: bool | None = None, home: Home | None = None
) -> Tenant:
    """Open a tenant.

    Args:
        reference: `acme`, `acme@experiment` (a branch), `acme@v12`, `acme@~1`, `acme@2026-01-08` (its past).
        create: Create a missing tenant; by default unless `DOTDO_CREATE=0`.
        home: Where to look; by default `$DOTDO_HOME`, else the nearest `.dotdo` upward, else `~/.dotdo`.

    Raises:
        UnknownTenant: There is none, and none is to be created.
        InvalidName: The name is not allowed.
        InvalidReference: The reference cannot be read.
    """
    where = home_to_use(home)
    parsed = parse_reference(reference)
    return Tenant(where, parsed, open_reference(where, parsed, create=create))
